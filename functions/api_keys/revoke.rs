//! `DELETE /api/v1/api-keys/{id}`: ends a key. The next call that presents it is refused.

use std::process::ExitCode;

use serde::Serialize;
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

#[derive(Serialize)]
struct Deleted {
    deleted: bool,
}

async fn revoke(call: Call) -> Result<Answer, ApiError> {
    let no_such_key = || ApiError::not_found("The workspace has no API key with this id.");
    let id = ApiKeyId::parse(call.request.path_parameter("id")).ok_or_else(no_such_key)?;

    match call.workspace.api_keys().revoke(&id).await? {
        Revocation::Revoked => Answer::ok(Deleted { deleted: true }),
        Revocation::NoSuchKey => Err(no_such_key()),
        Revocation::Contended => Err(ApiError::contended()),
    }
}
