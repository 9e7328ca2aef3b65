//! `DELETE /api/v1/canned-replies/{id}`: forgets a canned reply.

use std::process::ExitCode;

use shared::{
    endpoint::{Call, authenticated},
    envelope::Answer,
    error::ApiError,
    ids::CannedReplyId,
    serve,
};

fn main() -> ExitCode {
    serve("DELETE /api/v1/canned-replies/{id}", authenticated(delete))
}

async fn delete(call: Call) -> Result<Answer, ApiError> {
    let id = call.request.id()?;
    if call.workspace.canned_replies().delete(&id).await? {
        Answer::deleted()
    } else {
        Err(ApiError::no_such::<CannedReplyId>())
    }
}
