//! `GET /api/v1/tickets/{id}`: a ticket and its messages, internal notes included.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, EntityTag, ExitCode, ReadCall, TicketId,
    domain::ticket::{Message, Ticket},
    reading, serve,
};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/tickets/{id}",
        reading(Area::Tickets.read(), get),
    )
}

#[derive(Serialize)]
struct WithMessages {
    #[serde(flatten)]
    ticket: Ticket,
    messages: Vec<Message>,
}

async fn get(call: ReadCall) -> Result<Answer, ApiError> {
    let id = call.request.id()?;
    let tickets = call.workspace.tickets();
    if call.request.is_conditional()
        && let Some(ticket) = tickets.ticket(&id).await?
        && let tag = EntityTag::of_ticket(&ticket)
        && call.request.knows(&tag)
    {
        return Ok(Answer::not_modified(tag).may_be_kept());
    }
    let thread = tickets.thread(&id).await?;
    let thread = thread.ok_or_else(ApiError::no_such::<TicketId>)?;
    let tag = EntityTag::of_ticket(&thread.ticket);
    let answer = Answer::ok(WithMessages {
        ticket: thread.ticket,
        messages: thread.messages,
    })?;
    Ok(answer.tagged(tag).may_be_kept())
}
