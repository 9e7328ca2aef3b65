//! What Lambda does for a stream's event source mapping: reads records, filters them, calls the function with batches
//! in their order, and repeats what failed ("Using Lambda with Amazon DynamoDB Streams", Lambda developer guide).

use std::{collections::VecDeque, fs, path::PathBuf, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use crate::{
    Error,
    activity::Activity,
    batch::{Invoke, failed_items},
    clock::{Clock, true_time},
    dynamodb::StreamReader,
    queue::NewMessage,
    sqs::Sqs,
    template::StreamMapping,
};

/// How often the stream is looked at. A look takes a twentieth of a millisecond.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The longest pause before a batch is repeated, in milliseconds. Lambda does not say how long its own is.
const MAX_PAUSE: i64 = 60_000;

/// How far the stream has been processed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// The number of the last record that needs no more calls.
    pub(crate) position: i64,
    /// When the batch that failed is repeated.
    pub(crate) paused_until: Option<i64>,
}

pub(crate) struct StreamPoller<I> {
    pub(crate) mapping: StreamMapping,
    pub(crate) reader: StreamReader,
    pub(crate) batches: Batches<I>,
    /// Where the position is kept, for the next start.
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) look_now: Arc<Notify>,
}

impl<I: Invoke> StreamPoller<I> {
    /// Reads and calls until it is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            match self.step().await {
                Ok(true) => {}
                Ok(false) => {
                    tokio::select! {
                        () = tokio::time::sleep(LOOK_EVERY) => {}
                        () = self.look_now.notified() => {}
                    }
                }
                Err(error) => {
                    eprintln!("the stream cannot be read: {error}");
                    // Nobody should wait for it.
                    let end = |progress: &mut Progress| progress.position = i64::MAX;
                    return self.batches.progress.send_modify(end);
                }
            }
        }
    }

    /// Processes the next records. Returns whether there were any.
    async fn step(&mut self) -> Result<bool, Error> {
        let mut reader = self.reader.clone();
        let read =
            tokio::task::spawn_blocking(move || reader.read().map(|records| (records, reader)));
        let (records, reader) = read.await??;
        let found = !records.is_empty();
        let filters = &self.mapping.filters;
        let wanted = records
            .into_iter()
            .filter(|record| filters.is_empty() || filters.iter().any(|one| one.matches(record)));
        let mut wanted: VecDeque<_> = wanted
            .map(|record| Record::read(record, reader.arn(), &self.batches.clock))
            .collect();
        while !wanted.is_empty() {
            let size = self.mapping.batch_size.clamp(1, wanted.len());
            let batch = wanted.drain(..size).collect();
            self.batches.process(&self.mapping, batch).await;
        }
        self.reader = reader;
        if found {
            let position = self.reader.position();
            if let Some(file) = &self.checkpoint {
                fs::write(file, self.reader.place())?;
            }
            self.batches
                .progress
                .send_modify(|progress| progress.position = position);
        }
        Ok(found)
    }
}

/// A record that is for the function.
#[derive(Clone, Debug)]
struct Record {
    value: Value,
    /// When it was written.
    born: i64,
}

impl Record {
    fn read(mut value: Value, arn: &str, clock: &Clock) -> Self {
        let written = value["dynamodb"]["ApproximateCreationDateTime"].as_f64();
        // The database has the true time.
        #[expect(clippy::cast_possible_truncation)]
        let written = written.map_or(0, |seconds| (seconds * 1000.0) as i64);
        let born = clock.now() - (true_time() - written).max(0);
        value["dynamodb"]["ApproximateCreationDateTime"] = (born / 1000).into();
        value["awsRegion"] = "us-east-1".into();
        value["eventSourceARN"] = arn.into();
        Self { value, born }
    }

    fn number(&self) -> &str {
        let number = &self.value["dynamodb"]["SequenceNumber"];
        number.as_str().unwrap_or_default()
    }
}

/// Calls the function with batches.
pub(crate) struct Batches<I> {
    pub(crate) function: Arc<I>,
    pub(crate) clock: Clock,
    pub(crate) sqs: Sqs,
    pub(crate) activity: Activity,
    pub(crate) progress: watch::Sender<Progress>,
}

/// Records to call the function with.
struct Batch {
    records: Vec<Record>,
    /// How often a call with them has failed.
    failures: i64,
}

/// What is left of a batch after a call.
enum Outcome {
    Done,
    /// The records from this one on failed.
    FailedFrom(usize),
    Failed,
}

impl<I: Invoke> Batches<I> {
    /// Calls the function with these records until each is done or given up.
    async fn process(&self, mapping: &StreamMapping, records: Vec<Record>) {
        // The next one is the last.
        let mut waiting = vec![Batch {
            records,
            failures: 0,
        }];
        while let Some(mut batch) = waiting.pop() {
            self.pause(batch.failures).await;
            if mapping.max_age >= 0 {
                let oldest = self.clock.now() - mapping.max_age * 1000;
                let (old, young) = batch.records.into_iter().partition(|one| one.born < oldest);
                batch.records = young;
                self.give_up(mapping, old, "RecordAgeExceeded", batch.failures);
            }
            if batch.records.is_empty() {
                continue;
            }
            match self.call(mapping, &batch.records).await {
                Outcome::Done => {}
                Outcome::FailedFrom(first) => {
                    let failed = batch.records.split_off(first);
                    let failures = if first == 0 { batch.failures + 1 } else { 1 };
                    waiting.extend(self.again(mapping, failed, failures));
                }
                // To halve a batch is not an attempt to repeat it.
                Outcome::Failed if mapping.bisects && batch.records.len() > 1 => {
                    let second = batch.records.split_off(batch.records.len() / 2);
                    let failures = batch.failures;
                    waiting.push(Batch {
                        records: second,
                        failures,
                    });
                    waiting.push(Batch {
                        records: batch.records,
                        failures,
                    });
                }
                Outcome::Failed => {
                    waiting.extend(self.again(mapping, batch.records, batch.failures + 1));
                }
            }
        }
    }

    async fn call(&self, mapping: &StreamMapping, records: &[Record]) -> Outcome {
        let _running = self.activity.begin();
        let values: Vec<_> = records.iter().map(|record| &record.value).collect();
        match self.function.invoke(json!({ "Records": values })).await {
            Ok(_) if !mapping.reports_failures => Outcome::Done,
            Ok(answer) => outcome(records, &answer),
            Err(error) => {
                eprintln!("a batch of the stream failed: {error}");
                Outcome::Failed
            }
        }
    }

    /// The first repetition comes at once, the next after 1, 2, 4… seconds.
    async fn pause(&self, failures: i64) {
        if failures < 2 {
            return;
        }
        let doublings = u32::try_from(failures - 2).unwrap_or_default().min(16);
        let until = self.clock.now() + (1000 << doublings).min(MAX_PAUSE);
        self.progress
            .send_modify(|progress| progress.paused_until = Some(until));
        self.clock.sleep_until(until).await;
        self.progress
            .send_modify(|progress| progress.paused_until = None);
    }

    /// The batch to repeat; `None` if it was repeated often enough.
    fn again(&self, mapping: &StreamMapping, records: Vec<Record>, failures: i64) -> Option<Batch> {
        if mapping.max_retries >= 0 && failures > mapping.max_retries {
            self.give_up(mapping, records, "RetryAttemptsExhausted", failures);
            return None;
        }
        Some(Batch { records, failures })
    }

    /// Tells the failure destination which records were given up, not what is in them.
    fn give_up(&self, mapping: &StreamMapping, records: Vec<Record>, why: &str, failures: i64) {
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return;
        };
        let told = json!({
            "requestContext": { "condition": why, "approximateInvokeCount": failures },
            "version": "1.0",
            "DDBStreamBatchInfo": {
                "shardId": "local",
                "startSequenceNumber": first.number(),
                "endSequenceNumber": last.number(),
                "batchSize": records.len(),
                "streamArn": first.value["eventSourceARN"],
            },
        });
        eprintln!(
            "{} records of the stream are given up: {why}",
            records.len()
        );
        if let Some(queue) = &mapping.failures {
            let body = told.to_string();
            self.sqs.send(
                queue,
                NewMessage {
                    body,
                    ..NewMessage::default()
                },
            );
        }
    }
}

fn outcome(records: &[Record], answer: &Value) -> Outcome {
    let Some(failed) = failed_items(answer) else {
        return Outcome::Failed;
    };
    let place = |number: &str| records.iter().position(|record| record.number() == number);
    let places: Option<Vec<_>> = failed.into_iter().map(place).collect();
    match places.map(|places| places.into_iter().min()) {
        Some(None) => Outcome::Done,
        Some(Some(first)) => Outcome::FailedFrom(first),
        // No record has this number.
        None => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{lambda::locked, template::Template};

    /// Fails each batch with a record that is poisoned, in the way that it is told.
    struct Function {
        poisoned: &'static str,
        reports: bool,
        calls: Mutex<Vec<Vec<String>>>,
    }

    impl Invoke for Function {
        async fn invoke(&self, event: Value) -> Result<Value, String> {
            let records = event["Records"].as_array().unwrap();
            let number = |record: &Value| {
                record["dynamodb"]["SequenceNumber"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            let numbers: Vec<_> = records.iter().map(number).collect();
            let is_poisoned = numbers.iter().any(|one| one == self.poisoned);
            locked(&self.calls).push(numbers);
            match (is_poisoned, self.reports) {
                (false, _) => Ok(Value::Null),
                (true, true) => {
                    Ok(json!({ "batchItemFailures": [{ "itemIdentifier": self.poisoned }] }))
                }
                (true, false) => Err("poisoned".to_owned()),
            }
        }
    }

    async fn batches(poisoned: &'static str, reports: bool) -> Batches<Function> {
        let text = "Resources: { Failures: { Type: AWS::SQS::Queue, Properties: {} } }";
        let template = Template::parse(text).unwrap();
        let clock = Clock::real();
        Batches {
            function: Arc::new(Function {
                poisoned,
                reports,
                calls: Mutex::default(),
            }),
            clock: clock.clone(),
            sqs: Sqs::start(&template, clock, 0).await.unwrap(),
            activity: Activity::default(),
            progress: watch::Sender::default(),
        }
    }

    fn mapping() -> StreamMapping {
        StreamMapping {
            filters: vec![],
            batch_size: 100,
            reports_failures: true,
            bisects: true,
            max_retries: 2,
            max_age: 3600,
            failures: Some("Failures".to_owned()),
        }
    }

    /// Processes four records, whose repetitions need no time. Returns the calls and what was given up.
    async fn process(
        batches: &Batches<Function>,
        mapping: &StreamMapping,
        born: i64,
    ) -> (Vec<String>, Vec<Value>) {
        let record = |number: &str| Record {
            value: json!({ "dynamodb": { "SequenceNumber": number } }),
            born,
        };
        let records = ["1", "2", "3", "4"].map(record).into();
        let mut progress = batches.progress.subscribe();
        let passes_time = async {
            while progress.changed().await.is_ok() {
                batches.clock.advance(MAX_PAUSE).unwrap();
            }
        };
        tokio::select! {
            () = batches.process(mapping, records) => {}
            () = passes_time => {}
        }
        let calls = locked(&batches.function.calls);
        let calls = calls.iter().map(|numbers| numbers.join(" ")).collect();
        let told = batches.sqs.messages("Failures").into_iter();
        let told = told.map(|message| serde_json::from_str(&message.body).unwrap());
        (calls, told.collect())
    }

    #[tokio::test]
    async fn a_batch_that_fails_is_halved_until_the_record_is_found_and_that_is_given_up() {
        let batches = batches("3", false).await;
        let (calls, told) = process(&batches, &mapping(), batches.clock.now()).await;
        assert_eq!(calls, ["1 2 3 4", "1 2", "3 4", "3", "3", "3", "4"]);
        let info = &told[0]["DDBStreamBatchInfo"];
        assert_eq!(
            (&info["startSequenceNumber"], &info["batchSize"]),
            (&json!("3"), &json!(1))
        );
        assert_eq!(
            told[0]["requestContext"]["condition"],
            "RetryAttemptsExhausted"
        );
        assert_eq!(told.len(), 1);
    }

    #[tokio::test]
    async fn a_batch_is_repeated_from_the_record_that_is_reported() {
        let batches = batches("3", true).await;
        let (calls, told) = process(&batches, &mapping(), batches.clock.now()).await;
        assert_eq!(calls, ["1 2 3 4", "3 4", "3 4"]);
        assert_eq!(told[0]["DDBStreamBatchInfo"]["batchSize"], 2);
    }

    #[tokio::test]
    async fn records_that_are_too_old_are_given_up_without_a_call() {
        let batches = batches("", false).await;
        let (calls, told) = process(&batches, &mapping(), batches.clock.now() - 3_601_000).await;
        assert_eq!(calls, Vec::<String>::new());
        assert_eq!(told[0]["requestContext"]["condition"], "RecordAgeExceeded");
    }

    #[tokio::test]
    async fn a_number_that_no_record_has_is_a_failure_of_the_whole_batch() {
        let answer = |number: &str| json!({ "batchItemFailures": [{ "itemIdentifier": number }] });
        let records = ["1", "2"].map(|number| Record {
            value: json!({ "dynamodb": { "SequenceNumber": number } }),
            born: 0,
        });
        assert!(matches!(
            outcome(&records, &answer("2")),
            Outcome::FailedFrom(1)
        ));
        assert!(matches!(outcome(&records, &answer("7")), Outcome::Failed));
        assert!(matches!(outcome(&records, &json!({})), Outcome::Done));
    }
}
