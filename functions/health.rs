//! `GET` and `HEAD /api/v1/health`: whether the service and its table answer. The status is always `200`.

use serde::Serialize;
use shared::{Answer, ApiError, ExitCode, HealthCheck, handler, serve};

fn main() -> ExitCode {
    serve("GET /api/v1/health", handler(health))
}

#[derive(Serialize)]
struct Health {
    service: &'static str,
    /// `ok`, or `degraded` if a check failed.
    status: &'static str,
    version: &'static str,
    checks: Checks,
}

#[derive(Serialize)]
struct Checks {
    /// `ok`, or `failing`.
    db: &'static str,
}

async fn health(call: HealthCheck) -> Result<Answer, ApiError> {
    let (status, db) = if call.table.answers().await {
        ("ok", "ok")
    } else {
        ("degraded", "failing")
    };
    Answer::ok(Health {
        service: "suppuo-api",
        status,
        version: env!("CARGO_PKG_VERSION"),
        checks: Checks { db },
    })
}
