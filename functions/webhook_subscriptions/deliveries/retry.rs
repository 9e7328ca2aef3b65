//! `POST /api/v1/webhook-subscriptions/deliveries/{id}/retry`: sends a delivery again that has succeeded or failed.

use shared::{
    Answer, ApiError, Area, DeliveryCall, DeliveryId, ExitCode, scoped, serve,
    store::webhook_deliveries::{DeliveryRetry, MOST_ATTEMPTS},
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/webhook-subscriptions/deliveries/{id}/retry",
        scoped(Area::Webhooks.write(), retry),
    )
}

async fn retry(call: DeliveryCall) -> Result<Answer, ApiError> {
    let id: DeliveryId = call.request.id()?;

    let keep = call.once.keep(Answer::accepted);
    match call.workspace.webhook_deliveries().retry(&id, keep).await? {
        DeliveryRetry::Queued(delivery, attempt) => {
            call.send_now(vec![attempt]).await;
            Answer::accepted(delivery)
        }
        DeliveryRetry::Pending => Err(ApiError::conflict("The delivery is pending already.")),
        DeliveryRetry::Test => Err(ApiError::conflict(
            "The delivery is a test, which is sent once. Send another test.",
        )),
        DeliveryRetry::AttemptedTooOften => Err(ApiError::conflict(format!(
            "The delivery was attempted {MOST_ATTEMPTS} times already. Its `body` is what would be sent."
        ))),
        DeliveryRetry::SubscriptionNotActive => Err(ApiError::conflict(
            "The delivery's subscription is paused, switched off or deleted. Set its `active` to true first.",
        )),
        DeliveryRetry::NoSuchDelivery => Err(ApiError::no_such::<DeliveryId>()),
    }
}
