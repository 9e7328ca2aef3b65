//! `POST /api/v1/public/tickets/{accessToken}/messages`: the requester's reply, which sets the status to `open`.

use serde::Serialize;
use shared::{
    Answer, ApiError, ExitCode, KnownFields, MessageId, PublicCall,
    domain::ticket::{MAX_BODY, Reply, Status},
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
struct Replied<'a> {
    id: &'a MessageId,
    status: Status,
}

fn answer(reply: &Reply) -> Result<Answer, ApiError> {
    Answer::created(Replied {
        id: &reply.message.id,
        status: reply.status,
    })
}

async fn reply(call: PublicCall) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let body = fields.body("body", MAX_BODY)?;
    let ticket = call.ticket().await?;
    let once = call.once(&ticket).await?;
    let keep = once.keep_as(answer);
    // A honeypot: people do not see this field. A bot gets a response, but no message is added.
    let reply = if fields.is_filled("company") {
        ticket.pretend_to_reply(&body, keep).await?
    } else {
        ticket.reply(&body, keep).await?
    };
    answer(&reply)
}
