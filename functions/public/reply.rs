//! `POST /api/v1/public/tickets/{accessToken}/messages`: the requester's answer, which opens the ticket.

use serde::Serialize;
use shared::{
    Answer, ApiError, ExitCode, Known, MessageId, PublicCall, Timestamp,
    domain::ticket::{MAX_BODY, Status},
    handler, serve,
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/public/tickets/{accessToken}/messages",
        handler(reply),
    )
}

const FIELDS: Known = Known {
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
    let by_a_bot = fields.is_filled("company");
    let ticket = call.ticket().await?;
    if by_a_bot {
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
