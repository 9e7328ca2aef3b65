//! `PATCH /api/v1/api-keys/{id}`: renames a key, or changes what it may do, from where, how often and until when. The
//! next call with it goes by that.

use shared::{
    Answer, ApiError, ApiKeyId, Area, ExitCode, KeyCall, KnownFields, scoped, serve,
    store::key_changes::KeyChange,
};

fn main() -> ExitCode {
    serve(
        "PATCH /api/v1/api-keys/{id}",
        scoped(Area::ApiKeys.write(), change),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &[],
    optional: &[
        "name",
        "scopes",
        "expiresAt",
        "enabled",
        "allowedIps",
        "limit",
        "force",
    ],
};

async fn change(call: KeyCall) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let changes = call.changes(&fields)?;
    let force = fields.flag("force")?;
    if changes.is_empty() {
        let rule = "One of `name`, `scopes`, `expiresAt`, `enabled`, `allowedIps` and `limit` is required.";
        return Err(ApiError::validation(rule));
    }
    let id: ApiKeyId = call.request.id()?;

    let keep = call.once.keep(Answer::ok);
    let keys = call.workspace.api_keys();
    let change = keys.change(&id, &changes, force, call.grantor(), keep);
    match change.await? {
        KeyChange::Changed(key) => Answer::ok(key),
        KeyChange::NoSuchKey => Err(ApiError::no_such::<ApiKeyId>()),
        KeyChange::Excess(excess) => Err(KeyCall::exceeds(excess)),
        KeyChange::ShutsOutCaller => Err(ApiError::conflict_with(
            "allowedIps",
            "Your own address could no longer use the key. Add it to `allowedIps`, or send `force` as `true`.",
        )),
    }
}
