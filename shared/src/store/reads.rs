//! Reads of items, partitions and indexes.
//!
//! A [`TableReader`] cannot write. Endpoints that only read have nothing else, so they may run before it is decided
//! whether the caller is admitted: see [`crate::endpoint::read_ahead`].

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{
    Client,
    operation::query::{QueryOutput, builders::QueryFluentBuilder},
    types::{KeysAndAttributes, ReturnConsumedCapacity},
};

use crate::store::{
    attributes::{self, Item},
    capacity_meter::CapacityMeter,
    retry::pause,
    sent,
    store_error::StoreError,
    ticket_indexes::TicketIndexes,
};

/// Selects items of a partition by their sort keys.
#[derive(Clone, Copy)]
pub(super) enum Sort<'a> {
    BeginsWith(&'a str),
    From(&'a str),
}

/// A retry needs at least this much of the request's time: as long as one attempt of a call may take (see
/// [`crate::aws::clients`]), and some for the response. A request that is cut off during a retry cannot tell whether it
/// wrote anything.
const MIN_TIME_FOR_RETRY: Duration = Duration::from_millis(1200);

/// The table, with the meter and the deadline of the request that reads it.
#[derive(Clone)]
pub(crate) struct TableReader {
    /// Private to this file, because it can also write.
    client: Client,
    pub(super) table: Arc<str>,
    pub(super) ticket_indexes: TicketIndexes,
    pub(super) meter: Arc<CapacityMeter>,
    deadline: Instant,
}

impl fmt::Debug for TableReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TableReader").field(&self.table).finish()
    }
}

impl TableReader {
    pub(super) fn new(client: Client, table: &str) -> Self {
        Self {
            client,
            table: table.into(),
            ticket_indexes: TicketIndexes::default(),
            meter: Arc::default(),
            deadline: Instant::now(),
        }
    }

    pub(super) fn with_ticket_indexes(self, ticket_indexes: TicketIndexes) -> Self {
        Self {
            ticket_indexes,
            ..self
        }
    }

    /// The same table, for one request.
    pub(super) fn of_request(&self, meter: &Arc<CapacityMeter>, deadline: Instant) -> Self {
        Self {
            meter: Arc::clone(meter),
            deadline,
            ..self.clone()
        }
    }

    /// Whether the request has time for a retry.
    pub(crate) fn may_try_again(&self) -> bool {
        self.has_time_after(Duration::ZERO)
    }

    /// How long this request may still take, in milliseconds.
    pub(super) fn millis_left(&self) -> i64 {
        let left = self.deadline.saturating_duration_since(Instant::now());
        i64::try_from(left.as_millis()).unwrap_or(i64::MAX)
    }

    /// Whether the request has time for a retry after this wait.
    pub(super) fn has_time_after(&self, wait: Duration) -> bool {
        Instant::now() + wait + MIN_TIME_FOR_RETRY < self.deadline
    }

    /// Pauses after this many attempts. Returns whether there is time for another attempt.
    pub(crate) async fn pause_to_try_again(&self, attempt: u32) -> bool {
        if !self.may_try_again() {
            return false;
        }
        pause(attempt).await;
        self.may_try_again()
    }

    /// Reads an item, strongly consistent. 1 unit for every 4 KB.
    pub(super) async fn get(&self, attempted: &str, key: Item) -> Result<Option<Item>, StoreError> {
        self.get_item(attempted, key, true).await
    }

    /// Fails if the table does not answer. Reads an item that does not exist, for half a unit.
    pub(crate) async fn answers(&self) -> Result<(), StoreError> {
        let nothing = attributes::key("HEALTH", "HEALTH");
        self.get_item("health", nothing, false).await.map(drop)
    }

    async fn get_item(
        &self,
        attempted: &str,
        key: Item,
        consistent: bool,
    ) -> Result<Option<Item>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key))
            .consistent_read(consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let read = self
            .meter
            .call(sent::get(read))
            .await
            .map_err(|e| StoreError::new(attempted, &e))?;
        self.meter.read(read.consumed_capacity());
        Ok(read.item)
    }

    /// Reads the items with these keys, at most 100, strongly consistent. Returns those that exist, in any order. 1
    /// unit for every 4 KB of each item.
    pub(super) async fn get_all(
        &self,
        attempted: &str,
        keys: Vec<Item>,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::with_capacity(keys.len());
        let mut wanted = keys;
        for attempt in 1.. {
            if wanted.is_empty() {
                break;
            }
            let of_table = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true)
                .build()
                .map_err(|e| StoreError::because(attempted, &e.to_string()))?;
            let read = self
                .client
                .batch_get_item()
                .request_items(&*self.table, of_table)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let read = self
                .meter
                .call(sent::get_all(read))
                .await
                .map_err(|e| StoreError::new(attempted, &e))?;
            self.meter.read(read.consumed_capacity());
            items.extend(read.responses.unwrap_or_default().into_values().flatten());
            // The service may leave some keys unprocessed ("BatchGetItem", DynamoDB API reference).
            let left = read.unprocessed_keys.unwrap_or_default().into_values();
            wanted = left.flat_map(|left| left.keys).collect();
            if !wanted.is_empty() && !self.pause_to_try_again(attempt).await {
                return Err(StoreError::because(attempted, "the table is busy"));
            }
        }
        Ok(items)
    }

    /// Reads items of a partition, strongly consistent, in the order of their sort keys. 1 unit for every 4 KB and one
    /// request for every 1 MB; usually that is one request.
    pub(super) async fn read_partition(
        &self,
        attempted: &str,
        partition: &str,
        sort: Sort<'_>,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let take = |page| {
            items.extend::<Vec<_>>(page);
            Ok(())
        };
        self.read_pages(attempted, partition, sort, take).await?;
        Ok(items)
    }

    /// Like [`TableReader::read_partition`], but hands each page to `take` and stops at its first error. For partitions
    /// that may be too large for memory.
    pub(super) async fn read_pages(
        &self,
        attempted: &str,
        partition: &str,
        sort: Sort<'_>,
        mut take: impl FnMut(Vec<Item>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (condition, sort) = match sort {
            Sort::BeginsWith(prefix) => ("pk = :pk AND begins_with(sk, :sk)", prefix),
            Sort::From(first) => ("pk = :pk AND sk >= :sk", first),
        };
        let mut after = None;
        loop {
            let page = self
                .client
                .query()
                .key_condition_expression(condition)
                .expression_attribute_values(":pk", attributes::text(partition))
                .expression_attribute_values(":sk", attributes::text(sort))
                .consistent_read(true)
                .set_exclusive_start_key(after);
            let page = self.query(attempted, page).await?;
            take(page.items.unwrap_or_default())?;
            match page.last_evaluated_key {
                Some(key) => after = Some(key),
                None => return Ok(()),
            }
        }
    }

    /// A query to send with [`TableReader::query`].
    pub(super) fn new_query(&self) -> QueryFluentBuilder {
        self.client.query()
    }

    pub(super) async fn query(
        &self,
        attempted: &str,
        query: QueryFluentBuilder,
    ) -> Result<QueryOutput, StoreError> {
        let page = query
            .table_name(&*self.table)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let page = self.meter.call(sent::query(page)).await;
        let page = page.map_err(|e| StoreError::new(attempted, &e))?;
        self.meter.read(page.consumed_capacity());
        Ok(page)
    }
}
