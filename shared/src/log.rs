//! The log: one line of JSON for each request.
//!
//! Lambda forwards standard output to CloudWatch Logs unchanged. It looks at two fields: it takes `timestamp` for the
//! time of a line, and drops lines whose `level` is below the one of the function's settings ("Log-level filtering",
//! Lambda developer guide). Metric filters in `template.yaml` count lines by their fields.
//!
//! A line may hold ids, counts, times and words from our own code. It never holds a key, a key's hash, a token, a
//! header, a body or a path.

use std::{cell::RefCell, io::Write as _, sync::Once};

use serde::Serialize;
use serde_json::json;

use crate::{ids::RequestId, time::Timestamp};

/// Writes a line in addition to the request's own.
pub(crate) fn warn(message: &str) {
    write_message("WARN", message);
}

/// Writes why the function cannot start.
pub(crate) fn fatal(message: &str) {
    write_message("FATAL", message);
}

fn write_message(level: &str, message: &str) {
    let mut line = json!({ "timestamp": Timestamp::now(), "level": level, "message": message });
    if let Some(id) = REQUEST.with_borrow(Clone::clone) {
        line["requestId"] = id.as_str().into();
    }
    write(&line);
}

thread_local! {
    /// The current request. A function handles one request at a time, on one thread.
    static REQUEST: RefCell<Option<RequestId>> = const { RefCell::new(None) };
}

/// All lines name this request, until the next call.
pub(crate) fn set_request(request: &RequestId) {
    REQUEST.set(Some(request.clone()));
}

/// Logs where a panic happened. Leaves out the panic's message, which may hold anything.
pub(crate) fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            write_message("ERROR", &format!("panic at {place}"));
        }));
    });
}

pub(crate) fn write(line: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(line) {
        // A call must be answered even if standard output is closed; `println!` would panic.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}
