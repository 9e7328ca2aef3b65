//! `GET /api/v1/public/tickets/{accessToken}`: a ticket as its requester may see it.

use serde::Serialize;
use shared::{
    Answer, ApiError, ExitCode, MessageId, PublicCall, Timestamp,
    domain::ticket::{AuthorType, Message, Status},
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
    messages: Vec<ViewedMessage>,
}

/// A message, without what is the workspace's own business: its id, and which agent wrote.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ViewedMessage {
    id: MessageId,
    author_type: AuthorType,
    author_name: Option<String>,
    body: String,
    created_at: Timestamp,
    attachments: [(); 0],
}

async fn view(call: PublicCall) -> Result<Answer, ApiError> {
    let thread = call.ticket().await?.thread().await?;
    Answer::ok(View {
        number: thread.ticket.number,
        subject: thread.ticket.subject,
        status: thread.ticket.status,
        created_at: thread.ticket.created_at,
        messages: thread
            .messages
            .into_iter()
            .map(ViewedMessage::from)
            .collect(),
    })
}

impl From<Message> for ViewedMessage {
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
