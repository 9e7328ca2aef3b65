//! `POST /api/v1/public/tickets`: submits a ticket without a credential.

use serde::Serialize;
use shared::{
    Answer, ApiError, ExitCode, KnownFields, PublicSubmission,
    domain::ticket::{
        Channel, MAX_BODY, MAX_NAME, MAX_SUBJECT, NewTicket, Priority, Requester, Ticket,
    },
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
struct Submitted<'a> {
    number: u32,
    access_token: &'a TicketToken,
}

fn answer(ticket: &Ticket) -> Result<Answer, ApiError> {
    Answer::created(Submitted {
        number: ticket.number,
        access_token: &ticket.access_token,
    })
}

async fn submit(call: PublicSubmission) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let workspace = call.workspace(&fields.line("accountId", 100)?)?;
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
    let once = call.once(&workspace).await?;
    let (form, keep) = (&call.form, once.keep_as(answer));
    // A honeypot: people do not see this field. A bot gets a response, but no ticket is created.
    let submitted = if fields.is_filled("company") {
        form.pretend_to_submit(&workspace, &ticket, keep).await?
    } else {
        form.submit(&workspace, &ticket, keep).await?
    };
    answer(&submitted.ok_or_else(PublicSubmission::no_such_workspace)?)
}
