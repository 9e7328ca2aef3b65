//! What a stranger can reach: a workspace to submit a ticket to, and the one ticket whose token they hold.

use std::fmt;

use crate::{
    domain::{
        ticket::{AuthorType, NewMessage, NewTicket, Reply, Thread, Ticket},
        ticket_token::TicketToken,
    },
    ids::{TicketId, WorkspaceId},
    store::{
        database::{Database, StoreError},
        tickets,
        transaction::until_unchanged,
        workspaces,
    },
};

/// The table, as far as the public form goes.
pub struct PublicForm(Database);

impl fmt::Debug for PublicForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicForm")
    }
}

/// A ticket whose token was presented: all that its holder can reach.
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

    /// Creates a ticket in a workspace that somebody knows; `None` where nobody does.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where others are in the way, or the table does not answer.
    pub async fn submit(
        &self,
        workspace: &WorkspaceId,
        new: &NewTicket,
    ) -> Result<Option<Ticket>, StoreError> {
        let database = &self.0;
        until_unchanged(database, async || {
            let Some(tally) = workspaces::tally(database, workspace).await? else {
                return Ok(Some(None));
            };
            let created = tickets::create_after(database, workspace, tally.tickets, new).await?;
            Ok(created.map(Some))
        })
        .await
    }

    /// The number that the workspace's next ticket gets; `None` where nobody knows the workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table does not answer.
    pub async fn next_number(&self, workspace: &WorkspaceId) -> Result<Option<u32>, StoreError> {
        let tally = workspaces::tally(&self.0, workspace).await?;
        Ok(tally.map(|tally| tally.tickets + 1))
    }

    /// The ticket that a token is for, whatever a caller presents as one; `None` where it is for none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table does not answer.
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
    /// The ticket with its messages, but for internal notes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table does not answer.
    pub async fn thread(&self) -> Result<Thread, StoreError> {
        let thread = tickets::thread(self.database, &self.workspace, &self.id).await?;
        let mut thread = thread.ok_or_else(no_ticket_behind_a_token)?;
        thread.messages.retain(|message| !message.is_internal);
        Ok(thread)
    }

    /// Adds a message of the requester's, which opens the ticket.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the thread is full, others are in the way, or the table does not answer.
    pub async fn reply(&self, body: &str) -> Result<Reply, StoreError> {
        let new = NewMessage {
            author_type: AuthorType::Requester,
            author_sub: None,
            author_name: None,
            body: body.to_owned(),
            is_internal: false,
        };
        let reply = tickets::reply(self.database, &self.workspace, &self.id, &new).await?;
        reply.ok_or_else(no_ticket_behind_a_token)
    }
}

/// They are created together, and nothing deletes either.
fn no_ticket_behind_a_token() -> StoreError {
    StoreError::because("read a ticket", "a token's ticket is not there")
}
