//! The log line of a request, which also carries the request's metrics.

#![expect(
    clippy::disallowed_types,
    reason = "it writes our own lines and reads nothing"
)]

use std::time::Duration;

use lambda_runtime::Context;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    domain::caller::Caller,
    endpoint::request_context::RequestContext,
    error::{ApiError, ErrorCode},
    ids::RequestId,
    log,
    time::Timestamp,
};

/// A request with its response.
pub(crate) struct Finished<'a> {
    /// The stack's name.
    pub(crate) stack: &'a str,
    pub(crate) route: &'a str,
    pub(crate) request_id: &'a RequestId,
    pub(crate) status: i64,
    pub(crate) error: Option<&'a ApiError>,
    pub(crate) request_context: &'a RequestContext,
    pub(crate) duration: Duration,
    pub(crate) context: &'a Context,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    timestamp: Timestamp,
    level: &'static str,
    message: &'static str,
    request_id: &'a RequestId,
    stack: &'a str,
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

pub(crate) fn write(finished: &Finished<'_>) {
    let now = Timestamp::now();
    let error = finished.error;
    let reason = error.and_then(|error| error.refusal);
    let (dynamodb_calls, read_units, write_units) = finished.request_context.meter().total();
    let (caller, key_id) = match finished.request_context.caller() {
        None => ("nobody", None),
        Some((Caller::ApiKey(key), _)) => ("api_key", Some(key.id.as_str())),
        Some((Caller::User(user), _)) if user.session.is_some() => ("session", None),
        Some((Caller::User(_), _)) => ("user", None),
    };
    log::write(&Line {
        timestamp: now,
        level: match finished.status {
            500.. => "ERROR",
            _ => "INFO",
        },
        message: "request",
        request_id: finished.request_id,
        stack: finished.stack,
        route: finished.route,
        status: finished.status,
        code: error.map(|error| error.code),
        caller,
        key_id,
        account_id: finished
            .request_context
            .caller()
            .map(|(_, workspace)| workspace.as_str()),
        reason,
        cause: error
            .and_then(|error| error.cause.as_ref())
            .map(ToString::to_string),
        duration_ms: (finished.duration.as_secs_f64() * 1e6).round() / 1e3,
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
        json!({ "Namespace": log::NAMESPACE, "Dimensions": [["stack", dimension]], "Metrics": metrics })
    };
    let mut directives = vec![counts("route", &["Calls", "Limited"])];
    if refused {
        directives.push(counts("reason", &["Refused"]));
    }
    json!({ "Timestamp": now.as_millis(), "CloudWatchMetrics": directives })
}

/// The trace id out of `Root=1-…;Parent=…;Sampled=1` ("Tracing header", X-Ray developer guide).
fn trace_root(header: &str) -> &str {
    header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("Root="))
        .unwrap_or(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_logged_by_its_root() {
        assert_eq!(
            trace_root("Root=1-5e1b4151-5ac6c58dc39a6cba4f1d7a6b;Sampled=1"),
            "1-5e1b4151-5ac6c58dc39a6cba4f1d7a6b"
        );
        assert_eq!(trace_root("Parent=53995c3f42cd8ad8; Root=1-a"), "1-a");
        assert_eq!(trace_root("1-a"), "1-a");
    }
}
