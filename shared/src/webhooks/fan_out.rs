//! The fan-out: makes a delivery of each event for each subscription that had chosen it, and sends it to the queue.
//!
//! A record that is read twice makes the same delivery, and a message that comes twice is harmless. So whatever fails
//! is simply done again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use crate::{
    aws::delivery_queue::DeliveryQueue,
    domain::{event_type::EventType, webhook_delivery::DueAttempt},
    ids::WorkspaceId,
    log,
    store::{
        database::Database, outbox::StoredEvent, store_error::StoreError,
        webhook_items::StoredSubscription, workspace::Workspace,
    },
    time::Timestamp,
};

/// Reads and writes at the same time.
const AT_ONCE: usize = 16;

/// An event out of the stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamedEvent {
    /// The record's place in the stream.
    pub(crate) sequence_number: String,
    pub(crate) workspace: WorkspaceId,
    pub(crate) event: StoredEvent,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub(crate) struct FannedOut {
    pub(crate) deliveries: usize,
    /// The sequence numbers of the records to send again.
    pub(crate) failed: BTreeSet<String>,
    /// Events of workspaces of which a subscription cannot be read. The others get them.
    pub(crate) incomplete: Vec<StreamedEvent>,
}

pub(crate) async fn fan_out(
    database: &Database,
    queue: &DeliveryQueue,
    events: Vec<StreamedEvent>,
) -> FannedOut {
    let mut result = FannedOut::default();
    // A test was sent already by whoever wrote it.
    let events: Vec<_> = events
        .into_iter()
        .filter(|streamed| streamed.event.event_type != EventType::Test.as_str())
        .collect();
    let subscriptions = subscriptions(database, &events).await;
    let mut wanted = Vec::new();
    for streamed in &events {
        match subscriptions.get(streamed.workspace.as_str()) {
            Some(Ok(subscriptions)) => {
                if subscriptions.iter().any(Result::is_err) {
                    result.incomplete.push(streamed.clone());
                }
                let chosen = subscriptions.iter().flatten().filter(|stored| {
                    stored
                        .choices
                        .had_chosen(&streamed.event.event_type, streamed.event.occurred_at)
                });
                wanted.extend(chosen.map(|stored| (streamed, stored)));
            }
            _ => drop(result.failed.insert(streamed.sequence_number.clone())),
        }
    }
    let created = stream::iter(wanted).map(|(streamed, stored)| async move {
        let workspace = Workspace::new(streamed.workspace.clone(), database.clone());
        let attempts = workspace.delivery_attempts();
        let attempt = attempts
            .create(&stored.subscription.id, &streamed.event)
            .await;
        (streamed, attempt)
    });
    let created: Vec<_> = created.buffer_unordered(AT_ONCE).collect().await;
    let now = Timestamp::now();
    let (mut records, mut attempts) = (Vec::new(), Vec::new());
    for (streamed, attempt) in created {
        match attempt {
            Ok(attempt) => {
                records.push(&streamed.sequence_number);
                attempts.push((attempt, now));
            }
            Err(error) => {
                log::warn(&format!("fan-out: {error}"));
                result.failed.insert(streamed.sequence_number.clone());
            }
        }
    }
    result.deliveries = attempts.len();
    for position in unsent(queue, &attempts).await {
        result
            .failed
            .extend(records.get(position).map(|number| (*number).clone()));
    }
    result
}

/// Sends the attempts and returns the positions of those that were not sent.
async fn unsent(queue: &DeliveryQueue, attempts: &[(DueAttempt, Timestamp)]) -> Vec<usize> {
    queue.send(attempts).await.unwrap_or_else(|cause| {
        log::warn(&cause.to_string());
        (0..attempts.len()).collect()
    })
}

type OfWorkspace = Vec<Result<StoredSubscription, StoreError>>;

type Subscriptions = BTreeMap<String, Result<OfWorkspace, StoreError>>;

/// The subscriptions of each workspace that has events, with one query each.
async fn subscriptions(database: &Database, events: &[StreamedEvent]) -> Subscriptions {
    let mut workspaces: Vec<_> = events.iter().map(|streamed| &streamed.workspace).collect();
    workspaces.sort();
    workspaces.dedup();
    let read = stream::iter(workspaces).map(|id| async move {
        let workspace = Workspace::new(id.clone(), database.clone());
        let stored = workspace.webhook_subscriptions().stored().await;
        if let Err(error) = &stored {
            log::warn(&format!("fan-out: {error}"));
        }
        (id.as_str().to_owned(), stored)
    });
    read.buffer_unordered(AT_ONCE).collect().await
}
