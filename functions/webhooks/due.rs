//! `webhooks-due`, every minute: sends the attempts that are due soon to the queue.

use shared::{ExitCode, serve_due};

fn main() -> ExitCode {
    serve_due()
}
