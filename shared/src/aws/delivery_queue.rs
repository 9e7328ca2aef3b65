//! The queue of attempts that are due: SQS.
//!
//! It is a standard queue, and the subscription is the message group: where one subscription has many messages waiting,
//! the others' messages go first ("Amazon SQS fair queues", SQS developer guide).

use aws_sdk_sqs::{
    error::SdkError,
    operation::send_message_batch::{SendMessageBatchError, SendMessageBatchOutput},
    types::SendMessageBatchRequestEntry,
};
use futures_util::{StreamExt, TryStreamExt, future::BoxFuture, stream};

use crate::{
    aws::clients::{self, Connection},
    domain::webhook_delivery::{DueAttempt, QueueMessage},
    error::Cause,
    log,
    time::Timestamp,
};

/// "`SendMessageBatch`", SQS API reference.
const MOST_IN_A_BATCH: usize = 10;

/// The longest delay, in seconds ("Amazon SQS message quotas", SQS developer guide).
const LONGEST_DELAY: i64 = 900;

const BATCHES_AT_ONCE: usize = 8;

const ATTEMPTED: &str = "send to the queue";

pub(crate) struct DeliveryQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl std::fmt::Debug for DeliveryQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeliveryQueue")
    }
}

impl DeliveryQueue {
    pub(crate) fn new(connection: &Connection, endpoint: Option<&str>, url: &str) -> Self {
        Self {
            client: clients::sqs(connection, endpoint),
            url: url.to_owned(),
        }
    }

    /// Sends attempts that arrive when they are due, to the second. Returns the positions of those that the service did
    /// not take.
    ///
    /// # Errors
    ///
    /// The service did not answer, or refused a whole batch. Then some may have been sent.
    pub(crate) async fn send(
        &self,
        attempts: &[(DueAttempt, Timestamp)],
    ) -> Result<Vec<usize>, Cause> {
        let now = Timestamp::now();
        let mut entries = Vec::with_capacity(attempts.len());
        for (position, (attempt, due_at)) in attempts.iter().enumerate() {
            let message = QueueMessage::Deliver(attempt.clone());
            let due_in = due_at.as_millis() - now.as_millis();
            entries.push(entry(position, &message, due_in)?);
        }
        let batches: Vec<_> = entries.chunks(MOST_IN_A_BATCH).map(<[_]>::to_vec).collect();
        let sent = stream::iter(batches).map(|batch| self.send_batch(batch));
        let failed: Vec<_> = sent.buffer_unordered(BATCHES_AT_ONCE).try_collect().await?;
        Ok(failed.concat())
    }

    /// Sends a message that arrives at once.
    ///
    /// # Errors
    ///
    /// The service did not answer, or did not take it.
    pub(crate) async fn send_message(&self, message: &QueueMessage) -> Result<(), Cause> {
        match self.send_batch(vec![entry(0, message, 0)?]).await?[..] {
            [] => Ok(()),
            _ => Err(Cause::of(ATTEMPTED, "the service did not take a message")),
        }
    }

    /// Sends attempts that are written already: if the queue does not take one, that is only logged, and the sweeper
    /// sends it some minutes later.
    pub(crate) async fn send_written(&self, attempts: &[(DueAttempt, Timestamp)]) {
        match self.send(attempts).await {
            Ok(failed) if failed.is_empty() => {}
            Ok(_) => log::warn("send to the queue: the service did not take every attempt"),
            Err(cause) => log::warn(&cause.to_string()),
        }
    }

    /// A batch of which some entries fail is answered with 200.
    async fn send_batch(
        &self,
        batch: Vec<SendMessageBatchRequestEntry>,
    ) -> Result<Vec<usize>, Cause> {
        let answer = self.request(batch).await;
        let answer = answer.map_err(|error| Cause::of_service(ATTEMPTED, &error))?;
        let failed = answer.failed.iter().map(|failed| failed.id.parse());
        failed
            .collect::<Result<_, _>>()
            .map_err(|error| Cause::new(ATTEMPTED, &error))
    }

    /// Boxed, like the requests to DynamoDB: see `crate::store::sent`.
    fn request(
        &self,
        batch: Vec<SendMessageBatchRequestEntry>,
    ) -> BoxFuture<'static, Result<SendMessageBatchOutput, SdkError<SendMessageBatchError>>> {
        let request = self.client.send_message_batch().queue_url(&self.url);
        Box::pin(request.set_entries(Some(batch)).send())
    }
}

fn entry(
    position: usize,
    message: &QueueMessage,
    due_in: i64,
) -> Result<SendMessageBatchRequestEntry, Cause> {
    let body = serde_json::to_string(message);
    // Rounded up: a message that comes before its attempt is due is sent once more.
    let delay = (due_in.clamp(0, LONGEST_DELAY * 1000) + 999) / 1000;
    SendMessageBatchRequestEntry::builder()
        .id(position.to_string())
        .message_body(body.map_err(|error| Cause::new(ATTEMPTED, &error))?)
        .message_group_id(message.subscription_id().as_str())
        .delay_seconds(i32::try_from(delay).unwrap_or_default())
        .build()
        .map_err(|error| Cause::new(ATTEMPTED, &error))
}
