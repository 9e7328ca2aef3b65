//! `PATCH /api/v1/tickets/{id}`: changes where a ticket stands, how urgent and whose it is, and its tags.

use shared::{
    Answer, ApiError, Authenticated, ExitCode, Known, Subject, TicketId,
    domain::ticket::{Changes, MAX_SUB, MAX_TAG, MAX_TAGS},
    handler, serve,
};

fn main() -> ExitCode {
    serve("PATCH /api/v1/tickets/{id}", handler(update))
}

const FIELDS: Known = Known {
    required: &[],
    optional: &["status", "priority", "assigneeSub", "tags"],
};

/// Whose a ticket becomes: the two words that a list's `assignee` takes mean the same here.
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
        tags: fields.if_any("tags", |fields| fields.labels("tags", MAX_TAGS, MAX_TAG))?,
        ..Changes::default()
    };
    // Here `null` says something: nobody's.
    if fields.has("assigneeSub") {
        let sub = fields.exact_if_any("assigneeSub", MAX_SUB)?;
        changes.assignee = Some(assignee(sub, call.caller.sub())?);
    }
    if changes.is_empty() {
        let rule = "One of `status`, `priority`, `assigneeSub` and `tags` is required.";
        return Err(ApiError::validation(rule));
    }
    let id = call.request.id()?;

    let updated = call.workspace.tickets().update(&id, &changes).await?;
    Answer::ok(updated.ok_or_else(ApiError::no_such::<TicketId>)?)
}
