//! `GET /api/v1/api-keys`: the workspace's keys, newest first, without their secrets.

use serde::Serialize;
use shared::{Answer, ApiError, Area, ExitCode, ReadCall, domain::key::ApiKey, reading, serve};

fn main() -> ExitCode {
    serve("GET /api/v1/api-keys", reading(Area::ApiKeys.read(), list))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    api_keys: Vec<ApiKey>,
}

async fn list(call: ReadCall) -> Result<Answer, ApiError> {
    let api_keys = call.workspace.api_keys().list().await?;
    Answer::ok(Listed { api_keys })
}
