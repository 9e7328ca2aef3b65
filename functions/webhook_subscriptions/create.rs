//! `POST /api/v1/webhook-subscriptions`: subscribes a URL to events. Only this response contains the secret.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, ExitCode, ExposeSecret, KnownFields, Timestamp, WebhookCall,
    WebhookSubscriptionId,
    domain::{
        event_type::EventPattern,
        webhook_subscription::{MAX_SUBSCRIPTIONS, Subscription},
        webhook_url::WebhookUrl,
    },
    scoped, serve,
    store::webhook_subscriptions::{NewSubscription, SubscriptionCreation},
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/webhook-subscriptions",
        scoped(Area::Webhooks.write(), create),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &["url"],
    optional: &["events"],
};

#[derive(Serialize)]
struct WithSecret<'a> {
    #[serde(flatten)]
    subscription: Subscription,
    secret: &'a str,
}

async fn create(call: WebhookCall) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let url = fields.exact("url", WebhookUrl::MAX)?;
    let events = fields.event_patterns()?;
    let url = call.sender.url(&url).await?;
    let id = WebhookSubscriptionId::new(Timestamp::now());
    let (secret, sealed) = call.sender.new_secret(&id).await?;

    let new = NewSubscription {
        id,
        url: url.as_str().to_owned(),
        events: events.unwrap_or_else(|| vec![EventPattern::all()]),
        secret: sealed,
    };
    let (subscriptions, once) = (call.workspace.webhook_subscriptions(), &call.once);
    let keep = once.keep_id(|created: &Subscription| created.id.as_str());
    match subscriptions.create(new, keep).await? {
        SubscriptionCreation::Created(subscription) => Answer::created(WithSecret {
            subscription,
            secret: secret.expose_secret(),
        }),
        SubscriptionCreation::WorkspaceFull => Err(ApiError::conflict(format!(
            "The workspace has {MAX_SUBSCRIPTIONS} webhook subscriptions already. Delete one that is not needed."
        ))),
    }
}
