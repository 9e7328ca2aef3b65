//! `POST /api/v1/public/tickets`: submits a ticket without a credential.

use serde::Serialize;
use shared::{
    Answer, ApiError, ExitCode, KnownFields, PublicSubmission, WorkspaceId,
    domain::ticket::{Channel, MAX_BODY, MAX_NAME, MAX_SUBJECT, NewTicket, Priority, Requester},
    domain::ticket_token::TicketToken,
    handler, serve,
};

fn main() -> ExitCode {
    serve("POST /api/v1/public/tickets", handler(submit))
}

const FIELDS: KnownFields = KnownFields {
    required: &["accountId", "subject", "body", "email"],
    optional: &["name", "company"],
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Submitted {
    number: u32,
    access_token: TicketToken,
}

fn no_such_workspace() -> ApiError {
    let rule = "There is no workspace with this `accountId`. Send the id of the shop's workspace.";
    ApiError::invalid_field("accountId", rule)
}

async fn submit(call: PublicSubmission) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let workspace = fields.line("accountId", 100)?;
    let workspace = WorkspaceId::parse(&workspace).ok_or_else(no_such_workspace)?;
    let ticket = NewTicket {
        subject: fields.line("subject", MAX_SUBJECT)?,
        body: fields.body("body", MAX_BODY)?,
        requester: Requester::new(
            fields.email("email")?,
            fields.optional_line("name", MAX_NAME)?,
        ),
        priority: Priority::Normal,
        channel: Channel::Web,
    };
    // A honeypot: people do not see this field. A bot gets a response, but no ticket is created.
    let submitted = if fields.is_filled("company") {
        let number = call.form.next_number(&workspace).await?;
        number.map(|number| (number, TicketToken::generate()))
    } else {
        let ticket = call.form.submit(&workspace, &ticket).await?;
        ticket.map(|ticket| (ticket.number, ticket.access_token))
    };
    let (number, access_token) = submitted.ok_or_else(no_such_workspace)?;
    Answer::created(Submitted {
        number,
        access_token,
    })
}
