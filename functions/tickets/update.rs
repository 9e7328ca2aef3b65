//! `PATCH /api/v1/tickets/{id}`: changes a ticket's status, priority, assignee or tags.

use shared::{
    Answer, ApiError, Area, Authenticated, ExitCode, KnownFields, Subject, TicketId,
    domain::ticket::{Changes, MAX_SUB, MAX_TAG, MAX_TAGS},
    scoped, serve,
};

fn main() -> ExitCode {
    serve(
        "PATCH /api/v1/tickets/{id}",
        scoped(Area::Tickets.write(), update),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &[],
    optional: &["status", "priority", "assigneeSub", "tags"],
};

/// `me` and `unassigned` mean the same as in a list's `assignee`.
fn assignee(sub: Option<String>, me: Option<&Subject>) -> Result<Option<Subject>, ApiError> {
    match sub.as_deref() {
        None | Some("unassigned") => Ok(None),
        Some("me") => me.cloned().map(Some).ok_or_else(|| {
            let rule =
                "`assigneeSub` can be `me` only where a person calls: an API key has no `sub`.";
            ApiError::invalid_field("assigneeSub", rule)
        }),
        Some(_) => Ok(sub.and_then(Subject::parse)),
    }
}

async fn update(call: Authenticated) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let mut changes = Changes {
        status: fields.word("status")?,
        priority: fields.word("priority")?,
        tags: fields.optional("tags", |fields| fields.labels("tags", MAX_TAGS, MAX_TAG))?,
        ..Changes::default()
    };
    // Here `null` does not count as missing: it means unassigned.
    if fields.has("assigneeSub") {
        let sub = fields.optional_exact("assigneeSub", MAX_SUB)?;
        changes.assignee = Some(assignee(sub, call.caller.sub())?);
    }
    if changes.is_empty() {
        let rule = "One of `status`, `priority`, `assigneeSub` and `tags` is required.";
        return Err(ApiError::validation(rule));
    }
    let id = call.request.id()?;

    let (tickets, keep) = (call.workspace.tickets(), call.once.keep(Answer::ok));
    let updated = tickets.update(&id, &changes, keep).await?;
    Answer::ok(updated.ok_or_else(ApiError::no_such::<TicketId>)?)
}
