//! `PATCH /api/v1/tickets/{id}`: changes where a ticket stands, how urgent and whose it is, and its tags.

use std::process::ExitCode;

use shared::{
    endpoint::{Call, authenticated},
    envelope::Answer,
    error::ApiError,
    ids::{Subject, TicketId},
    request::Known,
    serve,
    store::tickets::Changes,
    ticket::{MAX_SUB, MAX_TAG, MAX_TAGS},
};

fn main() -> ExitCode {
    serve("PATCH /api/v1/tickets/{id}", authenticated(update))
}

const FIELDS: Known = Known {
    required: &[],
    optional: &["status", "priority", "assigneeSub", "tags"],
};

async fn update(call: Call) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let mut changes = Changes {
        status: fields.word("status")?,
        priority: fields.word("priority")?,
        tags: fields.if_any("tags", |fields| fields.labels("tags", MAX_TAGS, MAX_TAG))?,
        ..Changes::default()
    };
    // Here `null` says something: nobody's.
    if fields.has("assigneeSub") {
        let sub = fields.line_if_any("assigneeSub", MAX_SUB)?;
        changes.assignee = Some(sub.and_then(Subject::parse));
    }
    if changes.are_none() {
        let rule = "One of `status`, `priority`, `assigneeSub` and `tags` is required.";
        return Err(ApiError::validation(rule));
    }
    let id = call.request.id()?;

    let updated = call.workspace.tickets().update(&id, &changes).await?;
    Answer::ok(updated.ok_or_else(ApiError::no_such::<TicketId>)?)
}
