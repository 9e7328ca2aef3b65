//! `POST /api/v1/tickets`: creates a ticket on behalf of a requester who wrote elsewhere.

use shared::{
    Answer, ApiError, Area, Authenticated, ExitCode, KnownFields,
    domain::ticket::{Channel, MAX_BODY, MAX_NAME, MAX_SUBJECT, NewTicket, Priority, Requester},
    scoped, serve,
};
use strum::{EnumString, VariantNames};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/tickets",
        scoped(Area::Tickets.write(), create),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &["subject", "body", "requesterEmail"],
    optional: &["requesterName", "priority", "channel"],
};

/// The channels that callers may name.
#[derive(EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
enum NamedChannel {
    Web,
    Email,
    Whatsapp,
}

async fn create(call: Authenticated) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let channel = match fields.word("channel")? {
        Some(NamedChannel::Web) => Channel::Web,
        Some(NamedChannel::Email) => Channel::Email,
        Some(NamedChannel::Whatsapp) | None => Channel::Whatsapp,
    };
    let new = NewTicket {
        subject: fields.line("subject", MAX_SUBJECT)?,
        body: fields.body("body", MAX_BODY)?,
        requester: Requester::new(
            fields.email("requesterEmail")?,
            fields.optional_line("requesterName", MAX_NAME)?,
        ),
        priority: fields.word_or("priority", Priority::Normal),
        channel,
    };
    let keep = call.once.keep(Answer::created);
    Answer::created(call.workspace.tickets().create(&new, keep).await?)
}
