//! The table, with the meter and the deadline of the request that uses it; and the store's errors.

use std::{fmt, ops::Deref, sync::Arc, time::Instant};

use crate::{
    error::Cause,
    store::{
        bounded_collection::BoundedCollection, capacity_meter::CapacityMeter, reads::TableReader,
        ticket_indexes::TicketIndexes,
    },
};
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
};

/// Reads and writes. All of its reads are those of [`TableReader`].
#[derive(Clone)]
pub(crate) struct Database {
    pub(super) client: Client,
    reader: TableReader,
}

impl Deref for Database {
    type Target = TableReader;

    fn deref(&self) -> &TableReader {
        &self.reader
    }
}

impl Database {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        let reader = TableReader::new(client.clone(), table);
        Self { client, reader }
    }

    /// The same table, of which lists of tickets read these indexes.
    pub(crate) fn with_ticket_indexes(self, ticket_indexes: TicketIndexes) -> Self {
        Self {
            reader: self.reader.with_ticket_indexes(ticket_indexes),
            ..self
        }
    }

    /// The same table, for one request. Without this call there is no time for retries.
    pub(crate) fn of_request(&self, meter: &Arc<CapacityMeter>, deadline: Instant) -> Self {
        Self {
            client: self.client.clone(),
            reader: self.reader.of_request(meter, deadline),
        }
    }

    /// What reads, and cannot write.
    pub(crate) fn reader(&self) -> &TableReader {
        &self.reader
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.table).finish()
    }
}

/// Why an access to the table failed. The caller's input by itself was valid.
#[derive(Debug)]
pub enum StoreError {
    /// The table did not answer, or holds an item that this project did not write. A transaction was written completely
    /// or not at all; it is unknown which.
    Failed(Cause),
    /// Other requests kept changing the same items until the request's time was up. Nothing was done.
    Contended,
    /// The collection would no longer fit into one response. Nothing was done.
    TooLarge(BoundedCollection),
    /// A call with the same idempotency key was done before, or is being done. This time, nothing was done.
    DoneBefore,
}

impl StoreError {
    pub(super) fn new<E, R>(attempted: &str, error: &SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        Self::Failed(Cause::of_service(attempted, error))
    }

    pub(super) fn because(attempted: &str, what: &str) -> Self {
        Self::Failed(Cause::of(attempted, what))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(cause) => cause.fmt(f),
            Self::Contended => f.write_str("other writes were always in the way"),
            Self::TooLarge(collection) => write!(f, "{collection:?} is full"),
            Self::DoneBefore => f.write_str("a call with this key was done before"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(cause) => Some(cause),
            Self::Contended | Self::TooLarge(_) | Self::DoneBefore => None,
        }
    }
}
