//! `webhooks-deliver`, on the queue: makes the attempts that are due, and schedules the next one of those that fail.

use shared::{ExitCode, serve_deliver};

fn main() -> ExitCode {
    serve_deliver()
}
