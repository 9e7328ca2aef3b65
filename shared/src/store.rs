//! Everything that is kept, in one DynamoDB table.
//!
//! # The items
//!
//! | item | `pk` | `sk` | attributes |
//! |---|---|---|---|
//! | key | `KEY#{SHA-256 of the key}` | `KEY` | `accountId` `keyId` `opened` `calls` |
//! | listing of a key | `ACC#{accountId}` | `KEY#{keyId}` | `name` `keyPrefix` `keyHash` `createdAt` `lastUsedAt`? |
//! | user | `USER#{SHA-256 of workspace and sub}` | `USER` | `opened` `calls` `expiresAt` |
//! | portal session | `SESSION#{SHA-256 of its id}` | `SESSION` | `accountId` `sub` `email`? `name`? `createdAt` `lastSeenAt` `opened` `calls` `leased` `userRemaining` `expiresAt` |
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
//! | recognise and count a caller, window open | 1 | 1 W | [`rate_windows`] |
//! | the same for a key, once a minute at most: the window turns | 2 | 1 W + 4 W | [`rate_windows`] |
//! | the same for a user, an address | 2 | 1 W + 1 W, a user's first time 4 W | [`rate_windows`] |
//! | recognise and count a session that has calls left of those it drew | 1 | 1 W | [`sessions`] |
//! | the same where it draws: first in a minute, at the eleventh call, at every hundredth after | 3 | 1 W + 1 R + 4 W | [`sessions`] |
//! | mint a session, in place of another, end it | 1, 1, 1 | 6 W, 8 W, 2 W | [`sessions`] |
//! | refund a submission whose form was wrong | 1 | 1 W | [`submissions`] |
//! | refuse a caller that is over the limit, or a key that does not exist | 1 | 1 W | [`rate_windows`] |
//! | the same for a session whose user's limit others used up, once a minute | 3 | 2 W + 1 R | [`sessions`] |
//! | refuse a write with a session that another site sent | 0 | | `auth::session` |
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
//! | health | 1 | 0.5 R | `reads` |
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
//! A handler has no [`database::Database`]. It is given a [`workspace::Workspace`], which only the pipeline makes, for the
//! workspace of a caller that was recognised, and every access begins from it; or a
//! [`public_form::PublicForm`], which leads to the one ticket whose token was presented.

pub mod address_windows;
pub mod api_keys;
mod attributes;
pub mod bounded_collection;
pub(crate) mod caller_windows;
pub mod canned_replies;
pub(crate) mod capacity_meter;
mod conditional_update;
pub mod database;
pub(crate) mod outbox;
pub mod public_form;
pub(crate) mod rate_windows;
mod reads;
mod retry;
pub(crate) mod session_calls;
pub(crate) mod sessions;
pub(crate) mod submissions;
mod tags;
mod ticket_items;
pub mod ticket_list;
pub mod tickets;
mod transaction;
pub mod workspace;
pub mod workspaces;
