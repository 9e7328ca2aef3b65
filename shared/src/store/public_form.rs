//! What a client without a credential can do: submit a ticket to a workspace, and read and answer the one ticket whose
//! token it presents.

use std::fmt;

use crate::{
    domain::{
        ticket::{AuthorType, Message, NewMessage, NewTicket, Reply, Status, Thread, Ticket},
        ticket_token::TicketToken,
    },
    ids::{MessageId, TicketId, WorkspaceId},
    store::{
        database::Database,
        done_once::Keep,
        store_error::StoreError,
        tickets,
        transaction::{keep_alone, until_unchanged},
        workspaces,
    },
    time::Timestamp,
};

/// The table's side of the public form.
pub struct PublicForm(Database);

impl fmt::Debug for PublicForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicForm")
    }
}

/// The ticket whose token was presented. The token's holder can reach nothing else.
#[derive(Debug)]
pub struct TicketByToken<'a> {
    database: &'a Database,
    workspace: WorkspaceId,
    id: TicketId,
}

impl PublicForm {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }

    /// Creates a ticket. `None` if the workspace does not exist.
    pub async fn submit(
        &self,
        workspace: &WorkspaceId,
        new: &NewTicket,
        keep: Keep<'_, Ticket>,
    ) -> Result<Option<Ticket>, StoreError> {
        let database = &self.0;
        until_unchanged(database, async || {
            let Some(tally) = workspaces::tally(database, workspace).await? else {
                return Ok(Some(None));
            };
            let last = tally.tickets;
            let created = tickets::create_after(database, workspace, last, new, &keep).await?;
            Ok(created.map(Some))
        })
        .await
    }

    /// Returns what [`Self::submit`] would, but creates no ticket.
    pub async fn pretend_to_submit(
        &self,
        workspace: &WorkspaceId,
        new: &NewTicket,
        keep: Keep<'_, Ticket>,
    ) -> Result<Option<Ticket>, StoreError> {
        let Some(tally) = workspaces::tally(&self.0, workspace).await? else {
            return Ok(None);
        };
        let now = Timestamp::now();
        let ticket = tickets::new_ticket(workspace, tally.tickets + 1, new, now);
        keep_alone(&self.0, &keep, &ticket).await?;
        Ok(Some(ticket))
    }

    /// The ticket with this token, which may be any text. `None` if there is no such ticket.
    pub async fn ticket(&self, token: &str) -> Result<Option<TicketByToken<'_>>, StoreError> {
        let found = match TicketToken::parse(token) {
            Some(token) => tickets::ticket_of(&self.0, &token.hash()).await?,
            None => None,
        };
        Ok(found.map(|(workspace, id)| TicketByToken {
            database: &self.0,
            workspace,
            id,
        }))
    }
}

impl TicketByToken<'_> {
    pub(crate) fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// The ticket and its messages, without internal notes.
    pub async fn thread(&self) -> Result<Thread, StoreError> {
        let thread = tickets::thread(self.database, &self.workspace, &self.id).await?;
        let mut thread = thread.ok_or_else(no_ticket_behind_a_token)?;
        thread.messages.retain(|message| !message.is_internal);
        Ok(thread)
    }

    /// Adds a message from the requester. The ticket's status becomes open.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLarge`] if the thread has no room for the message.
    pub async fn reply(&self, body: &str, keep: Keep<'_, Reply>) -> Result<Reply, StoreError> {
        let new = NewMessage {
            author_type: AuthorType::Requester,
            author_sub: None,
            author_name: None,
            body: body.to_owned(),
            is_internal: false,
        };
        let reply = tickets::reply(self.database, &self.workspace, &self.id, &new, &keep).await?;
        reply.ok_or_else(no_ticket_behind_a_token)
    }

    /// Returns what [`Self::reply`] would, but adds no message.
    pub async fn pretend_to_reply(
        &self,
        body: &str,
        keep: Keep<'_, Reply>,
    ) -> Result<Reply, StoreError> {
        let now = Timestamp::now();
        let message = Message {
            id: MessageId::new(now),
            ticket_id: self.id.clone(),
            author_type: AuthorType::Requester,
            author_sub: None,
            author_name: None,
            body: body.to_owned(),
            is_internal: false,
            created_at: now,
            attachments: [],
        };
        let status = Status::Open;
        let reply = Reply { message, status };
        keep_alone(self.database, &keep, &reply).await?;
        Ok(reply)
    }
}

/// A ticket and its token are created together, and nothing deletes either.
fn no_ticket_behind_a_token() -> StoreError {
    StoreError::because("read a ticket", "a token's ticket is not there")
}
