//! What a client without a credential can do: submit a ticket to a workspace, and read and answer the one ticket whose
//! token it presents.

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

    /// The number of the workspace's next ticket. `None` if the workspace does not exist.
    pub async fn next_number(&self, workspace: &WorkspaceId) -> Result<Option<u32>, StoreError> {
        let tally = workspaces::tally(&self.0, workspace).await?;
        Ok(tally.map(|tally| tally.tickets + 1))
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

/// A ticket and its token are created together, and nothing deletes either.
fn no_ticket_behind_a_token() -> StoreError {
    StoreError::because("read a ticket", "a token's ticket is not there")
}
