//! `GET /api/v1/tickets/{id}`: a ticket and its messages, internal notes included.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, Authenticated, ExitCode, TicketId,
    domain::ticket::{Message, Ticket},
    scoped, serve,
};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/tickets/{id}",
        scoped(Area::Tickets.read(), get),
    )
}

#[derive(Serialize)]
struct WithMessages {
    #[serde(flatten)]
    ticket: Ticket,
    messages: Vec<Message>,
}

async fn get(call: Authenticated) -> Result<Answer, ApiError> {
    let id = call.request.id()?;
    let thread = call.workspace.tickets().thread(&id).await?;
    let thread = thread.ok_or_else(ApiError::no_such::<TicketId>)?;
    Answer::ok(WithMessages {
        ticket: thread.ticket,
        messages: thread.messages,
    })
}
