//! `POST /api/v1/tickets/{id}/messages`: an agent's reply, or an internal note.

use shared::{
    Answer, ApiError, Area, Authenticated, ExitCode, KnownFields, TicketId,
    domain::ticket::{AuthorType, MAX_BODY, MAX_NAME, NewMessage},
    scoped, serve,
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/tickets/{id}/messages",
        scoped(Area::Tickets.write(), reply),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &["body"],
    optional: &["authorName", "isInternal"],
};

async fn reply(call: Authenticated) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let new = NewMessage {
        author_type: AuthorType::Agent,
        author_sub: call.caller.sub().cloned(),
        author_name: fields.optional_line("authorName", MAX_NAME)?,
        body: fields.body("body", MAX_BODY)?,
        is_internal: fields.flag("isInternal")?,
    };
    let id = call.request.id()?;

    let keep = call.once.keep(Answer::created);
    let reply = call.workspace.tickets().reply(&id, &new, keep).await?;
    Answer::created(reply.ok_or_else(ApiError::no_such::<TicketId>)?)
}
