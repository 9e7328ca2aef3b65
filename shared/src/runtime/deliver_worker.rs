//! The queue calls it with messages of attempts that are due.

use std::{collections::HashMap, panic::AssertUnwindSafe, process::ExitCode, sync::Arc};

use futures_util::{FutureExt, StreamExt, future::join_all, stream};
use serde::Deserialize;

use crate::{
    aws::{
        clients::Connection, delivery_queue::DeliveryQueue, secrets::SecretsManager, signing_secret,
    },
    domain::{webhook_delivery::QueueMessage, webhook_url::Targets},
    endpoint::{config::Config, variables},
    error::{ApiError, Cause},
    ids::WebhookSubscriptionId,
    log,
    runtime::{
        batch_response::BatchResponse,
        worker::{Counts, Worker, connect, count, serve_worker},
    },
    store::database::Database,
    webhooks::{deliver::Deliverer, recover::recover, sender::WebhookSender},
};

/// Attempts to one subscription at the same time in one instance. All instances together make at most
/// `DeliverConcurrency` times as many; and of a receiver that is slow or silent far fewer, because it is held.
const AT_ONCE_FOR_A_SUBSCRIPTION: usize = 5;

/// See [`crate::webhooks::deliver`].
struct Deliver {
    table: Database,
    queue: DeliveryQueue,
    sender: WebhookSender,
}

/// "Using Lambda with Amazon SQS" in the Lambda developer guide: only what is read here.
#[derive(Debug, Deserialize)]
struct MessageBatch {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    body: String,
}

/// Serves the function `webhooks-deliver` until Lambda ends the process.
#[must_use]
pub fn serve_deliver() -> ExitCode {
    serve_worker::<Deliver>("webhooks-deliver")
}

impl Worker for Deliver {
    type Event = MessageBatch;
    type Answer = BatchResponse;

    const VARIABLES: &[&[&str]] = &[variables::QUEUE, variables::SIGNING];

    fn connect(config: &Config) -> Result<Self, Cause> {
        let connection = Connection::new(&config.region)?;
        let (table, queue) = connect(config, &connection);
        let secrets = SecretsManager::new(&connection, config.secrets_manager.as_deref());
        let secret = signing_secret::secret(&secrets, config.signing_secret.as_deref());
        Ok(Self {
            table,
            queue,
            sender: WebhookSender::new(Targets::of_this_process(), Arc::new(secret))?,
        })
    }

    fn table(&self) -> &Database {
        &self.table
    }

    async fn work(
        &self,
        batch: MessageBatch,
        table: &Database,
    ) -> Result<(BatchResponse, Counts), Cause> {
        let deliverer = Deliverer {
            database: table,
            queue: &self.queue,
            sender: &self.sender,
        };
        let (messages, mut failed) = (batch.records.len(), Vec::new());
        let mut by_subscription: HashMap<String, Vec<(String, QueueMessage)>> = HashMap::new();
        for Message { message_id, body } in batch.records {
            if let Ok(message) = serde_json::from_str::<QueueMessage>(&body) {
                let subscription = message.subscription_id().as_str().to_owned();
                let of_subscription = by_subscription.entry(subscription).or_default();
                of_subscription.push((message_id, message));
            } else {
                log::warn("deliver: a message cannot be read");
                failed.push(message_id);
            }
        }
        let deliverer = &deliverer;
        let subscriptions = by_subscription.into_values().map(|messages| {
            let attempts = stream::iter(messages).map(|(id, message)| async move {
                let is_done = is_done(deliverer, &message).await;
                (!is_done).then_some(id)
            });
            attempts
                .buffer_unordered(AT_ONCE_FOR_A_SUBSCRIPTION)
                .collect::<Vec<_>>()
        });
        failed.extend(
            join_all(subscriptions)
                .await
                .into_iter()
                .flatten()
                .flatten(),
        );
        let response = BatchResponse::of(failed);
        let counts = vec![
            ("messages", count(messages)),
            ("failed", count(response.len())),
        ];
        Ok((response, counts))
    }
}

/// Whether the message is done.
async fn is_done(deliverer: &Deliverer<'_>, message: &QueueMessage) -> bool {
    let work = async {
        match message {
            QueueMessage::Deliver(due) => deliverer.deliver(due).await.map(drop),
            QueueMessage::Recover(recovery) => {
                recover(deliverer.database, deliverer.queue, recovery).await
            }
            QueueMessage::Reseal(resealing) => deliverer.reseal(resealing).await,
        }
    };
    succeeds(message.subscription_id(), work).await
}

/// Logs why it does not. A panic fails this message and no other.
async fn succeeds(
    subscription: &WebhookSubscriptionId,
    work: impl Future<Output = Result<(), ApiError>>,
) -> bool {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            let cause = error
                .cause
                .map_or_else(String::new, |cause| cause.to_string());
            log::warn(&format!("deliver to {subscription}: {cause}"));
            false
        }
        // The panic hook has logged where it panicked (crate::log).
        Err(_panic) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[tokio::test]
    async fn a_panic_or_an_error_fails_one_message_and_no_other() {
        let subscription = WebhookSubscriptionId::new(Timestamp::now());
        let works = stream::iter(0..4).map(|number| {
            succeeds(&subscription, async move {
                match number {
                    1 => panic!("as a test wants it"),
                    2 => Err(ApiError::internal("as a test wants it")),
                    _ => Ok(()),
                }
            })
        });
        let done: Vec<_> = works.buffered(4).collect().await;
        assert_eq!(done, [true, false, false, true]);
    }
}
