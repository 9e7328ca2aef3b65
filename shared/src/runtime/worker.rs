//! Functions that are no endpoints: AWS calls them with records, messages or a schedule's tick.

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    aws::{
        clients::{self, Connection},
        delivery_queue::DeliveryQueue,
    },
    endpoint::config::Config,
    error::Cause,
    log,
    runtime::{pipeline::time_left, serve::start},
    store::{capacity_meter::CapacityMeter, database::Database},
    time::Timestamp,
};

/// What such a function does with an event. If it fails, AWS sends the event again.
pub(super) trait Worker: Sized {
    type Event: DeserializeOwned;
    type Answer: Serialize;

    /// The environment variables that the function reads, of [`crate::endpoint::variables`].
    const VARIABLES: &[&[&str]];

    fn connect(config: &Config) -> Result<Self, Cause>;

    fn table(&self) -> &Database;

    /// Returns the answer, and numbers for the log line.
    fn work(
        &self,
        event: Self::Event,
        table: &Database,
    ) -> impl Future<Output = Result<(Self::Answer, Counts), Cause>>;
}

/// Names and numbers for the log line of an invocation. A metric filter in `template.yaml` may count one.
pub(super) type Counts = Vec<(&'static str, i64)>;

/// The table and the queue, which every worker uses.
pub(super) fn connect(config: &Config, connection: &Connection) -> (Database, DeliveryQueue) {
    let dynamodb = clients::dynamodb(connection, config.dynamodb.as_deref());
    let queue = DeliveryQueue::new(connection, config.sqs.as_deref(), &config.delivery_queue);
    (Database::new(dynamodb, &config.table), queue)
}

/// A number for the log line.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Serves the function with this name until Lambda ends the process.
pub(super) fn serve_worker<W: Worker>(name: &'static str) -> ExitCode {
    start(run::<W>(name))
}

async fn run<W: Worker>(name: &'static str) -> Result<(), lambda_runtime::Error> {
    let config = Config::from_env(W::VARIABLES)?;
    let worker = &W::connect(&config)?;
    Runtime::new(service_fn(|event: LambdaEvent<W::Event>| async move {
        let LambdaEvent { payload, context } = event;
        Ok::<_, lambda_runtime::Error>(invoke(name, worker, payload, &context).await?)
    }))
    .run()
    .await
}

async fn invoke<W: Worker>(
    name: &str,
    worker: &W,
    event: W::Event,
    context: &Context,
) -> Result<W::Answer, Cause> {
    let started = Instant::now();
    let meter = Arc::<CapacityMeter>::default();
    let table = worker
        .table()
        .of_request(&meter, started + time_left(context));
    let done = worker.work(event, &table).await;
    log_invocation(name, &done, started.elapsed(), &meter, context);
    done.map(|(answer, _)| answer)
}

fn log_invocation<T>(
    name: &str,
    done: &Result<(T, Counts), Cause>,
    duration: Duration,
    meter: &CapacityMeter,
    context: &Context,
) {
    let (dynamodb_calls, read_units, write_units) = meter.total();
    let mut line = serde_json::json!({
        "timestamp": Timestamp::now(),
        "level": if done.is_ok() { "INFO" } else { "ERROR" },
        "message": name,
        "durationMs": (duration.as_secs_f64() * 1e6).round() / 1e3,
        "dynamodbCalls": dynamodb_calls,
        "readUnits": read_units,
        "writeUnits": write_units,
    });
    match done {
        Err(cause) => {
            line["cause"] = cause.to_string().into();
            line["awsRequestId"] = context.request_id.as_str().into();
        }
        Ok((_, counts)) => {
            for (name, count) in counts {
                line[*name] = (*count).into();
            }
        }
    }
    log::write(&line);
}
