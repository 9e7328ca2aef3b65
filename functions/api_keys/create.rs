//! `POST /api/v1/api-keys`: creates a key. Only this response contains its secret.

use shared::{
    Answer, ApiError, Area, ExitCode, ExposeSecret, KeyCall, KnownFields,
    domain::{
        api_key::PlaintextKey,
        key::{ApiKey, KeyWithSecret},
    },
    scoped, serve,
    store::api_keys::{Creation, MAX_KEYS},
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/api-keys",
        scoped(Area::ApiKeys.write(), create),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &["name"],
    optional: &["scopes", "expiresAt", "enabled", "allowedIps", "limit"],
};

async fn create(call: KeyCall) -> Result<Answer, ApiError> {
    let new = call.new_key(&call.request.fields(&FIELDS)?)?;
    let secret = PlaintextKey::generate();

    let keep = call.once.keep_id(|created: &ApiKey| created.id.as_str());
    let keys = call.workspace.api_keys();
    match keys.create(&new, &secret, &call.act, keep).await? {
        Creation::Created(created) => Answer::created(KeyWithSecret {
            key: &created,
            secret: secret.expose_secret(),
        }),
        Creation::WorkspaceFull => Err(ApiError::conflict(format!(
            "The workspace holds {MAX_KEYS} API keys already. Revoke one that is not used."
        ))),
    }
}
