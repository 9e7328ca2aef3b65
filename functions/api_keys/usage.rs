//! `GET /api/v1/api-keys/{id}/usage`: how many calls of a key were admitted on each of the last 30 days.

use serde::Serialize;
use shared::{
    Answer, ApiError, ApiKeyId, Area, ExitCode, ReadCall, reading, serve,
    store::key_usage::DayUsage,
};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/api-keys/{id}/usage",
        reading(Area::ApiKeys.read(), usage),
    )
}

#[derive(Serialize)]
struct Usage {
    days: Vec<DayUsage>,
}

async fn usage(call: ReadCall) -> Result<Answer, ApiError> {
    let id: ApiKeyId = call.request.id()?;

    // If the key asks for its own usage, this call is part of it.
    call.caller().await;
    let usage = call.workspace.api_keys().usage(&id).await?;
    let usage = usage.ok_or_else(ApiError::no_such::<ApiKeyId>)?;
    Answer::ok(Usage { days: usage.days })
}
