//! The table's stream calls it with records of new events.

use std::{collections::HashMap, process::ExitCode};

use serde::{Deserialize, Serialize};

use crate::{
    aws::{clients::Connection, delivery_queue::DeliveryQueue, failure_queue::FailureQueue},
    endpoint::{config::Config, variables},
    error::Cause,
    ids::{EventId, WorkspaceId},
    log,
    runtime::{
        batch_response::BatchResponse,
        worker::{Counts, Worker, connect, count, serve_worker},
    },
    store::{
        database::Database,
        outbox::{DataPart, StoredEvent, data_of_map},
    },
    time::Timestamp,
    webhooks::fan_out::{StreamedEvent, fan_out},
};

/// See [`crate::webhooks::fan_out`].
struct FanOut {
    table: Database,
    queue: DeliveryQueue,
    failures: FailureQueue,
}

/// "Using AWS Lambda with Amazon DynamoDB" in the Lambda developer guide: only what is read here.
#[derive(Debug, Deserialize)]
struct StreamBatch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    #[serde(default)]
    new_image: HashMap<String, Attribute>,
}

/// "`AttributeValue`", DynamoDB API reference: the types that events have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Attribute {
    s: Option<String>,
    n: Option<String>,
    bool: Option<bool>,
    m: Option<HashMap<String, Attribute>>,
}

impl Attribute {
    /// An event's data, which is JSON, or was a map in earlier versions.
    fn data(&self) -> Option<String> {
        let Some(map) = &self.m else {
            return self.s.clone();
        };
        let parts = map.iter();
        let parts = parts.map(|(name, part)| Some((name.as_str(), part.part()?)));
        data_of_map(parts.collect::<Option<Vec<_>>>()?)
    }

    fn part(&self) -> Option<DataPart<'_>> {
        match (&self.s, &self.n, self.bool) {
            (Some(text), ..) => Some(DataPart::Text(text)),
            (_, Some(number), _) => number.parse().ok().map(DataPart::Number),
            (.., flag) => flag.map(DataPart::Flag),
        }
    }
}

/// What an operator is told of what could not be fanned out: ids only.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct GivenUp<'a> {
    why: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pk: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sk: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<&'a str>,
}

/// Serves the function `webhooks-fan-out` until Lambda ends the process.
#[must_use]
pub fn serve_fan_out() -> ExitCode {
    serve_worker::<FanOut>("webhooks-fan-out")
}

impl Worker for FanOut {
    type Event = StreamBatch;
    type Answer = BatchResponse;

    const VARIABLES: &[&[&str]] = &[variables::QUEUE, variables::FAN_OUT_FAILURES];

    fn connect(config: &Config) -> Result<Self, Cause> {
        let connection = Connection::new(&config.region)?;
        let (table, queue) = connect(config, &connection);
        let (endpoint, url) = (config.sqs.as_deref(), &config.fan_out_failures);
        Ok(Self {
            table,
            queue,
            failures: FailureQueue::new(&connection, endpoint, url),
        })
    }

    fn table(&self) -> &Database {
        &self.table
    }

    async fn work(
        &self,
        batch: StreamBatch,
        table: &Database,
    ) -> Result<(BatchResponse, Counts), Cause> {
        let (mut events, mut failed) = (Vec::new(), Vec::new());
        let records = batch.records.len();
        for Record { dynamodb: change } in batch.records {
            match event(&change) {
                Some(event) => events.push(event),
                // To read it again would not help, and would delay all that comes after it.
                None if self.give_up(no_event(&change)).await => {}
                None => failed.push(change.sequence_number),
            }
        }
        let done = fan_out(table, &self.queue, events).await;
        for streamed in done.incomplete {
            if !self.give_up(incomplete(&streamed)).await {
                failed.push(streamed.sequence_number);
            }
        }
        let response = BatchResponse::of(done.failed.into_iter().chain(failed));
        let counts = vec![
            ("records", count(records)),
            ("deliveries", count(done.deliveries)),
            ("failed", count(response.len())),
        ];
        Ok((response, counts))
    }
}

impl FanOut {
    /// Puts this where an operator finds it. Returns whether that was possible.
    async fn give_up(&self, what: GivenUp<'_>) -> bool {
        log::warn(&format!("fan-out: given up: {what:?}"));
        let kept = self.failures.keep(&what).await;
        kept.inspect_err(|cause| log::warn(&cause.to_string()))
            .is_ok()
    }
}

fn no_event(change: &Change) -> GivenUp<'_> {
    let key = |name: &str| change.new_image.get(name).and_then(|key| key.s.as_deref());
    GivenUp {
        why: "The record is no event.",
        pk: key("pk"),
        sk: key("sk"),
        ..GivenUp::default()
    }
}

fn incomplete(streamed: &StreamedEvent) -> GivenUp<'_> {
    GivenUp {
        why: "A subscription of the workspace cannot be read. The others get the event.",
        account_id: Some(streamed.workspace.as_str()),
        event_id: Some(streamed.event.id.as_str()),
        ..GivenUp::default()
    }
}

fn event(change: &Change) -> Option<StreamedEvent> {
    let text = |name: &str| change.new_image.get(name)?.s.clone();
    let occurred_at = change
        .new_image
        .get("occurredAt")?
        .n
        .as_ref()?
        .parse()
        .ok()?;
    Some(StreamedEvent {
        sequence_number: change.sequence_number.clone(),
        workspace: WorkspaceId::parse(&text("accountId")?)?,
        event: StoredEvent {
            id: EventId::parse(&text("id")?)?,
            event_type: text("type")?,
            occurred_at: Timestamp::from_millis(occurred_at),
            data: change.new_image.get("data")?.data()?,
        },
    })
}
