//! `POST /api/v1/canned-replies`: creates a canned reply.

use shared::{
    Answer, ApiError, Area, Authenticated, ExitCode, KnownFields, scoped, serve,
    store::canned_replies::{MAX_BODY, MAX_TITLE},
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/canned-replies",
        scoped(Area::CannedReplies.write(), create),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &["title", "body"],
    optional: &[],
};

async fn create(call: Authenticated) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let title = fields.line("title", MAX_TITLE)?;
    let body = fields.body("body", MAX_BODY)?;
    let canned_replies = call.workspace.canned_replies();
    let keep = call.once.keep(Answer::created);
    Answer::created(canned_replies.create(&title, &body, keep).await?)
}
