//! `webhooks-fan-out`, on the table's stream: makes a delivery of each new event for each subscription that chose it.

use shared::{ExitCode, serve_fan_out};

fn main() -> ExitCode {
    serve_fan_out()
}
