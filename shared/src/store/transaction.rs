//! Several writes that are done together or not at all.

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
        builders::{DeleteBuilder, PutBuilder, TransactWriteItemBuilder, UpdateBuilder},
    },
};

use crate::{
    random,
    store::{
        database::Database, done_once::Keep, reads::TableReader, sent, store_error::StoreError,
    },
};

pub(super) struct Transaction<'a> {
    database: &'a Database,
    attempted: &'static str,
    writes: Vec<TransactWriteItem>,
    /// The position of the call's record, if it is kept.
    record: Option<usize>,
    /// Identifies this transaction to the service, which does not apply it twice when it is sent again: by the SDK
    /// after a lost response, or by us after a conflict.
    token: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The conditions of the writes at these positions failed. Nothing was written.
    Condition(Vec<usize>),
    /// Another write to one of the items was in progress. Nothing was written.
    Conflict,
    /// The service was too busy; or it is still processing this very transaction, which may yet be written.
    Busy,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(database: &'a Database, attempted: &'static str) -> Self {
        let token = base16ct::lower::encode_string(&random::bytes::<16>());
        Self {
            database,
            attempted,
            writes: Vec::with_capacity(3),
            record: None,
            token,
        }
    }

    pub(super) fn put(self, put: PutBuilder) -> Result<Self, StoreError> {
        let put = put.table_name(&*self.database.table).build();
        self.add(put, |item, put: Put| item.put(put))
    }

    pub(super) fn update(self, update: UpdateBuilder) -> Result<Self, StoreError> {
        let update = update.table_name(&*self.database.table).build();
        self.add(update, |item, update: Update| item.update(update))
    }

    pub(super) fn delete(self, delete: DeleteBuilder) -> Result<Self, StoreError> {
        let delete = delete.table_name(&*self.database.table).build();
        self.add(delete, |item, delete: Delete| item.delete(delete))
    }

    /// Keeps the answer to the call, if it has an idempotency key.
    pub(super) fn keep<T>(mut self, keep: &Keep<'_, T>, done: &T) -> Result<Self, StoreError> {
        let Some(record) = keep.record(done)? else {
            return Ok(self);
        };
        self.record = Some(self.writes.len());
        self.put(record)
    }

    fn add<T>(
        mut self,
        write: Result<T, BuildError>,
        put_in: impl FnOnce(TransactWriteItemBuilder, T) -> TransactWriteItemBuilder,
    ) -> Result<Self, StoreError> {
        let write = write.map_err(|e| StoreError::because(self.attempted, &e.to_string()))?;
        self.writes
            .push(put_in(TransactWriteItem::builder(), write).build());
        Ok(self)
    }

    /// Writes everything or nothing, and retries after conflicts. The inner error has the positions of the writes whose
    /// conditions failed.
    ///
    /// A retry sends the same transaction with the same token, even though others may have changed what it is based on:
    /// an earlier attempt may have been written and its response lost. If none was, the conditions fail.
    ///
    /// # Errors
    ///
    /// [`StoreError::Contended`] if there are still conflicts when the request's time is up. [`StoreError::DoneBefore`]
    /// if the call has a record already, whatever other conditions failed.
    pub(super) async fn commit(self) -> Result<Result<(), Vec<usize>>, StoreError> {
        let mut attempt = 1;
        // After `Busy`, an attempt may yet be written. Then `Contended`, which says that nothing was done, would be
        // wrong.
        let mut was_busy = false;
        loop {
            match self.send().await? {
                Ok(()) => return Ok(Ok(())),
                Err(Refused::Condition(failed)) => {
                    let is_done = self.record.is_some_and(|at| failed.contains(&at));
                    return if is_done {
                        Err(StoreError::DoneBefore)
                    } else {
                        Ok(Err(failed))
                    };
                }
                Err(Refused::Conflict) => {}
                Err(Refused::Busy) => was_busy = true,
            }
            if !self.database.pause_to_try_again(attempt).await {
                return Err(if was_busy {
                    StoreError::because(self.attempted, "the table is busy")
                } else {
                    StoreError::Contended
                });
            }
            attempt += 1;
        }
    }

    /// Writes everything or nothing, without retries of ours.
    pub(super) async fn send(&self) -> Result<Result<(), Refused>, StoreError> {
        let Self {
            database,
            attempted,
            writes,
            token,
            ..
        } = self;
        let count = u32::try_from(writes.len()).unwrap_or(u32::MAX);
        let transaction = database
            .client
            .transact_write_items()
            .set_transact_items(Some(writes.clone()))
            .client_request_token(token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let error = match database.meter.call(sent::transaction(transaction)).await {
            Ok(written) => {
                database.meter.write(written.consumed_capacity());
                return Ok(Ok(()));
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                database.meter.failed_write(2 * count);
                let reasons = cancelled.cancellation_reasons();
                let find = |codes: &[&str]| -> Vec<_> {
                    let codes = reasons
                        .iter()
                        .map(|reason| reason.code().is_some_and(|code| codes.contains(&code)));
                    (0..)
                        .zip(codes)
                        .filter(|(_, is)| *is)
                        .map(|(at, _)| at)
                        .collect()
                };
                // "TransactWriteItems" in the DynamoDB API reference lists the codes.
                let failed = find(&["ConditionalCheckFailed"]);
                if !failed.is_empty() {
                    Ok(Err(Refused::Condition(failed)))
                } else if !find(&["TransactionConflict"]).is_empty() {
                    Ok(Err(Refused::Conflict))
                } else if !find(&["ThrottlingError", "ProvisionedThroughputExceeded"]).is_empty() {
                    Ok(Err(Refused::Busy))
                } else {
                    let reasons: Vec<_> =
                        reasons.iter().filter_map(|reason| reason.code()).collect();
                    Err(StoreError::because(
                        attempted,
                        &format!("cancelled: {}", reasons.join(", ")),
                    ))
                }
            }
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                Ok(Err(Refused::Busy))
            }
            _ => Err(StoreError::new(attempted, &error)),
        }
    }
}

/// Keeps an answer by itself, where no transaction made what it says.
pub(super) async fn keep_alone<T>(
    database: &Database,
    keep: &Keep<'_, T>,
    answer: &T,
) -> Result<(), StoreError> {
    if !keep.is_wanted() {
        return Ok(());
    }
    let kept = Transaction::new(database, "keep an answer").keep(keep, answer)?;
    // The record's condition is its only one. That it failed is an error.
    kept.commit().await.map(drop)
}

/// Runs `attempt` until it returns `Some`. An attempt reads, and writes on condition that nothing has changed since; if
/// something has, it returns `None`.
///
/// # Errors
///
/// [`StoreError::Contended`] if no attempt succeeds before the request's time is up.
pub(super) async fn until_unchanged<T>(
    table: &TableReader,
    attempt: impl AsyncFn() -> Result<Option<T>, StoreError>,
) -> Result<T, StoreError> {
    for number in 1.. {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
        if !table.pause_to_try_again(number).await {
            break;
        }
    }
    Err(StoreError::Contended)
}
