//! `POST /api/v1/webhook-subscriptions/{id}/test`: sends a test to a webhook subscription, and returns the result.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, ExitCode, WebhookCall, WebhookSubscriptionId,
    domain::webhook_delivery::Delivery, scoped, serve,
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/webhook-subscriptions/{id}/test",
        scoped(Area::Webhooks.write(), test),
    )
}

#[derive(Serialize)]
struct Tested<'a> {
    delivery: &'a Delivery,
}

fn answer(delivery: &Delivery) -> Result<Answer, ApiError> {
    Answer::ok(Tested { delivery })
}

async fn test(call: WebhookCall) -> Result<Answer, ApiError> {
    let id = call.request.id()?;
    let keep = call.once.keep_as(answer);
    let delivery = call.sender.test(&call.workspace, &id, keep).await?;
    answer(&delivery.ok_or_else(ApiError::no_such::<WebhookSubscriptionId>)?)
}
