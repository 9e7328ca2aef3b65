//! `GET /api/v1/webhook-subscriptions`: the workspace's webhook subscriptions, newest first, without their secrets.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, ExitCode, ReadCall, domain::webhook_subscription::Subscription,
    reading, serve,
};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/webhook-subscriptions",
        reading(Area::Webhooks.read(), list),
    )
}

#[derive(Serialize)]
struct Listed {
    subscriptions: Vec<Subscription>,
}

async fn list(call: ReadCall) -> Result<Answer, ApiError> {
    let subscriptions = call.workspace.webhook_subscriptions().list().await?;
    Answer::ok(Listed { subscriptions })
}
