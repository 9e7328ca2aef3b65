//! The sweeper: once a minute, sends what is due soon to the queue, each with its delay to the second.

use crate::{
    aws::delivery_queue::DeliveryQueue,
    error::Cause,
    store::{
        database::Database,
        due_deliveries::{self, DuePart, KEPT_MILLIS, Scheduled, hour_of, minute_of},
        store_error::StoreError,
    },
    time::{MINUTE, Timestamp},
};

/// What a sweep did.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    pub(crate) sent: usize,
    /// Minutes that are due and were not swept.
    pub(crate) minutes_behind: i64,
}

/// Sweeps from the watermark up to the next minute, or until `database` has no time left. Without a watermark there was
/// no sweep yet, and it goes back as far as attempts are kept. A minute that fails is swept again by the next sweep.
///
/// The watermark moves after each part that had any, so that a sweep that fails or ends has not been for nothing.
///
/// # Errors
///
/// The table or the queue did not answer.
pub(crate) async fn sweep(database: &Database, queue: &DeliveryQueue) -> Result<Swept, Cause> {
    let last = minute_of(Timestamp::now()) + 1;
    let watermark = due_deliveries::watermark(database).await.map_err(cause)?;
    let mut swept_to = watermark.unwrap_or(last - KEPT_MILLIS / MINUTE);
    let mut swept = Swept::default();
    while swept_to < last && database.may_try_again() {
        // The partitions are those of an hour.
        let end = (hour_of(swept_to + 1) * 60 + 59).min(last);
        let due = due_deliveries::first_due(database, swept_to + 1..=end).await;
        let DuePart { attempts, to } = due.map_err(cause)?;
        swept_to = to;
        if attempts.is_empty() {
            continue;
        }
        swept.sent += send(queue, attempts).await?;
        if swept_to < last {
            let moved = due_deliveries::set_watermark(database, swept_to).await;
            moved.map_err(cause)?;
        }
    }
    let moved = due_deliveries::set_watermark(database, swept_to).await;
    moved.map_err(cause)?;
    swept.minutes_behind = last - swept_to;
    Ok(swept)
}

/// Returns how many were sent, which are all.
async fn send(queue: &DeliveryQueue, due: Vec<Scheduled>) -> Result<usize, Cause> {
    let attempts = due.into_iter().map(|due| (due.attempt, due.due_at));
    let attempts: Vec<_> = attempts.collect();
    if queue.send(&attempts).await?.is_empty() {
        Ok(attempts.len())
    } else {
        Err(Cause::of("sweep", "the queue did not take every attempt"))
    }
}

fn cause(error: StoreError) -> Cause {
    Cause::new("sweep", &error)
}
