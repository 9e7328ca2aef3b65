//! `DELETE /api/v1/api-keys/{id}`: revokes a key. The next call with it is refused.

use shared::{
    Answer, ApiError, ApiKeyId, Authenticated, ExitCode, handler, serve,
    store::api_keys::Revocation,
};

fn main() -> ExitCode {
    serve("DELETE /api/v1/api-keys/{id}", handler(revoke))
}

async fn revoke(call: Authenticated) -> Result<Answer, ApiError> {
    let id: ApiKeyId = call.request.id()?;

    match call.workspace.api_keys().revoke(&id).await? {
        Revocation::Revoked => Answer::deleted(),
        Revocation::NoSuchKey => Err(ApiError::no_such::<ApiKeyId>()),
    }
}
