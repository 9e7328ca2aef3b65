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

use aws_sdk_dynamodb::types::Put;

use crate::{
    domain::{
        ticket::{
            AuthorType, Changes, Message, NewMessage, NewTicket, Reply, Status, Thread, Ticket,
        },
        ticket_token::{TicketToken, TicketTokenHash},
    },
    ids::{MessageId, TicketId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        bounded_collection::BoundedCollection,
        database::{Database, StoreError},
        outbox::{self, Event},
        reads::Sort,
        tags,
        ticket_items::{
            MESSAGE_SORT, Stored, TICKET_SORT, put_message, put_ticket, read_message, stored,
            ticket_partition,
        },
        transaction::{Transaction, until_unchanged},
        workspace::Workspace,
        workspaces,
    },
    time::Timestamp,
};

impl Workspace {
    /// The workspace's tickets.
    #[must_use]
    pub fn tickets(&self) -> Tickets<'_> {
        Tickets(self)
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
            let after = changes.apply_to(before, at);
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
        .item("accountId", attributes::text(workspace.as_str()))
        .item("ticketId", attributes::text(ticket.id.as_str()))
        .condition_expression("attribute_not_exists(pk)");
    let stored = put_ticket(&ticket, 1, BoundedCollection::bytes_of(&message))
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
        let thread_bytes = stored.thread_bytes + BoundedCollection::bytes_of(&message);
        if thread_bytes > BoundedCollection::MAX_BYTES {
            return Err(StoreError::TooLarge(BoundedCollection::Thread));
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
        workspace.ok_or_else(|| attributes::broken("accountId"))?,
        ticket.ok_or_else(|| attributes::broken("ticketId"))?,
    )))
}

fn token_key(token: &TicketTokenHash) -> Item {
    attributes::key(&format!("TICKETTOKEN#{}", token.as_str()), "TICKETTOKEN")
}
