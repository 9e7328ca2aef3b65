//! `DELETE /api/v1/api-keys/{id}`: revokes a key. The next call with any of its secrets is refused.

use shared::{
    Answer, ApiError, ApiKeyId, Area, ExitCode, KeyCall, scoped, serve, store::api_keys::Revocation,
};

fn main() -> ExitCode {
    serve(
        "DELETE /api/v1/api-keys/{id}",
        scoped(Area::ApiKeys.write(), revoke),
    )
}

async fn revoke(call: KeyCall) -> Result<Answer, ApiError> {
    let id: ApiKeyId = call.request.id()?;

    match call.workspace.api_keys().revoke(&id, &call.act).await? {
        Revocation::Revoked => Answer::deleted(),
        Revocation::NoSuchKey => Err(ApiError::no_such::<ApiKeyId>()),
    }
}
