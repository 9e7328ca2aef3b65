//! `POST /api/v1/tickets`: writes down a ticket that came in elsewhere, in the name of who asked.

use shared::{
    Answer, ApiError, Authenticated, ExitCode, Known,
    domain::ticket::{Channel, MAX_BODY, MAX_NAME, MAX_SUBJECT, NewTicket, Priority, Requester},
    handler, serve,
};
use strum::{EnumString, VariantNames};

fn main() -> ExitCode {
    serve("POST /api/v1/tickets", handler(create))
}

const FIELDS: Known = Known {
    required: &["subject", "body", "requesterEmail"],
    optional: &["requesterName", "priority", "channel"],
};

/// The channels that a ticket may be said to have come in by.
#[derive(EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
enum ElsewhereChannel {
    Web,
    Email,
    Whatsapp,
}

async fn create(call: Authenticated) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let channel = match fields.word("channel")? {
        Some(ElsewhereChannel::Web) => Channel::Web,
        Some(ElsewhereChannel::Email) => Channel::Email,
        Some(ElsewhereChannel::Whatsapp) | None => Channel::Whatsapp,
    };
    let new = NewTicket {
        subject: fields.line("subject", MAX_SUBJECT)?,
        body: fields.body("body", MAX_BODY)?,
        requester: Requester::new(
            fields.email("requesterEmail")?,
            fields.line_if_any("requesterName", MAX_NAME)?,
        ),
        priority: fields.word_or("priority", Priority::Normal),
        channel,
    };
    Answer::created(call.workspace.tickets().create(&new).await?)
}
