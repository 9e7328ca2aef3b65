//! `DELETE /api/v1/api-keys/{id}`: ends a key. The next call that presents it is refused.

use std::process::ExitCode;

use shared::{
    endpoint::{Call, authenticated},
    envelope::Answer,
    error::ApiError,
    ids::ApiKeyId,
    serve,
    store::api_keys::Revocation,
};

fn main() -> ExitCode {
    serve("DELETE /api/v1/api-keys/{id}", authenticated(revoke))
}

async fn revoke(call: Call) -> Result<Answer, ApiError> {
    let id: ApiKeyId = call.request.id()?;

    match call.workspace.api_keys().revoke(&id).await? {
        Revocation::Revoked => Answer::deleted(),
        Revocation::NoSuchKey => Err(ApiError::no_such::<ApiKeyId>()),
    }
}
