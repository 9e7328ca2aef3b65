//! `POST /api/v1/public/tickets`: a customer's question, without a login.

use serde::Serialize;
use shared::{
    Answer, ApiError, ExitCode, Known, SubmissionCall, WorkspaceId,
    domain::{
        ticket::{Channel, MAX_BODY, MAX_NAME, MAX_SUBJECT, NewTicket, Priority, Requester},
        ticket_token::TicketToken,
    },
    handler, serve,
};

fn main() -> ExitCode {
    serve("POST /api/v1/public/tickets", handler(submit))
}

const FIELDS: Known = Known {
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
    ApiError::invalid_field(
        "accountId",
        "There is no workspace with this `accountId`. Send the id of the shop's workspace.",
    )
}

async fn submit(call: SubmissionCall) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let workspace = fields.line("accountId", 100)?;
    let workspace = WorkspaceId::parse(&workspace).ok_or_else(no_such_workspace)?;
    let ticket = NewTicket {
        subject: fields.line("subject", MAX_SUBJECT)?,
        body: fields.body("body", MAX_BODY)?,
        requester: Requester::new(
            fields.email("email")?,
            fields.line_if_any("name", MAX_NAME)?,
        ),
        priority: Priority::Normal,
        channel: Channel::Web,
    };
    // A field that people do not see.
    if fields.is_filled("company") {
        let number = call.form.next_number(&workspace).await?;
        return Answer::created(Submitted {
            number: number.ok_or_else(no_such_workspace)?,
            access_token: TicketToken::generate(),
        });
    }
    let created = call.form.submit(&workspace, &ticket).await?;
    let ticket = created.ok_or_else(no_such_workspace)?;
    Answer::created(Submitted {
        number: ticket.number,
        access_token: ticket.access_token,
    })
}
