//! `GET /api/v1/tickets/{id}`: a ticket and its messages, internal notes included.

use std::process::ExitCode;

use serde::Serialize;
use shared::{
    endpoint::{Call, authenticated},
    envelope::Answer,
    error::ApiError,
    ids::TicketId,
    serve,
    ticket::{Message, Ticket},
};

fn main() -> ExitCode {
    serve("GET /api/v1/tickets/{id}", authenticated(get))
}

#[derive(Serialize)]
struct WithMessages {
    #[serde(flatten)]
    ticket: Ticket,
    messages: Vec<Message>,
}

async fn get(call: Call) -> Result<Answer, ApiError> {
    let id = call.request.id()?;
    let thread = call.workspace.tickets().thread(&id).await?;
    let thread = thread.ok_or_else(ApiError::no_such::<TicketId>)?;
    Answer::ok(WithMessages {
        ticket: thread.ticket,
        messages: thread.messages,
    })
}
