//! Everything that is kept, in one DynamoDB table.
//!
//! # The table
//!
//! | item | `pk` | `sk` | attributes |
//! |---|---|---|---|
//! | key | `KEY#{SHA-256 of the key}` | `KEY` | `accountId` `keyId` `opened` `calls` |
//! | listing of a key | `ACC#{accountId}` | `KEY#{keyId}` | `name` `keyPrefix` `keyHash` `createdAt` `lastUsedAt`? |
//! | workspace | `ACC#{accountId}` | `WORKSPACE` | `keyCount` `createdAt` |
//! | user | `USER#{SHA-256 of workspace and sub}` | `USER` | `opened` `calls` `expiresAt` |
//!
//! Moments are numbers of milliseconds, but for `expiresAt`, the table's TTL attribute, in seconds.
//! Every item is well below 1 KB, so that a write costs 1 unit, and 2 in a transaction.
//!
//! What an outsider presents finds its item by a hash, which spreads callers over the table's
//! partitions and makes a leaked table open nothing. What a workspace owns shares the workspace's
//! partition, so that a list is one query. Nothing is read through an index, and every read is
//! strongly consistent: what one request wrote, the next one finds, on every instance.
//!
//! # What each access costs
//!
//! | access | requests | units | where |
//! |---|---|---|---|
//! | recognise and count a caller, window open | 1 | 1 W | [`windows`] |
//! | the same for a key, once a minute at most: the window turns | 2 | 1 W + 4 W | [`windows`] |
//! | the same for a user | 2 | 1 W + 1 W | [`windows`] |
//! | refuse a caller that is over the limit, or a key that does not exist | 1 | 1 W | [`windows`] |
//! | create a key | 1 | 6 W: key, listing, workspace | [`api_keys`] |
//! | list a workspace's keys | 1 | 1 R for every 4 KB, that is for about 20 keys with short names | [`api_keys`] |
//! | revoke a key | 2 | 1 R + 6 W | [`api_keys`] |
//! | health | 1 | 0.5 R | here |
//!
//! # Where the ceilings are
//!
//! A partition takes 1,000 write units a second ("Best practices for designing and using partition
//! keys", DynamoDB developer guide). One key therefore stops at 1,000 calls a second, 30 times its
//! limit of 2,000 a minute; different keys do not share a partition key and do not add up. The
//! workspace's partition sees 2 units a minute per active key (the listing's stamp) and 4 per creation
//! or revocation.
//!
//! # Who may come here
//!
//! A handler has no [`Database`]. It is given a [`Workspace`], which only the pipeline makes, for the
//! workspace of a caller that was recognised; every access begins from it.

pub mod api_keys;
pub(crate) mod client;
mod item;
mod transaction;
pub(crate) mod windows;
mod workspaces;

use std::{fmt, sync::Arc};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::ReturnConsumedCapacity,
};

use crate::{
    error::{ApiError, Cause},
    ids::WorkspaceId,
    meter::Meter,
    store::api_keys::ApiKeys,
};

/// The table, and the meter of the request that uses it.
#[derive(Clone)]
pub(crate) struct Database {
    client: Client,
    table: Arc<str>,
    meter: Arc<Meter>,
}

impl Database {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self {
            client,
            table: table.into(),
            meter: Arc::default(),
        }
    }

    /// The same table with a meter of its own, for one request.
    pub(crate) fn metered(&self, meter: &Arc<Meter>) -> Self {
        Self {
            meter: Arc::clone(meter),
            ..self.clone()
        }
    }

    /// Reads an item that does not exist, at half a unit: whether the table answers is all that counts.
    pub(crate) async fn answers(&self) -> Result<(), StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(item::key("HEALTH", "HEALTH")))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send();
        let read = self
            .meter
            .call(read)
            .await
            .map_err(|e| StoreError::new("health", &e))?;
        self.meter.read(read.consumed_capacity());
        Ok(())
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

    /// The workspace's API keys.
    #[must_use]
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys::of(self)
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Workspace").field(&self.id).finish()
    }
}

/// The table did not answer, or not as it must. Nothing a caller did leads here.
#[derive(Debug)]
pub struct StoreError(Cause);

impl StoreError {
    fn new<E, R>(attempted: &str, error: &SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        Self(match error.as_service_error() {
            // The service's own words; its `Display` says no more than "service error".
            Some(service) => Cause::of(attempted, &format!("{}", service.meta())),
            None => Cause::new(attempted, error),
        })
    }

    fn because(attempted: &str, what: &str) -> Self {
        Self(Cause::of(attempted, what))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<StoreError> for ApiError {
    fn from(StoreError(cause): StoreError) -> Self {
        Self::internal(cause)
    }
}
