//! The items of tickets and messages.

use aws_sdk_dynamodb::types::{Put, builders::PutBuilder};
use secrecy::ExposeSecret;

use crate::{
    domain::{
        ticket::{Message, Requester, Status, Ticket},
        ticket_token::TicketToken,
    },
    ids::{MessageId, Subject, TicketId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        reads::TableReader,
        store_error::StoreError,
        workspaces,
    },
};

pub(super) const TICKET_SORT: &str = "TICKET";
pub(super) const MESSAGE_SORT: &str = "MSG#";

/// The partition of a ticket and its messages.
pub(super) fn ticket_partition(workspace: &WorkspaceId, id: &TicketId) -> String {
    format!("{}#{id}", workspaces::partition(workspace))
}

pub(super) fn ticket_key(workspace: &WorkspaceId, id: &TicketId) -> Item {
    attributes::key(&ticket_partition(workspace, id), TICKET_SORT)
}

/// A ticket, with the attributes that only the store needs.
pub(super) struct Stored {
    pub(super) ticket: Ticket,
    pub(super) thread_bytes: i64,
}

pub(super) async fn stored(
    table: &TableReader,
    workspace: &WorkspaceId,
    id: &TicketId,
) -> Result<Option<Stored>, StoreError> {
    let item = table
        .get("read a ticket", ticket_key(workspace, id))
        .await?;
    item.map(|item| Stored::read(&item)).transpose()
}

/// The ticket in an index entry. `None` if the index does not hold whole tickets.
pub(super) fn ticket_in(entry: &Item) -> Result<Option<Ticket>, StoreError> {
    // The indexes that hold less do not hold this.
    let is_whole = entry.contains_key("accessToken");
    is_whole
        .then(|| Ok(Stored::read(entry)?.ticket))
        .transpose()
}

impl Stored {
    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let workspace = WorkspaceId::parse(item.text("accountId")?);
        let workspace = workspace.ok_or_else(|| attributes::broken("accountId"))?;
        let number = u32::try_from(item.number("number")?);
        let assignee = item.text_if_any("assigneeSub")?;
        let ticket = Ticket {
            id: ticket_id(item)?,
            account_id: workspace,
            number: number.map_err(|_| attributes::broken("number"))?,
            subject: item.text("subject")?.to_owned(),
            status: item.word("status")?,
            priority: item.word("priority")?,
            channel: item.word("channel")?,
            requester: Requester::new(
                item.text("requesterEmail")?.to_owned(),
                item.text_if_any("requesterName")?.map(str::to_owned),
            ),
            assignee_sub: assignee.and_then(|sub| Subject::parse(sub.to_owned())),
            tags: item.texts("tags")?,
            access_token: TicketToken::from_stored(item.text("accessToken")?),
            created_at: item.moment("createdAt")?,
            updated_at: item.moment("updatedAt")?,
            last_message_at: item.moment("lastMessageAt")?,
            revision: item.number("revision")?,
        };
        Ok(Self {
            ticket,
            thread_bytes: item.number("threadBytes")?,
        })
    }

    /// Replaces this ticket with `next`, on condition that it has not changed since it was read.
    pub(super) fn replace_with(&self, next: &Ticket, thread_bytes: i64) -> PutBuilder {
        let seen = self.ticket.revision;
        put_ticket(next, seen + 1, thread_bytes)
            .condition_expression("revision = :seen")
            .expression_attribute_values(":seen", attributes::number(seen))
    }
}

/// The id in the key of a ticket's item or of an index entry.
pub(super) fn ticket_id(item: &Item) -> Result<TicketId, StoreError> {
    let id = item.text("pk")?.rsplit('#').next();
    id.and_then(TicketId::parse)
        .ok_or_else(|| attributes::broken("pk"))
}

/// The sort key of lists: the time of the last message, and the id, so that it is unique.
pub(super) fn activity(ticket: &Ticket) -> String {
    format!("{}#{}", ticket.last_message_at, ticket.id)
}

/// The partition of the indexes by status.
pub(super) fn status_partition(workspace: &WorkspaceId, status: Status) -> String {
    let status: &str = status.into();
    format!("{}#{status}", workspace.as_str())
}

pub(super) fn put_ticket(ticket: &Ticket, revision: i64, thread_bytes: i64) -> PutBuilder {
    let Ticket {
        id,
        account_id: workspace,
        status,
        requester,
        ..
    } = ticket;
    let assignee = ticket.assignee_sub.as_ref().map(Subject::as_str);
    let optional = [
        ("requesterName", requester.name.as_deref()),
        ("assigneeSub", assignee),
    ];
    let mut put = Put::builder()
        .set_item(Some(ticket_key(workspace, id)))
        .item("accountId", attributes::text(workspace.as_str()))
        .item(
            "accountStatus",
            attributes::text(&status_partition(workspace, *status)),
        )
        .item("activity", attributes::text(&activity(ticket)))
        .item("number", attributes::number(ticket.number))
        .item("subject", attributes::text(&ticket.subject))
        .item("status", attributes::text(status.into()))
        .item("priority", attributes::text(ticket.priority.into()))
        .item("channel", attributes::text(ticket.channel.into()))
        .item("requesterEmail", attributes::text(&requester.email))
        .item("tags", attributes::texts(&ticket.tags))
        .item(
            "accessToken",
            attributes::text(ticket.access_token.expose_secret()),
        )
        .item("createdAt", attributes::moment(ticket.created_at))
        .item("updatedAt", attributes::moment(ticket.updated_at))
        .item("lastMessageAt", attributes::moment(ticket.last_message_at))
        .item("revision", attributes::number(revision))
        .item("threadBytes", attributes::number(thread_bytes));
    for (name, value) in optional {
        if let Some(value) = value {
            put = put.item(name, attributes::text(value));
        }
    }
    put
}

pub(super) fn put_message(workspace: &WorkspaceId, message: &Message) -> PutBuilder {
    let author = message.author_sub.as_ref().map(Subject::as_str);
    let optional = [
        ("authorSub", author),
        ("authorName", message.author_name.as_deref()),
    ];
    let partition = ticket_partition(workspace, &message.ticket_id);
    let mut put = Put::builder()
        .set_item(Some(attributes::key(
            &partition,
            &format!("{MESSAGE_SORT}{}", message.id),
        )))
        .item("authorType", attributes::text(message.author_type.into()))
        .item("body", attributes::text(&message.body))
        .item("isInternal", attributes::flag(message.is_internal))
        .item("createdAt", attributes::moment(message.created_at))
        .condition_expression("attribute_not_exists(pk)");
    for (name, value) in optional {
        if let Some(value) = value {
            put = put.item(name, attributes::text(value));
        }
    }
    put
}

pub(super) fn read_message(item: &Item, ticket: &TicketId) -> Result<Message, StoreError> {
    let id = item.text("sk")?.strip_prefix(MESSAGE_SORT);
    let author = item.text_if_any("authorSub")?;
    Ok(Message {
        id: id
            .and_then(MessageId::parse)
            .ok_or_else(|| attributes::broken("sk"))?,
        ticket_id: ticket.clone(),
        author_type: item.word("authorType")?,
        author_sub: author.and_then(|sub| Subject::parse(sub.to_owned())),
        author_name: item.text_if_any("authorName")?.map(str::to_owned),
        body: item.text("body")?.to_owned(),
        is_internal: item.flag("isInternal")?,
        created_at: item.moment("createdAt")?,
        attachments: [],
    })
}
