//! Everything that is kept, in one DynamoDB table.
//!
//! # The items
//!
//! | item | `pk` | `sk` | attributes |
//! |---|---|---|---|
//! | key | `KEY#{SHA-256 of the key}` | `KEY` | `accountId` `keyId` `opened` `calls` |
//! | listing of a key | `ACC#{accountId}` | `KEY#{keyId}` | `name` `keyPrefix` `keyHash` `createdAt` `lastUsedAt`? |
//! | user | `USER#{SHA-256 of workspace and sub}` | `USER` | `opened` `calls` `expiresAt` |
//! | portal session | `SESSION#{SHA-256 of its id}` | `SESSION` | `accountId` `sub` `email`? `name`? `createdAt` `lastSeenAt` `opened` `calls` `drawn` `userHasLeft` `expiresAt` |
//! | sign-in that was used | `SIGNIN#{SHA-256 of its state}` | `SIGNIN` | `expiresAt` |
//! | client address | `ADDRESS#{keyed hash}` | `ADDRESS` | `opened` `calls`, the same of its submissions, `expiresAt` |
//! | workspace | `ACC#{accountId}` | `WORKSPACE` | `createdAt` `keyCount` `tickets` `openTickets` `pendingTickets`… |
//! | ticket | `ACC#{accountId}#{ticketId}` | `TICKET` | the contract's, `accountStatus` `activity` `revision` `threadBytes` |
//! | message | `ACC#{accountId}#{ticketId}` | `MSG#{messageId}` | `authorType` `authorSub`? `authorName`? `body` `isInternal` `createdAt` |
//! | a ticket's token | `TICKETTOKEN#{SHA-256 of it}` | `TICKETTOKEN` | `accountId` `ticketId` |
//! | tag | `ACC#{accountId}` | `TAG#{tag}` | `tickets`: how many have it |
//! | canned reply | `ACC#{accountId}` | `CANNED#{id}` | `title` `body` `createdAt` `updatedAt` `revision` |
//! | canned replies' size | `ACC#{accountId}` | `CANNED` | `bytesUsed` |
//! | event | `ACC#{accountId}#EVENTS` | `{eventId}` | `type` `occurredAt` `accountId` `data` `expiresAt` |
//!
//! | index | by | then by | holds |
//! |---|---|---|---|
//! | `ByActivity` | `accountId` | `activity` | of each ticket, what lists filter by |
//! | `ByStatus` | `accountStatus`: workspace and status | `activity` | the same |
//!
//! Moments are numbers of milliseconds, but for `expiresAt`, the table's TTL attribute, in seconds, and for `activity`,
//! which is a text: the last message's moment and the ticket's id, so that no two tickets are beside each other.
//!
//! What an outsider presents finds its item by a hash, which spreads callers over the table's
//! partitions and makes a leaked table open nothing; the one exception is a ticket's token, which agents may see and
//! which the ticket's item holds. What a workspace owns shares the workspace's partition, so that a list is one query;
//! but for tickets, of which there are many: each has a partition, with its messages. Every read starts from a workspace,
//! and every read but the lists' way through an index and the search in messages is strongly consistent: what one request wrote, the next
//! one finds, on every instance.
//!
//! # What each access costs
//!
//! Recognising and counting the caller comes first, whatever the call is. R is a read unit (4 KB), W a write unit (1 KB,
//! twice that in a transaction). Items are below 1 KB, but for a message of `k` KB.
//!
//! | access | requests | units | where |
//! |---|---|---|---|
//! | recognise and count a caller, window open | 1 | 1 W | [`windows`] |
//! | the same for a key, once a minute at most: the window turns | 2 | 1 W + 4 W | [`windows`] |
//! | the same for a user, an address | 2 | 1 W + 1 W, a user's first time 4 W | [`windows`] |
//! | recognise and count a session that has calls left of those it drew | 1 | 1 W | [`sessions`] |
//! | the same where it draws: first in a minute, at the eleventh call, at every hundredth after | 3 | 1 W + 1 R + 4 W | [`sessions`] |
//! | mint a session, in place of another, end it | 1, 1, 1 | 6 W, 8 W, 2 W | [`sessions`] |
//! | refund a submission whose form was wrong | 1 | 1 W | [`submissions`] |
//! | refuse a caller that is over the limit, or a key that does not exist | 1 | 1 W | [`windows`] |
//! | the same for a session whose user's limit others used up, once a minute | 3 | 2 W + 1 R | [`sessions`] |
//! | refuse a write with a session that another site sent | 0 | | `credentials::session` |
//! | find that a sign-in is done, where its answer comes twice | 1, up to 6 where it is not | 1 R each | [`sessions`] |
//! | create a key | 1 | 6 W: key, listing, workspace | [`api_keys`] |
//! | list a workspace's keys | 1 | 1 R for every 4 KB, that is for about 20 keys with short names | [`api_keys`] |
//! | revoke a key | 2 | 1 R + 6 W | [`api_keys`] |
//! | create a ticket | 2 | 1 R + 10 W + 2 W · k: workspace, ticket, message, token, event; indexes | [`tickets`] |
//! | read a ticket | 1, one more for each MB | 1 R for every 4 KB of ticket and messages | [`tickets`] |
//! | reply | 2 | 1 R + 8 W + 2 W · k: ticket, message, event; indexes | [`tickets`] |
//! | the status moves | | 4 W more: workspace, event | [`tickets`] |
//! | change a ticket | 2 | 1 R + 4 W: ticket; indexes | [`tickets`] |
//! | a tag comes, goes | 0, 1 at the same time | 2 W, 1 R + 2 W | [`tags`] |
//! | list `n` tickets, plain or by status | 3: index and workspace at the same time, tickets | n / 25 R, 1 R, n R | [`ticket_list`] |
//! | list by another filter | 3, more where little matches | up to 128 R of index, beside 1 R and n R | [`ticket_list`] |
//! | search | as a filter, and one for each thread | up to 128 R | [`ticket_list`] |
//! | list tags | 1 | 1 R for every 4 KB, that is for about 60 tags | [`tags`] |
//! | list canned replies | 1, one more for each MB | 1 R for every 4 KB | [`canned_replies`] |
//! | create, change, delete one | 1, 2, 2 | 4 W, and 1 R to change or delete | [`canned_replies`] |
//! | find a ticket by its token | 1 | 1 R, beside what is done with it | [`public_form`] |
//! | health | 1 | 0.5 R | `reading` |
//!
//! # Where the ceilings are
//!
//! A partition takes 1,000 write units a second ("Best practices for designing and using partition
//! keys", DynamoDB developer guide). One key therefore stops at 1,000 calls a second, 30 times its
//! limit of 2,000 a minute; different keys do not share a partition key and do not add up. The
//! workspace's partition sees 2 units a minute per active key (the listing's stamp), and 2 to 6 for a creation or a
//! status move; what bounds these is not units but that they write the workspace's one item, one after another: see
//! [`tickets`].
//!
//! # Who may come here
//!
//! A handler has no [`Database`]. It is given a [`Workspace`], which only the pipeline makes, for the
//! workspace of a caller that was recognised, and every access begins from it; or a
//! [`public_form::PublicForm`], which leads to the one ticket whose token was presented.

pub mod api_keys;
pub mod canned_replies;
mod item;
pub(crate) mod outbox;
pub mod public_form;
mod reading;
pub(crate) mod sessions;
pub(crate) mod submissions;
mod tags;
pub mod ticket_list;
pub mod tickets;
mod transaction;
pub(crate) mod windows;
pub mod workspaces;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
};
use serde::Serialize;

use crate::{
    error::{ApiError, Cause},
    exchange::Exchange,
    ids::WorkspaceId,
    meter::Meter,
    store::{api_keys::ApiKeys, canned_replies::CannedReplies, tickets::Tickets},
};

/// How much of a request's time there must be to try something again: as much as a call of the table may take (see
/// [`crate::aws`]), and some for the answer. Who is cut off in a try does not know what came of it.
const A_TRY_TAKES: Duration = Duration::from_millis(1200);

/// The table, and the request that uses it: its meter and its time.
#[derive(Clone)]
pub(crate) struct Database {
    client: Client,
    table: Arc<str>,
    meter: Arc<Meter>,
    deadline: Instant,
}

impl Database {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self {
            client,
            table: table.into(),
            meter: Arc::default(),
            deadline: Instant::now(),
        }
    }

    /// The same table, for one request.
    pub(crate) fn of_request(&self, exchange: &Exchange) -> Self {
        Self {
            meter: Arc::clone(exchange.meter()),
            deadline: exchange.deadline(),
            ..self.clone()
        }
    }

    /// Whether the request has time to try something once more.
    fn may_try_again(&self) -> bool {
        self.has_time_after(Duration::ZERO)
    }

    /// The same, after so long a wait.
    fn has_time_after(&self, wait: Duration) -> bool {
        Instant::now() + wait + A_TRY_TAKES < self.deadline
    }

    /// Pauses after so many attempts, and says whether there is time for another one.
    async fn pause_to_try_again(&self, attempt: u32) -> bool {
        if !self.may_try_again() {
            return false;
        }
        transaction::pause(attempt).await;
        self.may_try_again()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.table).finish()
    }
}

/// The data of one workspace: all that a handler can reach.
#[derive(Clone)]
pub struct Workspace {
    id: WorkspaceId,
    database: Database,
}

impl Workspace {
    /// Only for a caller that was recognised; see [`crate::credentials`].
    pub(crate) fn new(id: WorkspaceId, database: Database) -> Self {
        Self { id, database }
    }

    /// What it is called.
    #[must_use]
    pub fn id(&self) -> &WorkspaceId {
        &self.id
    }

    /// The workspace's API keys.
    #[must_use]
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys::of(self)
    }

    /// The workspace's tickets.
    #[must_use]
    pub fn tickets(&self) -> Tickets<'_> {
        Tickets(self)
    }

    /// The workspace's canned replies.
    #[must_use]
    pub fn canned_replies(&self) -> CannedReplies<'_> {
        CannedReplies(self)
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Workspace").field(&self.id).finish()
    }
}

/// Why an access to the table came to nothing. Nothing is wrong with what the caller sent, by itself.
#[derive(Debug)]
pub enum StoreError {
    /// The table did not answer, or not as it must. What was to be written is written whole or not at all.
    Failed(Cause),
    /// Others kept changing the same items at the same moment, for as long as the call had; nothing was done.
    Contended,
    /// What is read as a whole would no longer fit into one answer; nothing was done.
    Full(Whole),
}

/// What is read as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// The messages of a ticket.
    Thread,
    /// The canned replies of a workspace.
    CannedReplies,
    /// The tags of a workspace.
    Tags,
}

impl Whole {
    /// How many bytes it may come to, as Lambda counts them: JSON, in the response's JSON. A response is at most 6 MB
    /// ("Lambda quotas"), and what could still be written to and no longer be read would be lost.
    const MAX_BYTES: i64 = 5_500_000;

    /// How many of these bytes a part of it takes.
    fn bytes_of(part: &impl Serialize) -> i64 {
        let wire = serde_json::to_string(part).and_then(|json| serde_json::to_string(&json));
        let bytes = wire.ok().and_then(|wire| i64::try_from(wire.len()).ok());
        // What cannot be written does not fit.
        bytes.unwrap_or(Self::MAX_BYTES + 1)
    }
}

impl StoreError {
    fn new<E, R>(attempted: &str, error: &SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        Self::Failed(Cause::of_service(attempted, error))
    }

    fn because(attempted: &str, what: &str) -> Self {
        Self::Failed(Cause::of(attempted, what))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(cause) => cause.fmt(f),
            Self::Contended => f.write_str("other writes were always in the way"),
            Self::Full(whole) => write!(f, "{whole:?} is full"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(cause) => Some(cause),
            Self::Contended | Self::Full(_) => None,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(cause) => Self::internal(cause),
            StoreError::Contended => Self::contended(),
            StoreError::Full(Whole::Thread) => {
                Self::conflict("The ticket is too long to take another message. Open a new one.")
            }
            StoreError::Full(Whole::CannedReplies) => Self::conflict(
                "The workspace's canned replies are too long to take more. Delete one that is not used.",
            ),
            StoreError::Full(Whole::Tags) => Self::conflict(
                "The workspace has more tags than fit into one answer. Take some off its tickets.",
            ),
        }
    }
}
