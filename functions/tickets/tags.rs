//! `GET /api/v1/tickets/tags`: the tags of the workspace's tickets.

use serde::Serialize;
use shared::{Answer, ApiError, Area, ExitCode, ReadCall, reading, serve};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/tickets/tags",
        reading(Area::Tickets.read(), tags),
    )
}

#[derive(Serialize)]
struct Tags {
    tags: Vec<String>,
}

async fn tags(call: ReadCall) -> Result<Answer, ApiError> {
    let tags = call.workspace.tickets().tags().await?;
    Answer::ok(Tags { tags })
}
