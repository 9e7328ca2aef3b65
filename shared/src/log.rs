//! The log: one line of JSON for each request, which carries its metrics too.
//!
//! The lines go to standard output, which Lambda hands to CloudWatch Logs as it is. `_aws` in a line makes
//! CloudWatch take metrics from it ("Specification: Embedded metric format", CloudWatch user guide):
//!
//! | metric | dimension | counts |
//! |---|---|---|
//! | `Calls` | `route` | every request |
//! | `Limited` | `route` | those over a limit |
//! | `Refused` | `reason` | credentials that were refused, and why |
//!
//! What may stand in a line: ids, counts, times, words from our own code. Never a key, its hash, a token, a
//! header, a body or a path.

#![expect(
    clippy::disallowed_types,
    reason = "lines of our own are written and nothing is read"
)]

use std::{cell::RefCell, io::Write as _, sync::Once, time::Duration};

use lambda_runtime::Context;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    credentials::Caller,
    error::{ApiError, ErrorCode},
    exchange::Exchange,
    ids::RequestId,
    time::Timestamp,
};

/// The CloudWatch namespace of the metrics.
const NAMESPACE: &str = "Suppuo/Api";

/// A request that has its answer.
pub(crate) struct Finished<'a> {
    pub(crate) route: &'a str,
    pub(crate) request_id: &'a RequestId,
    pub(crate) status: i64,
    pub(crate) error: Option<&'a ApiError>,
    pub(crate) exchange: &'a Exchange,
    pub(crate) took: Duration,
    pub(crate) context: &'a Context,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    timestamp: Timestamp,
    level: &'static str,
    message: &'static str,
    request_id: &'a RequestId,
    route: &'a str,
    status: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
    caller: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    duration_ms: f64,
    dynamodb_calls: u32,
    read_units: f64,
    write_units: f64,
    aws_request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    xray_trace_id: Option<&'a str>,
    #[serde(rename = "Calls")]
    calls: u8,
    #[serde(rename = "Limited")]
    limited: u8,
    #[serde(rename = "Refused", skip_serializing_if = "Option::is_none")]
    refused: Option<u8>,
    #[serde(rename = "_aws")]
    metrics: Value,
}

/// Writes the line of a request.
pub(crate) fn request(finished: &Finished<'_>) {
    let now = Timestamp::now();
    let error = finished.error;
    let reason = error.and_then(|error| error.refusal);
    let (dynamodb_calls, read_units, write_units) = finished.exchange.meter().total();
    let (caller, key_id) = match finished.exchange.caller() {
        None => ("nobody", None),
        Some((Caller::ApiKey(id), _)) => ("api_key", Some(id.as_str())),
        Some((Caller::User(user), _)) if user.session.is_some() => ("session", None),
        Some((Caller::User(_), _)) => ("user", None),
    };
    write(&Line {
        timestamp: now,
        level: match finished.status {
            500.. => "ERROR",
            _ => "INFO",
        },
        message: "request",
        request_id: finished.request_id,
        route: finished.route,
        status: finished.status,
        code: error.map(|error| error.code),
        caller,
        key_id,
        account_id: finished
            .exchange
            .caller()
            .map(|(_, workspace)| workspace.as_str()),
        reason,
        cause: error
            .and_then(|error| error.cause.as_ref())
            .map(ToString::to_string),
        duration_ms: (finished.took.as_secs_f64() * 1e6).round() / 1e3,
        dynamodb_calls,
        read_units,
        write_units,
        aws_request_id: &finished.context.request_id,
        xray_trace_id: finished.context.xray_trace_id.as_deref().map(trace_root),
        calls: 1,
        limited: u8::from(error.is_some_and(|error| error.code == ErrorCode::RateLimited)),
        refused: reason.map(|_| 1),
        metrics: metrics(now, reason.is_some()),
    });
}

fn metrics(now: Timestamp, refused: bool) -> Value {
    let counts = |dimension: &str, names: &[&str]| {
        let metrics: Vec<_> = names
            .iter()
            .map(|name| json!({ "Name": name, "Unit": "Count" }))
            .collect();
        json!({ "Namespace": NAMESPACE, "Dimensions": [[dimension]], "Metrics": metrics })
    };
    let mut directives = vec![counts("route", &["Calls", "Limited"])];
    if refused {
        directives.push(counts("reason", &["Refused"]));
    }
    json!({ "Timestamp": now.as_millis(), "CloudWatchMetrics": directives })
}

/// The trace's own id out of `Root=1-…;Parent=…;Sampled=1` ("Tracing header", X-Ray developer guide).
fn trace_root(header: &str) -> &str {
    header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("Root="))
        .unwrap_or(header)
}

/// Writes a line beside the request's own.
pub(crate) fn warn(message: &str) {
    beside("WARN", message);
}

/// Writes why a function cannot start.
pub(crate) fn fatal(message: &str) {
    beside("FATAL", message);
}

fn beside(level: &str, message: &str) {
    let mut line = json!({ "timestamp": Timestamp::now(), "level": level, "message": message });
    if let Some(id) = REQUEST.with_borrow(Clone::clone) {
        line["requestId"] = id.as_str().into();
    }
    write(&line);
}

thread_local! {
    /// The request that is being answered: a function answers one at a time, on its one thread.
    static REQUEST: RefCell<Option<RequestId>> = const { RefCell::new(None) };
}

/// Makes every line name this request, until the next one.
pub(crate) fn begin(request: &RequestId) {
    REQUEST.set(Some(request.clone()));
}

/// Makes a panic a line of the log that says where it was. Not what it said: a panic's message may hold
/// anything.
pub(crate) fn panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            beside("ERROR", &format!("panic at {place}"));
        }));
    });
}

fn write(line: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(line) {
        // Where nobody takes the line, a call is answered all the same; `println!` would panic.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_is_told_by_its_root() {
        assert_eq!(
            trace_root("Root=1-5e1b4151-5ac6c58dc39a6cba4f1d7a6b;Sampled=1"),
            "1-5e1b4151-5ac6c58dc39a6cba4f1d7a6b"
        );
        assert_eq!(trace_root("Parent=53995c3f42cd8ad8; Root=1-a"), "1-a");
        assert_eq!(trace_root("1-a"), "1-a");
    }
}
