//! `DELETE /api/v1/canned-replies/{id}`: deletes a canned reply.

use shared::{Answer, ApiError, Area, Authenticated, CannedReplyId, ExitCode, scoped, serve};

fn main() -> ExitCode {
    serve(
        "DELETE /api/v1/canned-replies/{id}",
        scoped(Area::CannedReplies.write(), delete),
    )
}

async fn delete(call: Authenticated) -> Result<Answer, ApiError> {
    let id = call.request.id()?;
    if call.workspace.canned_replies().delete(&id).await? {
        Answer::deleted()
    } else {
        Err(ApiError::no_such::<CannedReplyId>())
    }
}
