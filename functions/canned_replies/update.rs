//! `PATCH /api/v1/canned-replies/{id}`: changes the title or the body of a canned reply.

use shared::{
    Answer, ApiError, Area, Authenticated, CannedReplyId, ExitCode, KnownFields, scoped, serve,
    store::canned_replies::{MAX_BODY, MAX_TITLE},
};

fn main() -> ExitCode {
    serve(
        "PATCH /api/v1/canned-replies/{id}",
        scoped(Area::CannedReplies.write(), update),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &[],
    optional: &["title", "body"],
};

async fn update(call: Authenticated) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let title = fields.optional("title", |fields| fields.line("title", MAX_TITLE))?;
    let body = fields.optional("body", |fields| fields.body("body", MAX_BODY))?;
    if title.is_none() && body.is_none() {
        let rule = "One of `title` and `body` is required.";
        return Err(ApiError::validation(rule));
    }
    let id = call.request.id()?;

    let canned_replies = call.workspace.canned_replies();
    let keep = call.once.keep(Answer::ok);
    let updated = canned_replies
        .update(&id, title.as_deref(), body.as_deref(), keep)
        .await?;
    Answer::ok(updated.ok_or_else(ApiError::no_such::<CannedReplyId>)?)
}
