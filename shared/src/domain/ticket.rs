//! Tickets and their messages, as the contract shows them (section 6).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use crate::{
    domain::ticket_token::TicketToken,
    ids::{MessageId, Subject, TicketId, WorkspaceId},
    time::Timestamp,
};

/// How many tags a ticket has at most.
pub const MAX_TAGS: usize = 10;
/// How many characters a tag has at most.
pub const MAX_TAG: usize = 40;
/// How many characters a subject has at most.
pub const MAX_SUBJECT: usize = 300;
/// How many characters a message has at most.
pub const MAX_BODY: usize = 20_000;
/// How many characters a person's name has at most.
pub const MAX_NAME: usize = 200;
/// How many characters a `sub` has at most (OpenID Connect Core 1.0, section 2).
pub const MAX_SUB: usize = 255;

/// Where a ticket stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str", try_from = "&str")]
pub enum Status {
    /// It waits for an agent.
    Open,
    /// It waits for the requester.
    Pending,
    /// An agent calls it done.
    Resolved,
    /// It is over.
    Closed,
}

impl Status {
    /// The status after a message, which an agent or the requester wrote, to all or to colleagues only.
    #[must_use]
    pub fn after(self, author: AuthorType, is_internal: bool) -> Self {
        match (author, self) {
            _ if is_internal => self,
            (AuthorType::Requester, _) => Self::Open,
            (AuthorType::Agent, Self::Open) => Self::Pending,
            (AuthorType::Agent, other) => other,
        }
    }
}

/// How urgent a ticket is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str", try_from = "&str")]
pub enum Priority {
    /// It can wait.
    Low,
    /// As most.
    Normal,
    /// Before others.
    High,
    /// Now.
    Urgent,
}

/// How a ticket came in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str", try_from = "&str")]
pub enum Channel {
    /// The public form.
    Web,
    /// An e-mail.
    Email,
    /// A `WhatsApp` message.
    Whatsapp,
    /// A Telegram message.
    Telegram,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str")]
pub enum AuthorType {
    /// Who asks for help.
    Requester,
    /// Who gives it.
    Agent,
}

/// A ticket.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Names it in the API.
    pub id: TicketId,
    /// The workspace that it belongs to.
    pub account_id: WorkspaceId,
    /// Names it to people: 1, 2, 3… in the workspace.
    pub number: u32,
    /// What it is about.
    pub subject: String,
    /// Where it stands.
    pub status: Status,
    /// How urgent it is.
    pub priority: Priority,
    /// How it came in.
    pub channel: Channel,
    /// Who asks.
    #[serde(flatten)]
    pub requester: Requester,
    /// The agent whose it is.
    pub assignee_sub: Option<Subject>,
    /// In the order in which they were given.
    pub tags: Vec<String>,
    /// What lets the requester see it without a login.
    pub access_token: TicketToken,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
    /// When its last message was written.
    pub last_message_at: Timestamp,
}

impl Ticket {
    /// The tags that it has and `other` has not.
    pub(crate) fn tags_not_in<'a>(&'a self, other: &[String]) -> BTreeSet<&'a str> {
        let tags = self.tags.iter().filter(|tag| !other.contains(tag));
        tags.map(String::as_str).collect()
    }
}

/// Who asks for help, as far as they said.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requester {
    /// Their e-mail address.
    #[serde(rename = "requesterEmail")]
    pub email: String,
    /// Their name.
    #[serde(rename = "requesterName")]
    pub name: Option<String>,
    /// Their telephone number. No endpoint takes one yet.
    #[serde(rename = "requesterPhone")]
    phone: Option<String>,
    /// Their id elsewhere. No endpoint takes one yet.
    #[serde(rename = "requesterExternalId")]
    external_id: Option<String>,
}

impl Requester {
    /// A requester who can be written to.
    #[must_use]
    pub fn new(email: String, name: Option<String>) -> Self {
        Self {
            email,
            name,
            phone: None,
            external_id: None,
        }
    }
}

/// A message of a ticket.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Names it in the API.
    pub id: MessageId,
    /// The ticket that it belongs to.
    pub ticket_id: TicketId,
    /// Who wrote it: the requester or an agent…
    pub author_type: AuthorType,
    /// …which agent, where a person called…
    pub author_sub: Option<Subject>,
    /// …and under which name.
    pub author_name: Option<String>,
    /// What they wrote.
    pub body: String,
    /// Whether it is a note among agents, which the requester never sees.
    pub is_internal: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// Always empty so far.
    pub attachments: [(); 0],
}

/// The fields of a ticket to create.
pub struct NewTicket {
    /// What it is about.
    pub subject: String,
    /// The requester's message.
    pub body: String,
    /// Who asks.
    pub requester: Requester,
    /// How urgent it is.
    pub priority: Priority,
    /// How it came in.
    pub channel: Channel,
}

/// The fields of a message to write.
pub struct NewMessage {
    /// The requester or an agent…
    pub author_type: AuthorType,
    /// …which agent, where a person called…
    pub author_sub: Option<Subject>,
    /// …and under which name. A requester has the ticket's.
    pub author_name: Option<String>,
    /// What they write.
    pub body: String,
    /// Whether it is for agents only.
    pub is_internal: bool,
}

/// A ticket and its messages, oldest first.
pub struct Thread {
    /// The ticket.
    pub ticket: Ticket,
    /// All its messages.
    pub messages: Vec<Message>,
}

/// A message that was written, and the ticket's status after it.
#[derive(Serialize)]
pub struct Reply {
    /// What was written.
    pub message: Message,
    /// Where the ticket stands now.
    pub status: Status,
}

/// What is to change of a ticket; what is `None` stays.
#[derive(Debug, Default)]
pub struct Changes {
    /// Where it stands.
    pub status: Option<Status>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// Whose it is: nobody's, or an agent's.
    pub assignee: Option<Option<Subject>>,
    /// All its tags.
    pub tags: Option<Vec<String>>,
}

impl Changes {
    /// Whether nothing is to change.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.status.is_none()
            && self.priority.is_none()
            && self.assignee.is_none()
            && self.tags.is_none()
    }

    pub(crate) fn made_to(&self, ticket: &Ticket, at: Timestamp) -> Ticket {
        let mut changed = ticket.clone();
        changed.status = self.status.unwrap_or(ticket.status);
        changed.priority = self.priority.unwrap_or(ticket.priority);
        if let Some(assignee) = &self.assignee {
            changed.assignee_sub.clone_from(assignee);
        }
        if let Some(tags) = &self.tags {
            changed.tags.clone_from(tags);
        }
        changed.updated_at = at;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_moves_the_status_as_the_contract_says() {
        for &status in <Status as VariantArray>::VARIANTS {
            assert_eq!(status.after(AuthorType::Requester, false), Status::Open);
            assert_eq!(status.after(AuthorType::Agent, true), status);
            let expected = match status {
                Status::Open => Status::Pending,
                other => other,
            };
            assert_eq!(status.after(AuthorType::Agent, false), expected);
        }
    }
}
