//! Tickets and their messages (Tickets in openapi.yaml).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use crate::{
    domain::ticket_token::TicketToken,
    ids::{MessageId, Subject, TicketId, WorkspaceId},
    time::Timestamp,
};

/// Tags of one ticket. The maxima below are in characters.
pub const MAX_TAGS: usize = 10;
pub const MAX_TAG: usize = 40;
pub const MAX_SUBJECT: usize = 300;
pub const MAX_BODY: usize = 20_000;
pub const MAX_NAME: usize = 200;
/// OpenID Connect Core 1.0, section 2.
pub const MAX_SUB: usize = 255;

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
    /// An agent considers it done.
    Resolved,
    Closed,
}

impl Status {
    /// The status after a message. An internal message, for agents only, does not change it.
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
    Low,
    Normal,
    High,
    Urgent,
}

/// How a ticket arrived.
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
    Email,
    Whatsapp,
    Telegram,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str")]
pub enum AuthorType {
    /// The person who asks for help.
    Requester,
    Agent,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    pub id: TicketId,
    pub account_id: WorkspaceId,
    /// The number that people use: 1, 2, 3… in the workspace, without gaps.
    pub number: u32,
    pub subject: String,
    pub status: Status,
    pub priority: Priority,
    pub channel: Channel,
    #[serde(flatten)]
    pub requester: Requester,
    pub assignee_sub: Option<Subject>,
    /// In the order in which the caller gave them.
    pub tags: Vec<String>,
    /// Lets the requester see the ticket without a login.
    pub access_token: TicketToken,
    pub created_at: Timestamp,
    /// When the ticket last changed or got a message.
    pub updated_at: Timestamp,
    pub last_message_at: Timestamp,
    /// Every change of the ticket, and every message, changes it. Responses do not have it.
    #[serde(skip)]
    pub revision: i64,
}

impl Ticket {
    /// The tags of this ticket that are not in `other`.
    pub(crate) fn tags_not_in<'a>(&'a self, other: &[String]) -> BTreeSet<&'a str> {
        let tags = self.tags.iter().filter(|tag| !other.contains(tag));
        tags.map(String::as_str).collect()
    }
}

/// The person who asks for help.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requester {
    #[serde(rename = "requesterEmail")]
    pub email: String,
    #[serde(rename = "requesterName")]
    pub name: Option<String>,
    /// No endpoint takes one yet.
    #[serde(rename = "requesterPhone")]
    phone: Option<String>,
    /// The requester's id in another system. No endpoint takes one yet.
    #[serde(rename = "requesterExternalId")]
    external_id: Option<String>,
}

impl Requester {
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

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub id: MessageId,
    pub ticket_id: TicketId,
    pub author_type: AuthorType,
    /// The agent. `None` for a requester and for an API key.
    pub author_sub: Option<Subject>,
    pub author_name: Option<String>,
    pub body: String,
    /// A note for agents only. The requester never sees it.
    pub is_internal: bool,
    pub created_at: Timestamp,
    /// Always empty for now.
    pub attachments: [(); 0],
}

/// The fields of a ticket to create.
pub struct NewTicket {
    pub subject: String,
    /// The requester's first message.
    pub body: String,
    pub requester: Requester,
    pub priority: Priority,
    pub channel: Channel,
}

/// The fields of a message to write.
pub struct NewMessage {
    pub author_type: AuthorType,
    pub author_sub: Option<Subject>,
    /// Ignored for a requester, whose name the ticket has.
    pub author_name: Option<String>,
    pub body: String,
    pub is_internal: bool,
}

/// A ticket and its messages, oldest first.
pub struct Thread {
    pub ticket: Ticket,
    pub messages: Vec<Message>,
}

/// A new message, and the ticket's status after it.
#[derive(Serialize)]
pub struct Reply {
    pub message: Message,
    pub status: Status,
}

/// Changes of a ticket. A field that is `None` stays as it is.
#[derive(Debug, Default)]
pub struct Changes {
    pub status: Option<Status>,
    pub priority: Option<Priority>,
    /// `Some(None)` makes the ticket unassigned.
    pub assignee: Option<Option<Subject>>,
    /// Replaces all tags.
    pub tags: Option<Vec<String>>,
}

impl Changes {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.status.is_none()
            && self.priority.is_none()
            && self.assignee.is_none()
            && self.tags.is_none()
    }

    pub(crate) fn apply_to(&self, ticket: &Ticket, at: Timestamp) -> Ticket {
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
    fn a_message_changes_the_status_as_documented() {
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
