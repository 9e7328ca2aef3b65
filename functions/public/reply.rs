//! `POST /api/v1/public/tickets/{accessToken}/messages`: the requester's reply, which sets the status to `open`.

use serde::Serialize;
use shared::{
    Answer, ApiError, ExitCode, KnownFields, MessageId, PublicCall, Timestamp,
    domain::ticket::{MAX_BODY, Status},
    handler, serve,
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/public/tickets/{accessToken}/messages",
        handler(reply),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &["body"],
    optional: &["company"],
};

#[derive(Serialize)]
struct Replied {
    id: MessageId,
    status: Status,
}

async fn reply(call: PublicCall) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let body = fields.body("body", MAX_BODY)?;
    // A honeypot: people do not see this field.
    let is_bot = fields.is_filled("company");
    let ticket = call.ticket().await?;
    if is_bot {
        return Answer::created(Replied {
            id: MessageId::new(Timestamp::now()),
            status: Status::Open,
        });
    }
    let reply = ticket.reply(&body).await?;
    Answer::created(Replied {
        id: reply.message.id,
        status: reply.status,
    })
}
