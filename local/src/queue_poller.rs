//! What Lambda does for a queue's event source mapping: receives messages, calls the function with batches, deletes
//! what succeeded ("Using Lambda with Amazon SQS", Lambda developer guide).

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    activity::{Activity, Running},
    batch::{Invoke, failed_items},
    queue::Message,
    sqs::Sqs,
    template::QueueMapping,
};

pub(crate) struct QueuePoller<I> {
    pub(crate) mapping: QueueMapping,
    pub(crate) sqs: Sqs,
    pub(crate) function: Arc<I>,
    /// The most calls at once.
    pub(crate) concurrency: usize,
    pub(crate) activity: Activity,
}

impl<I: Invoke + 'static> QueuePoller<I> {
    /// Receives and calls until it is dropped.
    pub(crate) async fn run(self) {
        let permits = Arc::new(Semaphore::new(self.concurrency));
        let poller = Arc::new(self);
        let mut calls = JoinSet::new();
        let mut changes = poller.sqs.changes();
        loop {
            while calls.try_join_next().is_some() {}
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                return;
            };
            changes.mark_unchanged();
            let running = poller.activity.begin();
            let batch = poller
                .sqs
                .receive(&poller.mapping.queue, poller.mapping.batch_size);
            if batch.is_empty() {
                drop((permit, running));
                let next = poller.sqs.next_visible(&poller.mapping.queue);
                let becomes_visible = poller.sqs.clock().sleep_until(next.unwrap_or(i64::MAX));
                tokio::select! {
                    _ = changes.changed() => {}
                    () = becomes_visible => {}
                }
                continue;
            }
            let poller = Arc::clone(&poller);
            calls.spawn(async move {
                poller.handle(batch, running).await;
                drop(permit);
            });
        }
    }

    async fn handle(&self, batch: Vec<Message>, _running: Running) {
        let queue = &self.mapping.queue;
        let records: Vec<_> = batch.iter().map(|message| record(message, queue)).collect();
        match self.function.invoke(json!({ "Records": records })).await {
            Ok(answer) => {
                let succeeded = succeeded(&batch, &answer, self.mapping.reports_failures);
                self.sqs.delete(queue, succeeded);
            }
            // The messages come again after the visibility timeout.
            Err(error) => eprintln!("{queue}: a batch failed: {error}"),
        }
    }
}

/// The receipts of the messages that need not come again.
fn succeeded<'a>(batch: &'a [Message], answer: &Value, reports_failures: bool) -> Vec<&'a str> {
    let failed: BTreeSet<_> = match failed_items(answer) {
        _ if !reports_failures => BTreeSet::new(),
        Some(failed) => failed.into_iter().collect(),
        None => return Vec::new(),
    };
    let is_known = |id: &&str| batch.iter().any(|message| message.id == *id);
    if !failed.iter().all(is_known) {
        return Vec::new();
    }
    let succeeded = batch.iter().filter(|one| !failed.contains(one.id.as_str()));
    succeeded.map(|message| message.receipt.as_str()).collect()
}

/// A message in a function's event.
fn record(message: &Message, queue: &str) -> Value {
    let mut attributes = json!({
        "ApproximateReceiveCount": message.receive_count.to_string(),
        "SentTimestamp": message.sent_at.to_string(),
        "SenderId": "local",
        "ApproximateFirstReceiveTimestamp": message.first_received_at.unwrap_or_default().to_string(),
    });
    if !message.group.is_empty() {
        attributes["MessageGroupId"] = message.group.as_str().into();
    }
    json!({
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": format!("{:x}", md5::compute(&message.body)),
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
        "awsRegion": "us-east-1",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Vec<Message> {
        let message = |id: &str| Message {
            id: id.to_owned(),
            body: String::new(),
            group: String::new(),
            sent_at: 0,
            receive_count: 1,
            first_received_at: Some(0),
            receipt: format!("receipt of {id}"),
        };
        vec![message("a"), message("b"), message("c")]
    }

    fn deleted(answer: Value) -> Vec<String> {
        let batch = batch();
        let deleted = succeeded(&batch, &answer, true).into_iter();
        deleted
            .map(|receipt| receipt.replace("receipt of ", ""))
            .collect()
    }

    #[test]
    fn only_the_messages_that_did_not_fail_are_deleted() {
        let failed = |id: &str| json!({ "batchItemFailures": [{ "itemIdentifier": id }] });
        assert_eq!(deleted(json!({ "batchItemFailures": [] })), ["a", "b", "c"]);
        assert_eq!(deleted(failed("b")), ["a", "c"]);
        // Nobody knows what such an answer means: all of them come again.
        assert!(deleted(failed("another")).is_empty());
        assert!(deleted(failed("")).is_empty());
    }

    #[test]
    fn without_partial_answers_every_answer_is_a_success() {
        let answer = json!({ "batchItemFailures": [{ "itemIdentifier": "a" }] });
        assert_eq!(succeeded(&batch(), &answer, false).len(), 3);
    }
}
