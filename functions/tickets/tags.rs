//! `GET /api/v1/tickets/tags`: the tags that the workspace's tickets have.

use std::process::ExitCode;

use serde::Serialize;
use shared::{
    endpoint::{Call, authenticated},
    envelope::Answer,
    error::ApiError,
    serve,
};

fn main() -> ExitCode {
    serve("GET /api/v1/tickets/tags", authenticated(tags))
}

#[derive(Serialize)]
struct Tags {
    tags: Vec<String>,
}

async fn tags(call: Call) -> Result<Answer, ApiError> {
    let tags = call.workspace.tickets().tags().await?;
    Answer::ok(Tags { tags })
}
