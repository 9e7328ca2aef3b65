//! The table, with the meter and the deadline of the request that uses it.

use std::{fmt, ops::Deref, sync::Arc, time::Instant};

use aws_sdk_dynamodb::Client;

use crate::store::{
    capacity_meter::CapacityMeter, reads::TableReader, ticket_indexes::TicketIndexes,
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
