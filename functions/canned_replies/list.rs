//! `GET /api/v1/canned-replies`: the workspace's canned replies, sorted by title.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, Authenticated, ExitCode, scoped, serve,
    store::canned_replies::CannedReply,
};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/canned-replies",
        scoped(Area::CannedReplies.read(), list),
    )
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    canned_replies: Vec<CannedReply>,
}

async fn list(call: Authenticated) -> Result<Answer, ApiError> {
    let canned_replies = call.workspace.canned_replies().list().await?;
    Answer::ok(Listed { canned_replies })
}
