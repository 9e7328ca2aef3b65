//! What calls the functions without a route, and the queues.

use serde_json::{Value, json};

use super::settings::Settings;
use crate::Error;

/// What calls a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Stream(StreamMapping),
    Queue(QueueMapping),
    Schedule(Schedule),
}

/// An event source mapping of the table's stream ("Using Lambda with DynamoDB", Lambda developer guide).
#[derive(Clone, Debug, PartialEq)]
pub struct StreamMapping {
    /// A record that matches one of them is for the function. If there are none, every record is.
    pub filters: Vec<FilterPattern>,
    pub batch_size: usize,
    pub reports_failures: bool,
    pub bisects: bool,
    /// -1: without end.
    pub max_retries: i64,
    /// In seconds; -1: without end.
    pub max_age: i64,
    /// The name of the queue that is told of batches that were given up.
    pub failures: Option<String>,
}

/// An event source mapping of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueMapping {
    /// The queue's name in the template.
    pub queue: String,
    pub batch_size: usize,
    pub reports_failures: bool,
    pub max_concurrency: usize,
}

/// `rate(1 minute)`; a call that fails is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule;

/// A queue's settings. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    pub visibility_timeout: i64,
    pub retention: i64,
    /// The name of the queue of its dead letters, and after how many receives a message becomes one.
    pub dead_letters: Option<(String, u32)>,
}

/// What a record must look like: a list is a choice of values, an object has further fields ("Filter rule syntax",
/// Lambda developer guide). Only texts and `prefix` are implemented.
#[derive(Clone, Debug, PartialEq)]
pub struct FilterPattern(Value);

/// SQS's defaults, in seconds.
const VISIBILITY_TIMEOUT: i64 = 30;
const RETENTION: i64 = 4 * 24 * 60 * 60;

impl QueueSettings {
    pub(super) fn read(mut settings: Settings<'_>) -> Result<Self, Error> {
        // Nothing here is encrypted.
        settings.flag("SqsManagedSseEnabled")?;
        let visibility_timeout = 1000 * settings.number("VisibilityTimeout", VISIBILITY_TIMEOUT)?;
        let retention = 1000 * settings.number("MessageRetentionPeriod", RETENTION)?;
        let dead_letters = match settings.take("RedrivePolicy") {
            None => None,
            Some(policy) => {
                let mut policy = Settings::of(settings.name, policy);
                let arn = policy.text("deadLetterTargetArn")?;
                let queue = arn.strip_suffix(".Arn").unwrap_or(arn).to_owned();
                let count = policy.number("maxReceiveCount", 0)?;
                let count = u32::try_from(count).ok().filter(|count| *count > 0);
                let count =
                    count.ok_or_else(|| policy.error("maxReceiveCount", "must be above 0"))?;
                policy.end()?;
                Some((queue, count))
            }
        };
        settings.end()?;
        Ok(Self {
            visibility_timeout,
            retention,
            dead_letters,
        })
    }
}

/// The schedule of a function: the event's properties, and the function's configuration for such events.
pub(super) fn schedule(name: &str, event: &Value, invocation: &Value) -> Result<Source, Error> {
    let mut event = Settings::of(name, event);
    event.only("Schedule", &json!("rate(1 minute)"))?;
    let of_rule = event.take("RetryPolicy").unwrap_or(&Value::Null);
    event.end()?;
    for retries in [of_rule, invocation] {
        let mut retries = Settings::of(name, retries);
        retries.only("MaximumRetryAttempts", &json!(0))?;
        // Here, no event waits for its call.
        retries.number("MaximumEventAgeInSeconds", 60)?;
        retries.end()?;
    }
    Ok(Source::Schedule(Schedule))
}

/// The event source that a mapping names.
pub(super) fn mapping(mut settings: Settings<'_>, parameters: &Value) -> Result<Source, Error> {
    settings.text("FunctionName")?;
    settings.only("MaximumBatchingWindowInSeconds", &json!(0))?;
    let reports_failures = match settings.take("FunctionResponseTypes") {
        None => false,
        Some(types) if *types == json!(["ReportBatchItemFailures"]) => true,
        Some(types) => {
            let what = format!("{types} is not implemented");
            return Err(settings.error("FunctionResponseTypes", &what));
        }
    };
    let batch_size = settings.number("BatchSize", 10)?;
    let batch_size = usize::try_from(batch_size)?;
    let source = settings.take("EventSourceArn").map(Value::to_string);
    let source = source.unwrap_or_default();
    if source.contains("Table.StreamArn") {
        stream_mapping(settings, batch_size, reports_failures).map(Source::Stream)
    } else if let Some(queue) = source.trim_matches('"').strip_suffix(".Arn") {
        let mut scaling = match settings.take("ScalingConfig") {
            Some(scaling) => Settings::of(settings.name, scaling),
            None => return Err(settings.error("ScalingConfig", "is needed")),
        };
        let concurrency = scaling.take("MaximumConcurrency").unwrap_or(&Value::Null);
        let default = concurrency
            .as_str()
            .map(|name| &parameters[name]["Default"]);
        let concurrency = default.unwrap_or(concurrency).as_u64();
        let error = scaling.error("MaximumConcurrency", "must be a number or a parameter");
        scaling.end()?;
        settings.end()?;
        Ok(Source::Queue(QueueMapping {
            queue: queue.to_owned(),
            batch_size,
            reports_failures,
            max_concurrency: usize::try_from(concurrency.ok_or(error)?)?,
        }))
    } else {
        Err(settings.error("EventSourceArn", &format!("{source} is not implemented")))
    }
}

fn stream_mapping(
    mut settings: Settings<'_>,
    batch_size: usize,
    reports_failures: bool,
) -> Result<StreamMapping, Error> {
    settings.only("StartingPosition", &json!("TRIM_HORIZON"))?;
    settings.only("ParallelizationFactor", &json!(1))?;
    let filters = match settings.take("FilterCriteria") {
        None => Vec::new(),
        Some(criteria) => {
            let filters = criteria["Filters"].as_array().into_iter().flatten();
            let patterns = filters.map(|filter| filter["Pattern"].as_str().unwrap_or_default());
            let patterns = patterns.map(|pattern| {
                FilterPattern::parse(pattern)
                    .map_err(|e| settings.error("FilterCriteria", &e.to_string()))
            });
            patterns.collect::<Result<_, _>>()?
        }
    };
    let failures = settings.take("DestinationConfig").map(|config| {
        let destination = config["OnFailure"]["Destination"].as_str();
        let queue = destination.and_then(|arn| arn.strip_suffix(".Arn"));
        let queue = queue.map(str::to_owned);
        queue.ok_or_else(|| settings.error("DestinationConfig", "must be a queue's ARN"))
    });
    let mapping = StreamMapping {
        filters,
        batch_size,
        reports_failures,
        bisects: settings.flag("BisectBatchOnFunctionError")?,
        max_retries: settings.number("MaximumRetryAttempts", -1)?,
        max_age: settings.number("MaximumRecordAgeInSeconds", -1)?,
        failures: failures.transpose()?,
    };
    settings.end()?;
    Ok(mapping)
}

impl FilterPattern {
    /// # Errors
    ///
    /// If the pattern has anything but objects, lists, texts and `prefix`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let pattern: Value = serde_json::from_str(text)?;
        check(&pattern)?;
        Ok(Self(pattern))
    }

    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        is_match(&self.0, record)
    }
}

fn check(pattern: &Value) -> Result<(), Error> {
    match pattern {
        Value::Object(fields) => fields.values().try_for_each(check),
        Value::Array(choices) => choices.iter().try_for_each(|choice| match choice {
            Value::String(_) => Ok(()),
            Value::Object(rule) if rule.len() == 1 && choice["prefix"].is_string() => Ok(()),
            other => Err(format!("the filter rule {other} is not implemented").into()),
        }),
        other => Err(format!("{other} is no filter").into()),
    }
}

fn is_match(pattern: &Value, value: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields
            .iter()
            .all(|(name, pattern)| is_match(pattern, &value[name])),
        Value::Array(choices) => choices
            .iter()
            .any(|choice| match choice["prefix"].as_str() {
                Some(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
                None => choice == value,
            }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = r#"{
        "FunctionName": "F.Alias", "EventSourceArn": ["CreatesTable", "Table.StreamArn", "other"],
        "StartingPosition": "TRIM_HORIZON", "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0,
        "ParallelizationFactor": 1, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": true, "MaximumRetryAttempts": 30, "MaximumRecordAgeInSeconds": 21600,
        "DestinationConfig": { "OnFailure": { "Destination": "Failures.Arn" } }
    }"#;

    fn read(mapping: &Value) -> Result<Source, String> {
        let parameters = json!({ "Concurrency": { "Default": 50 } });
        mapping_of(mapping, &parameters)
    }

    fn mapping_of(mapping: &Value, parameters: &Value) -> Result<Source, String> {
        super::mapping(Settings::of("Mapping", mapping), parameters).map_err(|e| e.to_string())
    }

    #[test]
    fn a_streams_mapping_is_read() {
        let mapping = serde_json::from_str(STREAM).unwrap();
        let expected = StreamMapping {
            filters: vec![],
            batch_size: 100,
            reports_failures: true,
            bisects: true,
            max_retries: 30,
            max_age: 21600,
            failures: Some("Failures".to_owned()),
        };
        assert_eq!(read(&mapping), Ok(Source::Stream(expected)));
    }

    #[test]
    fn a_queues_mapping_has_the_default_of_a_parameter() {
        let mapping = json!({
            "FunctionName": "F.Alias", "EventSourceArn": "Queue.Arn", "BatchSize": 10,
            "MaximumBatchingWindowInSeconds": 0, "ScalingConfig": { "MaximumConcurrency": "Concurrency" }
        });
        let expected = QueueMapping {
            queue: "Queue".to_owned(),
            batch_size: 10,
            reports_failures: false,
            max_concurrency: 50,
        };
        assert_eq!(read(&mapping), Ok(Source::Queue(expected)));
    }

    #[test]
    fn settings_that_are_not_implemented_are_refused_by_their_names() {
        for (setting, value) in [
            ("TumblingWindowInSeconds", json!(30)),
            ("ParallelizationFactor", json!(10)),
            ("StartingPosition", json!("LATEST")),
            ("MaximumBatchingWindowInSeconds", json!(5)),
            ("FunctionResponseTypes", json!([])),
            ("Enabled", json!(false)),
            ("BatchSize", json!("100")),
            (
                "DestinationConfig",
                json!({ "OnFailure": { "Destination": "arn:aws:sns:x" } }),
            ),
            (
                "FilterCriteria",
                json!({ "Filters": [{ "Pattern": "{\"a\":[{\"exists\":false}]}" }] }),
            ),
        ] {
            let mut mapping: Value = serde_json::from_str(STREAM).unwrap();
            mapping[setting] = value;
            let refused = read(&mapping).unwrap_err();
            assert!(refused.contains(setting), "{refused}");
        }
        for (setting, value) in [("FifoQueue", json!(true)), ("DelaySeconds", json!(5))] {
            let queue = json!({ setting: value });
            let refused = QueueSettings::read(Settings::of("Queue", &queue)).unwrap_err();
            assert!(refused.to_string().contains(setting), "{refused}");
        }
        let event = json!({ "Schedule": "rate(5 minutes)" });
        let refused = schedule("Due", &event, &Value::Null).unwrap_err();
        assert!(refused.to_string().contains("Schedule"), "{refused}");
    }

    #[test]
    fn a_filter_takes_records_with_the_texts_and_prefixes_that_it_names() {
        let filter = r#"{"eventName":["INSERT"],"dynamodb":{"NewImage":{"type":{"S":[{"prefix":"suppuo."}]}}}}"#;
        let filter = FilterPattern::parse(filter).unwrap();
        let record = |name: &str, image: Value| json!({ "eventName": name, "dynamodb": { "NewImage": image } });
        let event = json!({ "type": { "S": "suppuo.ticket.created.v1" }, "id": { "S": "evt_1" } });
        assert!(filter.matches(&record("INSERT", event.clone())));
        assert!(!filter.matches(&record("MODIFY", event)));
        assert!(!filter.matches(&record("INSERT", json!({ "type": { "S": "another" } }))));
        assert!(!filter.matches(&record("INSERT", json!({ "type": { "N": "1" } }))));
        assert!(!filter.matches(&json!({ "eventName": "REMOVE", "dynamodb": {} })));
    }
}
