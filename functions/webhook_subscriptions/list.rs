//! `GET /api/v1/webhook-subscriptions`: the workspace's webhook subscriptions, newest first, without their secrets.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, Authenticated, ExitCode, domain::webhook_subscription::Subscription,
    scoped, serve,
};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/webhook-subscriptions",
        scoped(Area::Webhooks.read(), list),
    )
}

#[derive(Serialize)]
struct Listed {
    subscriptions: Vec<Subscription>,
}

async fn list(call: Authenticated) -> Result<Answer, ApiError> {
    let subscriptions = call.workspace.webhook_subscriptions().list().await?;
    Answer::ok(Listed { subscriptions })
}
