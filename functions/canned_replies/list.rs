//! `GET /api/v1/canned-replies`: the workspace's canned replies, sorted by title.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, ExitCode, ReadCall, reading, serve, store::canned_replies::CannedReply,
};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/canned-replies",
        reading(Area::CannedReplies.read(), list),
    )
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    canned_replies: Vec<CannedReply>,
}

async fn list(call: ReadCall) -> Result<Answer, ApiError> {
    let canned_replies = call.workspace.canned_replies().list().await?;
    Answer::ok(Listed { canned_replies })
}
