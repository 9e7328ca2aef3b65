//! `POST /api/v1/public/tickets`: a customer's question, without a login.

use std::process::ExitCode;

use serde::Serialize;
use shared::{
    endpoint::{PublicCall, submission},
    envelope::Answer,
    error::ApiError,
    ids::WorkspaceId,
    request::{Known, Request},
    serve,
    store::tickets::NewTicket,
    ticket::{Channel, MAX_BODY, MAX_NAME, MAX_SUBJECT, Priority, Requester},
    ticket_token::TicketToken,
};

fn main() -> ExitCode {
    serve("POST /api/v1/public/tickets", submission(read, submit))
}

const FIELDS: Known = Known {
    required: &["accountId", "subject", "body", "email"],
    optional: &["name", "company"],
};

/// The form as it was filled in.
struct Form {
    workspace: WorkspaceId,
    ticket: NewTicket,
    /// Whether the field was filled in that people do not see.
    by_a_bot: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Submitted {
    number: u32,
    access_token: TicketToken,
}

fn no_such_workspace() -> ApiError {
    ApiError::invalid_field("accountId", "There is no workspace with this `accountId`.")
}

fn read(request: &Request) -> Result<Form, ApiError> {
    let fields = request.fields(&FIELDS)?;
    let workspace = fields.line("accountId", 100)?;
    Ok(Form {
        workspace: WorkspaceId::parse(&workspace).ok_or_else(no_such_workspace)?,
        ticket: NewTicket {
            subject: fields.line("subject", MAX_SUBJECT)?,
            body: fields.body("body", MAX_BODY)?,
            requester: Requester::new(
                fields.email("email")?,
                fields.line_if_any("name", MAX_NAME)?,
            ),
            priority: Priority::Normal,
            channel: Channel::Web,
        },
        by_a_bot: fields.is_filled("company"),
    })
}

async fn submit(call: PublicCall, form: Form) -> Result<Answer, ApiError> {
    if form.by_a_bot {
        let number = call.form.next_number(&form.workspace).await?;
        return Answer::created(Submitted {
            number: number.ok_or_else(no_such_workspace)?,
            access_token: TicketToken::generate(),
        });
    }
    let created = call.form.submit(&form.workspace, &form.ticket).await?;
    let ticket = created.ok_or_else(no_such_workspace)?;
    Answer::created(Submitted {
        number: ticket.number,
        access_token: ticket.access_token,
    })
}
