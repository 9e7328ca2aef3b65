//! Waits until every function responds, so that the first call of a newcomer is a fast one.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    slice,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{console, token};
use crate::{Error, functions, gateway, machine::Machine, template::Route};

/// For all functions together. They are built before they are started, so that this is ample.
const TIMEOUT: Duration = Duration::from_mins(2);

/// Waits until each function has sent a response with a request id and a status below 500.
///
/// The functions are called as by Lambda's clients ("Invoke", Lambda API reference). The events come from another
/// client address, so that the newcomer's limits are not used up.
pub(super) async fn await_functions(port: u16, routes: &[Route], log: &Path) -> Result<(), Error> {
    let client = token::client()?;
    let began = Instant::now();
    let mut seen = BTreeSet::new();
    for route in routes {
        let function = &route.function;
        if !seen.insert(function) {
            continue;
        }
        let event = event_of(route)?;
        loop {
            if let Ok(answer) = functions::invoke(&client, port, function, &event).await {
                if let Some(error) = answer["errorMessage"].as_str() {
                    let last = last_fatal_line(log);
                    return Err(format!("{function}: {error}; see {}{last}", log.display()).into());
                }
                if is_response(&answer) {
                    console::step(&format!("{function} answers"));
                    break;
                }
            }
            if began.elapsed() > TIMEOUT {
                return Err(format!("{function} does not answer").into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

/// Waits until a process of each function without a route has started.
pub(super) async fn await_workers(machine: &Machine, log: &Path) -> Result<(), Error> {
    machine.warm_up().await.map_err(|error| {
        let last = last_fatal_line(log);
        format!("{error}; see {}{last}", log.display()).into()
    })
}

fn event_of(route: &Route) -> Result<Value, Error> {
    let (method, path) = match &route.endpoint {
        Some((method, path)) => (method.clone(), path.replace(['{', '}'], "")),
        None => ("GET".to_owned(), "/".to_owned()),
    };
    let request = gateway::Request {
        method,
        path,
        ..gateway::Request::default()
    };
    let (_, event) = request
        .routed(slice::from_ref(route))
        .ok_or("a route does not match its own path")?;
    Ok(event)
}

fn is_response(answer: &Value) -> bool {
    let status = answer["statusCode"].as_u64();
    status.is_some_and(|status| status < 500) && answer["headers"]["x-request-id"].is_string()
}

/// The last `FATAL` line of the log, on a line of its own: a function that cannot use a setting names it there.
fn last_fatal_line(log: &Path) -> String {
    let log = fs::read_to_string(log).unwrap_or_default();
    let last = log.lines().rfind(|line| line.contains("\"FATAL\""));
    last.map(|line| format!("\n{line}")).unwrap_or_default()
}
