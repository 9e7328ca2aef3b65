//! `POST /api/v1/api-keys/{id}/rotate`: gives a key a new secret. Only this response contains it. The older secret
//! works for a while.

use shared::{
    Answer, ApiError, ApiKeyId, Area, ExitCode, ExposeSecret, KeyCall, KnownFields,
    domain::{
        api_key::PlaintextKey,
        key::{ApiKey, KeyWithSecret},
    },
    scoped, serve,
    store::key_changes::Rotation,
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/api-keys/{id}/rotate",
        scoped(Area::ApiKeys.write(), rotate),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &[],
    optional: &["overlapSeconds", "supersede"],
};

async fn rotate(call: KeyCall) -> Result<Answer, ApiError> {
    let fields = call.request.optional_fields(&FIELDS)?;
    let id: ApiKeyId = call.request.id()?;
    let terms = call.rotation_terms(&id, &fields)?;
    let secret = PlaintextKey::generate();

    let keep = call.once.keep_id(|rotated: &ApiKey| rotated.id.as_str());
    let keys = call.workspace.api_keys();
    let rotation = keys.rotate(&id, &secret, terms, call.grantor(), keep);
    match rotation.await? {
        Rotation::Rotated(key) => Answer::ok(KeyWithSecret {
            key: &key,
            secret: secret.expose_secret(),
        }),
        Rotation::NoSuchKey => Err(ApiError::no_such::<ApiKeyId>()),
        Rotation::Excess(excess) => Err(KeyCall::exceeds(excess)),
        Rotation::Overlaps(until) => {
            let rule = format!(
                "The secret before this one works until {until}. Wait, or send `supersede` as `true`, which ends it."
            );
            Err(ApiError::conflict_with("supersede", rule))
        }
    }
}
