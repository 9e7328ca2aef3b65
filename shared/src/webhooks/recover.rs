//! The parts of a recovery that its request had no time for.

use crate::{
    aws::delivery_queue::DeliveryQueue,
    domain::webhook_delivery::{QueueMessage, Recovery},
    error::ApiError,
    store::{database::Database, delivery_recovery::Recovered, workspace::Workspace},
    time::Timestamp,
};

/// Makes a part of a recovery, and sends the next part to the queue.
///
/// # Errors
///
/// A service did not answer. The message has to come again.
pub(crate) async fn recover(
    database: &Database,
    queue: &DeliveryQueue,
    recovery: &Recovery,
) -> Result<(), ApiError> {
    let workspace = Workspace::new(recovery.account_id.clone(), database.clone());
    let subscriptions = workspace.webhook_subscriptions();
    let stored = subscriptions.get(&recovery.subscription_id).await;
    let stored = stored.map_err(ApiError::internal)?;
    if !stored.is_some_and(|stored| stored.subscription.active) {
        return Ok(());
    }
    let deliveries = workspace.webhook_deliveries();
    let recovered = deliveries.recover(recovery.clone()).await;
    let Recovered { attempts, rest } = recovered.map_err(ApiError::internal)?;
    let now = Timestamp::now();
    let attempts: Vec<_> = attempts.into_iter().map(|attempt| (attempt, now)).collect();
    queue.send_written(&attempts).await;
    match rest {
        None => Ok(()),
        Some(rest) => {
            let sent = queue.send_message(&QueueMessage::Recover(rest)).await;
            sent.map_err(ApiError::internal)
        }
    }
}
