//! `GET /api/v1/public/tickets/{accessToken}`: a ticket, as far as its requester may see it.

use serde::Serialize;
use shared::{
    Answer, ApiError, ExitCode, MessageId, PublicCall, Timestamp,
    domain::ticket::{AuthorType, Message, Status, Thread},
    handler, serve,
};

fn main() -> ExitCode {
    serve("GET /api/v1/public/tickets/{accessToken}", handler(view))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    number: u32,
    subject: String,
    status: Status,
    created_at: Timestamp,
    messages: Vec<PublicMessage>,
}

/// A message without the workspace's internals: the ticket's id, and which agent wrote.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicMessage {
    id: MessageId,
    author_type: AuthorType,
    author_name: Option<String>,
    body: String,
    created_at: Timestamp,
    attachments: [(); 0],
}

async fn view(call: PublicCall) -> Result<Answer, ApiError> {
    let Thread {
        ticket, messages, ..
    } = call.ticket().await?.thread().await?;
    Answer::ok(View {
        number: ticket.number,
        subject: ticket.subject,
        status: ticket.status,
        created_at: ticket.created_at,
        messages: messages.into_iter().map(PublicMessage::from).collect(),
    })
}

impl From<Message> for PublicMessage {
    fn from(message: Message) -> Self {
        Self {
            id: message.id,
            author_type: message.author_type,
            author_name: message.author_name,
            body: message.body,
            created_at: message.created_at,
            attachments: message.attachments,
        }
    }
}
