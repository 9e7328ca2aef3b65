//! `GET /api/v1/api-keys/{id}/usage`: how many calls of a key were admitted on each of the last 30 days.

use serde::Serialize;
use shared::{
    Answer, ApiError, ApiKeyId, Area, Authenticated, ExitCode, scoped, serve,
    store::key_usage::DayUsage,
};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/api-keys/{id}/usage",
        scoped(Area::ApiKeys.read(), usage),
    )
}

#[derive(Serialize)]
struct Usage {
    days: Vec<DayUsage>,
}

async fn usage(call: Authenticated) -> Result<Answer, ApiError> {
    let id: ApiKeyId = call.request.id()?;

    let usage = call.workspace.api_keys().usage(&id).await?;
    let usage = usage.ok_or_else(ApiError::no_such::<ApiKeyId>)?;
    Answer::ok(Usage { days: usage.days })
}
