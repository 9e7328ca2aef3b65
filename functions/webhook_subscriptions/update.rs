//! `PATCH /api/v1/webhook-subscriptions/{id}`: changes a webhook subscription, pauses it, or switches it on again.

use shared::{
    Answer, ApiError, Area, ExitCode, KnownFields, WebhookCall, WebhookSubscriptionId,
    domain::webhook_url::WebhookUrl, scoped, serve,
    store::webhook_subscriptions::SubscriptionChanges,
};

fn main() -> ExitCode {
    serve(
        "PATCH /api/v1/webhook-subscriptions/{id}",
        scoped(Area::Webhooks.write(), update),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &[],
    optional: &["url", "events", "active"],
};

async fn update(call: WebhookCall) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let url = fields.optional("url", |fields| fields.exact("url", WebhookUrl::MAX))?;
    let mut changes = SubscriptionChanges {
        url: None,
        events: fields.event_patterns()?,
        active: fields.optional("active", |fields| fields.flag("active"))?,
    };
    if url.is_none() && changes.events.is_none() && changes.active.is_none() {
        let rule = "One of `url`, `events` and `active` is required.";
        return Err(ApiError::validation(rule));
    }
    let id = call.request.id()?;
    if let Some(url) = url {
        changes.url = Some(call.sender.url(&url).await?.as_str().to_owned());
    }

    let subscriptions = call.workspace.webhook_subscriptions();
    let keep = call.once.keep(Answer::ok);
    let updated = subscriptions.update(&id, &changes, keep).await?;
    Answer::ok(updated.ok_or_else(ApiError::no_such::<WebhookSubscriptionId>)?)
}
