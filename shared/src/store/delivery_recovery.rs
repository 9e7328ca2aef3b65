//! Recovery: everything to a subscription that failed since a time is sent once more.
//!
//! That may be more than a request has time for. Then it goes on in the queue, from where this stopped. A part that is
//! done twice queues nothing twice: what is pending stays as it is, and what failed again did so too late.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    domain::webhook_delivery::{Delivery, DeliveryStatus, DueAttempt, Recovery},
    store::{
        delivery_items,
        done_once::Keep,
        store_error::StoreError,
        transaction::keep_alone,
        webhook_deliveries::{DeliveryFilter, MOST_ATTEMPTS, WebhookDeliveries},
    },
};

/// A part ends after so many deliveries, or a page more.
const MOST_IN_A_PART: usize = 500;

/// How many are queued at the same time.
const AT_ONCE: usize = 16;

/// For a page of deliveries, and to send what was queued.
const MIN_TIME_FOR_A_PAGE: Duration = Duration::from_secs(2);

/// What a part of a recovery did.
#[derive(Debug)]
pub struct Recovered {
    /// The attempts that are now written, which the caller sends to the queue.
    pub attempts: Vec<DueAttempt>,
    /// What is left to do.
    pub rest: Option<Recovery>,
}

impl WebhookDeliveries<'_> {
    /// Makes deliveries pending that failed, except tests. It reads the whole log: one that failed late may have been
    /// sent again by a person, weeks after its event.
    pub async fn recover(&self, recovery: Recovery) -> Result<Recovered, StoreError> {
        let filter = DeliveryFilter {
            subscription: Some(recovery.subscription_id.clone()),
            status: Some(DeliveryStatus::Failed),
            event_type: None,
        };
        let (mut attempts, mut after) = (Vec::new(), recovery.after.clone());
        loop {
            // The next page with at least one.
            let (items, next) = self.find(&filter, 0, after).await?;
            let deliveries = items.iter().map(|item| delivery_items::read(item, None));
            let deliveries: Vec<_> = deliveries.collect::<Result<_, _>>()?;
            let wanted = deliveries
                .into_iter()
                .filter(|one| is_wanted(one, &recovery));
            let writes = stream::iter(wanted).map(|delivery| self.queue(delivery, None));
            let written: Vec<_> = writes.buffer_unordered(AT_ONCE).try_collect().await?;
            attempts.extend(written.into_iter().flatten().map(|(_, attempt)| attempt));
            let has_time = self.workspace.database.has_time_after(MIN_TIME_FOR_A_PAGE);
            if next.is_none() || attempts.len() >= MOST_IN_A_PART || !has_time {
                let rest = next.map(|next| Recovery {
                    after: Some(next),
                    ..recovery
                });
                return Ok(Recovered { attempts, rest });
            }
            after = next;
        }
    }

    /// Keeps the answer to a recovery. Not in one transaction with the attempts, which are too many: the call was
    /// claimed before.
    pub(crate) async fn keep_recovery(
        &self,
        keep: &Keep<'_, usize>,
        queued: usize,
    ) -> Result<(), StoreError> {
        keep_alone(&self.workspace.database, keep, &queued).await
    }
}

fn is_wanted(delivery: &Delivery, recovery: &Recovery) -> bool {
    (recovery.since..=recovery.until).contains(&delivery.updated_at)
        && delivery.attempts < MOST_ATTEMPTS
        && !delivery.is_test()
}
