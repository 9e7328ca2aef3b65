//! The tickets of a workspace. Lists of them are in [`crate::store::ticket_list`].
//!
//! Every change of a ticket is one transaction with everything that belongs to it. The ticket is read first, and the
//! write's condition is that its `revision` has not changed; when it has, the change is made again to what is there
//! now. Creating works the same, with the workspace's last number in place of the revision. docs/architecture.md,
//! Tickets, says what that guarantees and what it limits.

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
        database::Database,
        done_once::Keep,
        outbox::{self, Event},
        reads::{Sort, TableReader},
        store_error::StoreError,
        tags,
        ticket_items::{
            MESSAGE_SORT, Stored, TICKET_SORT, put_message, put_ticket, read_message, stored,
            ticket_partition,
        },
        transaction::{Transaction, until_unchanged},
        workspace::{View, Workspace, WorkspaceReader},
        workspaces::{self, TicketsVersion},
    },
    time::Timestamp,
};

impl Workspace {
    #[must_use]
    pub fn tickets(&self) -> Tickets<'_> {
        Tickets(self)
    }
}

impl WorkspaceReader {
    #[must_use]
    pub fn tickets(&self) -> TicketReader<'_> {
        TicketReader(self.view())
    }
}

/// What reads tickets and cannot change them.
#[derive(Debug)]
pub struct TicketReader<'a>(pub(super) View<'a>);

impl TicketReader<'_> {
    /// A ticket with its messages, internal notes included. `None` if the workspace has no such ticket.
    pub async fn thread(&self, id: &TicketId) -> Result<Option<Thread>, StoreError> {
        let View {
            id: workspace,
            table,
        } = self.0;
        thread(table, workspace, id).await
    }

    /// A ticket without its messages. `None` if the workspace has no such ticket.
    pub async fn ticket(&self, id: &TicketId) -> Result<Option<Ticket>, StoreError> {
        let View {
            id: workspace,
            table,
        } = self.0;
        let stored = stored(table, workspace, id).await?;
        Ok(stored.map(|stored| stored.ticket))
    }

    /// The version of the workspace's tickets.
    pub async fn version(&self) -> Result<TicketsVersion, StoreError> {
        let View { id, table } = self.0;
        let tally = workspaces::tally(table, id).await?;
        Ok(tally.unwrap_or_default().version)
    }

    /// The tags of all tickets in the workspace, each once, sorted.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLarge`] if they do not fit into one response.
    pub async fn tags(&self) -> Result<Vec<String>, StoreError> {
        let View { id, table } = self.0;
        tags::all(table, id).await
    }
}

#[derive(Debug)]
pub struct Tickets<'a>(pub(super) &'a Workspace);

impl Tickets<'_> {
    /// Creates a ticket with its first message.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Failed`] it is unknown whether the ticket was created. If it was, the list shows it.
    pub async fn create(
        &self,
        new: &NewTicket,
        keep: Keep<'_, Ticket>,
    ) -> Result<Ticket, StoreError> {
        let Workspace { id, database, .. } = self.0;
        until_unchanged(database, async || {
            let tally = workspaces::tally(database, id).await?;
            create_after(database, id, tally.unwrap_or_default().tickets, new, &keep).await
        })
        .await
    }

    /// Adds a message and changes the status as [`Status::after`] says. `None` if the workspace has no such ticket.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLarge`] if the thread has no room for the message. After [`StoreError::Failed`] it is unknown
    /// whether the message was written. If it was, the thread shows it.
    pub async fn reply(
        &self,
        id: &TicketId,
        new: &NewMessage,
        keep: Keep<'_, Reply>,
    ) -> Result<Option<Reply>, StoreError> {
        let Workspace {
            id: workspace,
            database,
            ..
        } = self.0;
        reply(database, workspace, id, new, &keep).await
    }

    /// Changes a ticket and returns it. `None` if the workspace has no such ticket.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Failed`] it is unknown whether the ticket was changed.
    pub async fn update(
        &self,
        id: &TicketId,
        changes: &Changes,
        keep: Keep<'_, Ticket>,
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
            let removed = tags::uses(database, workspace, before.tags_not_in(&after.tags)).await?;

            let counted = workspaces::count_ticket_change(
                workspace,
                before.status,
                after.status,
                Timestamp::now(),
            );
            let mut update = Transaction::new(database, "change a ticket")
                .put(stored.replace_with(&after, stored.thread_bytes))?
                .update(counted)?;
            if let Some(event) = status_change(before, after.status) {
                update = outbox::record(update, workspace, at, &[event])?;
            }
            update = tags::add_uses(update, workspace, after.tags_not_in(&before.tags))?;
            update = tags::remove_uses(update, workspace, &removed)?;
            let written = update.keep(&keep, &after)?.commit().await?;
            Ok(written.ok().map(|()| Some(after)))
        })
        .await
    }
}

/// The ticket as it begins.
pub(super) fn new_ticket(
    workspace: &WorkspaceId,
    number: u32,
    new: &NewTicket,
    now: Timestamp,
) -> Ticket {
    Ticket {
        id: TicketId::new(now),
        account_id: workspace.clone(),
        number,
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
        revision: 1,
    }
}

/// Tries to create the ticket with the number after `last`. `None` if another request took that number.
pub(super) async fn create_after(
    database: &Database,
    workspace: &WorkspaceId,
    last: u32,
    new: &NewTicket,
    keep: &Keep<'_, Ticket>,
) -> Result<Option<Ticket>, StoreError> {
    let now = Timestamp::now();
    let ticket = new_ticket(workspace, last + 1, new, now);
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
    let stored = put_ticket(
        &ticket,
        ticket.revision,
        BoundedCollection::bytes_of(&message),
    )
    .condition_expression("attribute_not_exists(pk)");
    let creation = Transaction::new(database, "create a ticket")
        .update(workspaces::number_ticket(workspace, last, now))?
        .put(stored)?
        .put(put_message(workspace, &message))?
        .put(token)?;
    let creation = outbox::record(creation, workspace, now, &[Event::TicketCreated(&ticket)])?;
    let written = creation.keep(keep, &ticket)?.commit().await?;
    Ok(written.ok().map(|()| ticket))
}

/// See [`TicketReader::thread`].
pub(super) async fn thread(
    table: &TableReader,
    workspace: &WorkspaceId,
    id: &TicketId,
) -> Result<Option<Thread>, StoreError> {
    // The ticket's own item sorts after its messages.
    let partition = ticket_partition(workspace, id);
    let mut items = table
        .read_partition("read a ticket", &partition, Sort::From(MESSAGE_SORT))
        .await?;
    let Some(ticket) = items.pop_if(|item| item.text("sk").is_ok_and(|sk| sk == TICKET_SORT))
    else {
        return Ok(None);
    };
    let stored = Stored::read(&ticket)?;
    let messages = items.iter().map(|item| read_message(item, id));
    Ok(Some(Thread {
        ticket: stored.ticket,
        messages: messages.collect::<Result<_, _>>()?,
    }))
}

/// See [`Tickets::reply`].
pub(super) async fn reply(
    database: &Database,
    workspace: &WorkspaceId,
    id: &TicketId,
    new: &NewMessage,
    keep: &Keep<'_, Reply>,
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

        let counted =
            workspaces::count_ticket_change(workspace, before.status, status, Timestamp::now());
        let mut reply = Transaction::new(database, "reply to a ticket")
            .put(stored.replace_with(&after, thread_bytes))?
            .put(put_message(workspace, &message))?
            .update(counted)?;
        let mut events = vec![Event::TicketReplied(&message)];
        events.extend(status_change(before, status));
        reply = outbox::record(reply, workspace, at, &events)?;
        let done = Reply { message, status };
        let written = reply.keep(keep, &done)?.commit().await?;
        Ok(written.ok().map(|()| Some(done)))
    })
    .await
}

/// The time of the next change: now, but at least a millisecond after the last change, whatever the instances' clocks
/// say. Ids of messages and events begin with it, so they sort in the order of the changes.
fn next_moment(ticket: &Ticket) -> Timestamp {
    Timestamp::now().max(ticket.updated_at.plus_millis(1))
}

/// The event, if the status changes.
fn status_change(ticket: &Ticket, to: Status) -> Option<Event<'_>> {
    let from = ticket.status;
    (from != to).then_some(Event::TicketStatusChanged { ticket, from, to })
}

/// The ticket with this token. `None` if there is none.
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
