//! `GET /api/v1/webhook-subscriptions/deliveries/{id}`: a delivery, with its attempts.

use shared::{Answer, ApiError, Area, DeliveryId, ExitCode, ReadCall, reading, serve};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/webhook-subscriptions/deliveries/{id}",
        reading(Area::Webhooks.read(), get),
    )
}

async fn get(call: ReadCall) -> Result<Answer, ApiError> {
    let id = call.request.id()?;
    let delivery = call.workspace.webhook_deliveries().get(&id).await?;
    Answer::ok(delivery.ok_or_else(ApiError::no_such::<DeliveryId>)?)
}
