//! `POST /api/v1/public/tickets/{accessToken}/messages`: the requester's answer, which opens the ticket.

use std::process::ExitCode;

use serde::Serialize;
use shared::{
    endpoint::{PublicCall, public},
    envelope::Answer,
    error::ApiError,
    ids::MessageId,
    request::Known,
    serve,
    ticket::{MAX_BODY, Status},
    time::Timestamp,
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/public/tickets/{accessToken}/messages",
        public(reply),
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
    let token = call.request.path_parameter("accessToken");
    let ticket = call.form.ticket(token).await?;
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
