//! `POST /api/v1/webhook-subscriptions/{id}/rotate-secret`: replaces the secret of a webhook subscription. Only this
//! response contains the new one.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, ExitCode, ExposeSecret, KnownFields, Timestamp, WebhookCall,
    WebhookSubscriptionId, domain::webhook_subscription::Subscription, scoped, serve,
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/webhook-subscriptions/{id}/rotate-secret",
        scoped(Area::Webhooks.write(), rotate_secret),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &[],
    optional: &["overlapSeconds"],
};

const DAY: u32 = 24 * 60 * 60;

#[derive(Serialize)]
struct WithSecret<'a> {
    #[serde(flatten)]
    subscription: Subscription,
    secret: &'a str,
}

async fn rotate_secret(call: WebhookCall) -> Result<Answer, ApiError> {
    let fields = call.request.optional_fields(&FIELDS)?;
    let overlap = fields.number("overlapSeconds", 0, 7 * DAY)?.unwrap_or(DAY);
    let id = call.request.id()?;
    let (secret, sealed) = call.sender.new_secret(&id).await?;

    let until = Timestamp::now().plus_millis(i64::from(overlap) * 1000);
    let previous_until = (overlap > 0).then_some(until);
    let keep = call
        .once
        .keep_id(|rotated: &Subscription| rotated.id.as_str());
    let subscriptions = call.workspace.webhook_subscriptions();
    let rotated = subscriptions
        .rotate_secret(&id, &sealed, previous_until, keep)
        .await?;
    Answer::ok(WithSecret {
        subscription: rotated.ok_or_else(ApiError::no_such::<WebhookSubscriptionId>)?,
        secret: secret.expose_secret(),
    })
}
