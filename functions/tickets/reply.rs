//! `POST /api/v1/tickets/{id}/messages`: an agent's answer, or a note among agents.

use std::process::ExitCode;

use shared::{
    endpoint::{Call, authenticated},
    envelope::Answer,
    error::ApiError,
    ids::TicketId,
    request::Known,
    serve,
    store::tickets::NewMessage,
    ticket::{AuthorType, MAX_BODY, MAX_NAME},
};

fn main() -> ExitCode {
    serve("POST /api/v1/tickets/{id}/messages", authenticated(reply))
}

const FIELDS: Known = Known {
    required: &["body"],
    optional: &["authorName", "isInternal"],
};

async fn reply(call: Call) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let new = NewMessage {
        author_type: AuthorType::Agent,
        author_sub: call.caller.sub().cloned(),
        author_name: fields.line_if_any("authorName", MAX_NAME)?,
        body: fields.body("body", MAX_BODY)?,
        is_internal: fields.flag("isInternal")?,
    };
    let id = call.request.id()?;

    let reply = call.workspace.tickets().reply(&id, &new).await?;
    Answer::created(reply.ok_or_else(ApiError::no_such::<TicketId>)?)
}
