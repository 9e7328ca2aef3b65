//! The tickets of a workspace: created, read, answered and changed. Lists are in [`crate::store::ticket_list`].
//!
//! # Two writers at once
//!
//! Every change of a ticket is one transaction, of everything that belongs to it: the ticket with its next
//! `revision`, the message, the workspace's counts, the tags' counts, the events. The ticket is read first, the
//! change is made to what was read, and the write's condition is that the revision is still the one that was read. Who
//! comes second is refused, reads again, and makes the change to what the first one left; so two replies land one
//! after the other, and a status is always one that some order of the writers gives.
//!
//! Creating one is the same, with the workspace's last number in the revision's place. That makes numbers gapless, and
//! the workspace's item the place where all creations in one workspace meet: it takes one after the other, so that
//! a workspace makes as many tickets a second as a transaction fits into one, about fifty. Other workspaces are not
//! concerned.
//!
//! # Order
//!
//! A change is never of the same or an earlier millisecond than the one before it, whatever the instances' clocks
//! say. Ids of messages and events begin with that time and are their sort keys, so that a thread reads in the order in
//! which it was written, and so do the events of a ticket.

use aws_sdk_dynamodb::types::{Put, builders::PutBuilder};
use serde::Serialize;

use crate::{
    ids::{MessageId, Subject, TicketId, WorkspaceId},
    store::{
        Database, StoreError, Whole, Workspace,
        item::{self, Item, Read},
        outbox::{self, Event},
        reading::Sort,
        tags,
        transaction::{Transaction, until_unchanged},
        workspaces,
    },
    ticket::{AuthorType, Channel, Message, Priority, Requester, Status, Ticket},
    ticket_token::{TicketToken, TicketTokenHash},
    time::Timestamp,
    words::Words,
};

const TICKET_SORT: &str = "TICKET";
pub(super) const MESSAGE_SORT: &str = "MSG#";

/// The partition of a ticket: its own item and its messages.
pub(super) fn ticket_partition(workspace: &WorkspaceId, id: &TicketId) -> String {
    format!("{}#{id}", workspaces::partition(workspace))
}

/// The key of the ticket's own item.
pub(super) fn ticket_key(workspace: &WorkspaceId, id: &TicketId) -> Item {
    item::key(&ticket_partition(workspace, id), TICKET_SORT)
}

/// A ticket that is to be.
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

/// A message that is to be.
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

    fn made_to(&self, ticket: &Ticket, at: Timestamp) -> Ticket {
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

/// The tickets of one workspace.
#[derive(Debug)]
pub struct Tickets<'a>(pub(super) &'a Workspace);

impl Tickets<'_> {
    /// Creates a ticket with its first message.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where others are in the way, or the table does not answer. Whether the ticket was created is
    /// then unknown; if so, the list shows it.
    pub async fn create(&self, new: &NewTicket) -> Result<Ticket, StoreError> {
        let Workspace { id, database, .. } = self.0;
        until_unchanged(database, async || {
            let tally = workspaces::tally(database, id).await?;
            create_after(database, id, tally.unwrap_or_default().tickets, new).await
        })
        .await
    }

    /// A ticket with its messages, internal notes included; `None` where the workspace has no such ticket.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table does not answer, or holds what this project did not write; so for the others.
    pub async fn thread(&self, id: &TicketId) -> Result<Option<Thread>, StoreError> {
        let Workspace {
            id: workspace,
            database,
            ..
        } = self.0;
        thread(database, workspace, id).await
    }

    /// Adds a message, and moves the status as it must (contract, section 6); `None` where the workspace has no such
    /// ticket.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the thread is full, others are in the way, or the table does not answer. Whether the message
    /// was written is then unknown; if so, the thread shows it.
    pub async fn reply(
        &self,
        id: &TicketId,
        new: &NewMessage,
    ) -> Result<Option<Reply>, StoreError> {
        let Workspace {
            id: workspace,
            database,
            ..
        } = self.0;
        reply(database, workspace, id, new).await
    }

    /// Changes a ticket, and gives it as it is then; `None` where the workspace has no such ticket.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where others are in the way, or the table does not answer. Whether it was changed is then
    /// unknown.
    pub async fn update(
        &self,
        id: &TicketId,
        changes: &Changes,
    ) -> Result<Option<Ticket>, StoreError> {
        let Workspace {
            id: workspace,
            database,
            ..
        } = self.0;
        until_unchanged(database, async || {
            let Some(stored) = stored(database, workspace, id).await? else {
                return Ok(Some(None));
            };
            let before = &stored.ticket;
            let at = next_moment(before);
            let after = changes.made_to(before, at);
            let gone = tags::uses(database, workspace, before.tags_not_in(&after.tags)).await?;

            let mut update = Transaction::new(database, "change a ticket")
                .put(stored.followed_by(&after, stored.thread_bytes))?;
            update = match status_moved(before, after.status) {
                None => update,
                Some(moved) => outbox::record(
                    update.update(workspaces::count_move(
                        workspace,
                        before.status,
                        after.status,
                    ))?,
                    workspace,
                    at,
                    &[moved],
                )?,
            };
            update = tags::count_in(update, workspace, after.tags_not_in(&before.tags))?;
            update = tags::count_out(update, workspace, &gone)?;
            let written = update.commit().await?;
            Ok(written.ok().map(|()| Some(after)))
        })
        .await
    }

    /// The tags that tickets of the workspace have, each once, sorted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table does not answer, or they are too many for an answer.
    pub async fn tags(&self) -> Result<Vec<String>, StoreError> {
        let Workspace { id, database, .. } = self.0;
        tags::all(database, id).await
    }
}

/// One attempt to create the ticket that follows number `last`; nothing where another one does.
pub(super) async fn create_after(
    database: &Database,
    workspace: &WorkspaceId,
    last: u32,
    new: &NewTicket,
) -> Result<Option<Ticket>, StoreError> {
    let now = Timestamp::now();
    let ticket = Ticket {
        id: TicketId::new(now),
        account_id: workspace.clone(),
        number: last + 1,
        subject: new.subject.clone(),
        status: Status::Open,
        priority: new.priority,
        channel: new.channel,
        requester: new.requester.clone(),
        assignee_sub: None,
        tags: Vec::new(),
        access_token: TicketToken::generate(),
        created_at: now,
        updated_at: now,
        last_message_at: now,
    };
    let message = Message {
        id: MessageId::new(now),
        ticket_id: ticket.id.clone(),
        author_type: AuthorType::Requester,
        author_sub: None,
        author_name: new.requester.name.clone(),
        body: new.body.clone(),
        is_internal: false,
        created_at: now,
        attachments: [],
    };
    let token = Put::builder()
        .set_item(Some(token_key(&ticket.access_token.hash())))
        .item("accountId", item::text(workspace.as_str()))
        .item("ticketId", item::text(ticket.id.as_str()))
        .condition_expression("attribute_not_exists(pk)");
    let stored = put_ticket(&ticket, 1, Whole::bytes_of(&message))
        .condition_expression("attribute_not_exists(pk)");
    let creation = Transaction::new(database, "create a ticket")
        .update(workspaces::number_ticket(workspace, last, now))?
        .put(stored)?
        .put(put_message(workspace, &message))?
        .put(token)?;
    let creation = outbox::record(creation, workspace, now, &[Event::Created(&ticket)])?;
    let written = creation.commit().await?;
    Ok(written.ok().map(|()| ticket))
}

/// See [`Tickets::thread`].
pub(super) async fn thread(
    database: &Database,
    workspace: &WorkspaceId,
    id: &TicketId,
) -> Result<Option<Thread>, StoreError> {
    // Messages sort before the ticket's own item.
    let partition = ticket_partition(workspace, id);
    let mut items = database
        .read_partition("read a ticket", &partition, Sort::From(MESSAGE_SORT))
        .await?;
    let Some(ticket) = items.pop_if(|item| item.text("sk").is_ok_and(|sk| sk == TICKET_SORT))
    else {
        return Ok(None);
    };
    let messages = items.iter().map(|item| read_message(item, id));
    Ok(Some(Thread {
        ticket: Stored::read(&ticket)?.ticket,
        messages: messages.collect::<Result<_, _>>()?,
    }))
}

/// See [`Tickets::reply`].
pub(super) async fn reply(
    database: &Database,
    workspace: &WorkspaceId,
    id: &TicketId,
    new: &NewMessage,
) -> Result<Option<Reply>, StoreError> {
    until_unchanged(database, async || {
        let Some(stored) = stored(database, workspace, id).await? else {
            return Ok(Some(None));
        };
        let before = &stored.ticket;
        let at = next_moment(before);
        let message = Message {
            id: MessageId::new(at),
            ticket_id: id.clone(),
            author_type: new.author_type,
            author_sub: new.author_sub.clone(),
            author_name: match new.author_type {
                AuthorType::Requester => before.requester.name.clone(),
                AuthorType::Agent => new.author_name.clone(),
            },
            body: new.body.clone(),
            is_internal: new.is_internal,
            created_at: at,
            attachments: [],
        };
        let thread_bytes = stored.thread_bytes + Whole::bytes_of(&message);
        if thread_bytes > Whole::MAX_BYTES {
            return Err(StoreError::Full(Whole::Thread));
        }
        let status = before.status.after(new.author_type, new.is_internal);
        let mut after = before.clone();
        after.status = status;
        after.last_message_at = at;
        after.updated_at = at;

        let mut reply = Transaction::new(database, "reply to a ticket")
            .put(stored.followed_by(&after, thread_bytes))?
            .put(put_message(workspace, &message))?;
        let mut events = vec![Event::Replied(&message)];
        if let Some(moved) = status_moved(before, status) {
            reply = reply.update(workspaces::count_move(workspace, before.status, status))?;
            events.push(moved);
        }
        reply = outbox::record(reply, workspace, at, &events)?;
        let written = reply.commit().await?;
        Ok(written.ok().map(|()| Some(Reply { message, status })))
    })
    .await
}

/// When a ticket is changed next: now, but later than anything that has happened to it, whatever the clocks say.
fn next_moment(ticket: &Ticket) -> Timestamp {
    Timestamp::now().max(ticket.updated_at.plus_millis(1))
}

/// The move of the status, if it is one.
fn status_moved(ticket: &Ticket, to: Status) -> Option<Event<'_>> {
    let from = ticket.status;
    (from != to).then_some(Event::StatusChanged { ticket, from, to })
}

/// Which ticket a token is for; `None` where it is for none.
pub(super) async fn ticket_of(
    database: &Database,
    token: &TicketTokenHash,
) -> Result<Option<(WorkspaceId, TicketId)>, StoreError> {
    let Some(item) = database.get("find a ticket", token_key(token)).await? else {
        return Ok(None);
    };
    let workspace = WorkspaceId::parse(item.text("accountId")?);
    let ticket = TicketId::parse(item.text("ticketId")?);
    Ok(Some((
        workspace.ok_or_else(|| item::broken("accountId"))?,
        ticket.ok_or_else(|| item::broken("ticketId"))?,
    )))
}

fn token_key(token: &TicketTokenHash) -> Item {
    item::key(&format!("TICKETTOKEN#{}", token.as_str()), "TICKETTOKEN")
}

/// A ticket as the table has it: with what only the store needs to know.
pub(super) struct Stored {
    pub(super) ticket: Ticket,
    revision: i64,
    thread_bytes: i64,
}

async fn stored(
    database: &Database,
    workspace: &WorkspaceId,
    id: &TicketId,
) -> Result<Option<Stored>, StoreError> {
    let item = database
        .get("read a ticket", ticket_key(workspace, id))
        .await?;
    item.map(|item| Stored::read(&item)).transpose()
}

impl Stored {
    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let workspace = WorkspaceId::parse(item.text("accountId")?);
        let workspace = workspace.ok_or_else(|| item::broken("accountId"))?;
        let number = u32::try_from(item.number("number")?);
        let assignee = item.text_if_any("assigneeSub")?;
        let ticket = Ticket {
            id: ticket_id(item)?,
            account_id: workspace,
            number: number.map_err(|_| item::broken("number"))?,
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
        };
        Ok(Self {
            ticket,
            revision: item.number("revision")?,
            thread_bytes: item.number("threadBytes")?,
        })
    }

    /// The write that makes this ticket be `next`, if nobody else has changed it.
    fn followed_by(&self, next: &Ticket, thread_bytes: i64) -> PutBuilder {
        put_ticket(next, self.revision + 1, thread_bytes)
            .condition_expression("revision = :seen")
            .expression_attribute_values(":seen", item::number(self.revision))
    }
}

/// The id of the ticket whose item this is, or that an index refers to.
pub(super) fn ticket_id(item: &Item) -> Result<TicketId, StoreError> {
    let id = item.text("pk")?.rsplit('#').next();
    id.and_then(TicketId::parse)
        .ok_or_else(|| item::broken("pk"))
}

/// Where a ticket stands in lists: by its last message, and never beside another one.
pub(super) fn activity(ticket: &Ticket) -> String {
    format!("{}#{}", ticket.last_message_at, ticket.id)
}

/// The part of the index by status that holds the tickets of a workspace with this status.
pub(super) fn status_partition(workspace: &WorkspaceId, status: Status) -> String {
    format!("{}#{}", workspace.as_str(), status.as_str())
}

fn put_ticket(ticket: &Ticket, revision: i64, thread_bytes: i64) -> PutBuilder {
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
        .item("accountId", item::text(workspace.as_str()))
        .item(
            "accountStatus",
            item::text(&status_partition(workspace, *status)),
        )
        .item("activity", item::text(&activity(ticket)))
        .item("number", item::number(ticket.number))
        .item("subject", item::text(&ticket.subject))
        .item("status", item::text(status.as_str()))
        .item("priority", item::text(ticket.priority.as_str()))
        .item("channel", item::text(ticket.channel.as_str()))
        .item("requesterEmail", item::text(&requester.email))
        .item("tags", item::texts(&ticket.tags))
        .item("accessToken", item::text(ticket.access_token.reveal()))
        .item("createdAt", item::moment(ticket.created_at))
        .item("updatedAt", item::moment(ticket.updated_at))
        .item("lastMessageAt", item::moment(ticket.last_message_at))
        .item("revision", item::number(revision))
        .item("threadBytes", item::number(thread_bytes));
    for (name, value) in optional {
        if let Some(value) = value {
            put = put.item(name, item::text(value));
        }
    }
    put
}

fn put_message(workspace: &WorkspaceId, message: &Message) -> PutBuilder {
    let author = message.author_sub.as_ref().map(Subject::as_str);
    let optional = [
        ("authorSub", author),
        ("authorName", message.author_name.as_deref()),
    ];
    let partition = ticket_partition(workspace, &message.ticket_id);
    let mut put = Put::builder()
        .set_item(Some(item::key(
            &partition,
            &format!("{MESSAGE_SORT}{}", message.id),
        )))
        .item("authorType", item::text(message.author_type.as_str()))
        .item("body", item::text(&message.body))
        .item("isInternal", item::flag(message.is_internal))
        .item("createdAt", item::moment(message.created_at))
        .condition_expression("attribute_not_exists(pk)");
    for (name, value) in optional {
        if let Some(value) = value {
            put = put.item(name, item::text(value));
        }
    }
    put
}

fn read_message(item: &Item, ticket: &TicketId) -> Result<Message, StoreError> {
    let id = item.text("sk")?.strip_prefix(MESSAGE_SORT);
    let author = item.text_if_any("authorSub")?;
    Ok(Message {
        id: id
            .and_then(MessageId::parse)
            .ok_or_else(|| item::broken("sk"))?,
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
