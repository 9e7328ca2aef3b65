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

use std::{cell::RefCell, io::Write as _, sync::Once};

use serde::Serialize;
use serde_json::json;

use crate::{ids::RequestId, time::Timestamp};

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

pub(crate) fn write(line: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(line) {
        // Where nobody takes the line, a call is answered all the same; `println!` would panic.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}
