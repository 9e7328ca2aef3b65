//! The log line of a request.
//!
//! Every byte of it is billed, for every call: `tests/bill.rs` counts them. So it has nothing that is the same in all
//! lines, nothing that the gateway's access log has as well except what both need, and no field for "none" or 0 units.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use lambda_runtime::Context;
use serde::Serialize;

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
    pub(crate) route: &'a str,
    pub(crate) request_id: &'a RequestId,
    /// See [`crate::http::event::Event::gateway_id`].
    pub(crate) gateway_id: Option<&'a str>,
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
    request_id: &'a RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_id: Option<&'a str>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    read_units: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write_units: Option<f64>,
    /// That this is the first event of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    cold_start: Option<bool>,
    /// What AWS asks for if a function fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    aws_request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xray_trace_id: Option<&'a str>,
}

/// Whether the process has not logged a request yet.
static COLD: AtomicBool = AtomicBool::new(true);

pub(crate) fn write(finished: &Finished<'_>) {
    let error = finished.error;
    let failed = finished.status >= 500;
    let (dynamodb_calls, read_units, write_units) = finished.request_context.meter().total();
    let (caller, key_id) = match finished.request_context.caller() {
        None => ("nobody", None),
        Some((Caller::ApiKey(key), _)) => ("api_key", Some(key.id.as_str())),
        Some((Caller::User(user), _)) if user.session.is_some() => ("session", None),
        Some((Caller::User(_), _)) => ("user", None),
    };
    log::write(&Line {
        timestamp: Timestamp::now(),
        level: if failed { "ERROR" } else { "INFO" },
        request_id: finished.request_id,
        gateway_id: finished.gateway_id,
        route: finished.route,
        status: finished.status,
        code: error.map(|error| error.code),
        caller,
        key_id,
        account_id: finished
            .request_context
            .caller()
            .map(|(_, workspace)| workspace.as_str()),
        reason: error.and_then(|error| error.refusal),
        cause: error
            .and_then(|error| error.cause.as_ref())
            .map(ToString::to_string),
        duration_ms: (finished.duration.as_secs_f64() * 1e6).round() / 1e3,
        dynamodb_calls,
        read_units: Some(read_units).filter(|units| *units > 0.0),
        write_units: Some(write_units).filter(|units| *units > 0.0),
        cold_start: COLD.swap(false, Relaxed).then_some(true),
        aws_request_id: Some(finished.context.request_id.as_str()).filter(|_| failed),
        xray_trace_id: finished
            .context
            .xray_trace_id
            .as_deref()
            .and_then(recorded_trace),
    });
}

/// The trace id out of `Root=1-…;Parent=…;Sampled=1` ("Tracing header", X-Ray developer guide), if X-Ray records the
/// trace. A client can send the header as well, so only what looks like an id is taken from it.
fn recorded_trace(header: &str) -> Option<&str> {
    let part = |name: &str| {
        let mut parts = header.split(';').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let is_id =
        |root: &&str| root.len() <= 35 && root.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    part("Sampled").filter(|sampled| *sampled == "1")?;
    part("Root").filter(is_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_that_is_recorded_is_logged_by_its_root() {
        let root = "1-5e1b4151-5ac6c58dc39a6cba4f1d7a6b";
        for recorded in [
            format!("Root={root};Sampled=1"),
            format!("Parent=53995c3f42cd8ad8; Root={root}; Sampled=1; Lineage=a:0"),
        ] {
            assert_eq!(recorded_trace(&recorded), Some(root), "{recorded}");
        }
        for other in [
            String::new(),
            root.to_owned(),
            format!("Root={root}"),
            format!("Root={root};Sampled=0"),
            format!("Root={root}0;Sampled=1"),
            "Root=a secret;Sampled=1".to_owned(),
            "Sampled=1".to_owned(),
        ] {
            assert_eq!(recorded_trace(&other), None, "{other}");
        }
    }
}
