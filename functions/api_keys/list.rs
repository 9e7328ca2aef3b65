//! `GET /api/v1/api-keys`: the workspace's keys, newest first, without the keys themselves.

use serde::Serialize;
use shared::{
    Answer, ApiError, ApiKeyId, Authenticated, ExitCode, Timestamp, handler, serve,
    store::api_keys::ApiKey,
};

fn main() -> ExitCode {
    serve("GET /api/v1/api-keys", handler(list))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    api_keys: Vec<Listing>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    id: ApiKeyId,
    name: String,
    key_prefix: String,
    last_used_at: Option<Timestamp>,
    created_at: Timestamp,
}

async fn list(call: Authenticated) -> Result<Answer, ApiError> {
    let keys = call.workspace.api_keys().list().await?;
    Answer::ok(Listed {
        api_keys: keys.into_iter().map(Listing::from).collect(),
    })
}

impl From<ApiKey> for Listing {
    fn from(key: ApiKey) -> Self {
        let ApiKey {
            id,
            name,
            prefix: key_prefix,
            last_used_at,
            created_at,
        } = key;
        Self {
            id,
            name,
            key_prefix,
            last_used_at,
            created_at,
        }
    }
}
