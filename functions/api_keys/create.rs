//! `POST /api/v1/api-keys`: creates a key. Only this response contains it.

use serde::Serialize;
use shared::{
    Answer, ApiError, ApiKeyId, Authenticated, ExitCode, ExposeSecret, KnownFields, Timestamp,
    domain::api_key::PlaintextKey,
    handler, serve,
    store::api_keys::{Creation, MAX_KEYS},
};

fn main() -> ExitCode {
    serve("POST /api/v1/api-keys", handler(create))
}

const FIELDS: KnownFields = KnownFields {
    required: &["name"],
    optional: &[],
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewKey<'a> {
    id: ApiKeyId,
    name: String,
    key_prefix: String,
    key: &'a str,
    created_at: Timestamp,
}

async fn create(call: Authenticated) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let name = fields.line("name", 120)?;
    let key = PlaintextKey::generate();

    match call.workspace.api_keys().create(&name, &key).await? {
        Creation::Created(created) => Answer::created(NewKey {
            id: created.id,
            name: created.name,
            key_prefix: created.prefix,
            key: key.expose_secret(),
            created_at: created.created_at,
        }),
        Creation::WorkspaceFull => Err(ApiError::conflict(format!(
            "The workspace holds {MAX_KEYS} API keys already. Revoke one that is not used."
        ))),
    }
}
