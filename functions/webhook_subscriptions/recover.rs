//! `POST /api/v1/webhook-subscriptions/{id}/recover`: sends everything again that failed since a time.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, DeliveryCall, ExitCode, KnownFields, Timestamp, WebhookSubscriptionId,
    scoped, serve,
    time::{HOUR, MINUTE},
};

fn main() -> ExitCode {
    serve(
        "POST /api/v1/webhook-subscriptions/{id}/recover",
        scoped(Area::Webhooks.write(), recover),
    )
}

const FIELDS: KnownFields = KnownFields {
    required: &["since"],
    optional: &[],
};

/// In milliseconds, with a minute for clocks that differ.
const LONGEST: i64 = 7 * 24 * HOUR + MINUTE;

#[derive(Serialize)]
struct Recovered {
    queued: usize,
}

async fn recover(call: DeliveryCall) -> Result<Answer, ApiError> {
    let fields = call.request.fields(&FIELDS)?;
    let since = fields.time("since")?;
    let now = Timestamp::now();
    if since < now.plus_millis(-LONGEST) || since > now.plus_millis(MINUTE) {
        let rule = "`since` must be at most 7 days ago, and not in the future.";
        return Err(ApiError::invalid_field("since", rule));
    }
    let id: WebhookSubscriptionId = call.request.id()?;
    let subscriptions = call.workspace.webhook_subscriptions().list().await?;
    let found = subscriptions.into_iter().find(|one| one.id == id);
    if !found
        .ok_or_else(ApiError::no_such::<WebhookSubscriptionId>)?
        .active
    {
        return Err(ApiError::conflict(
            "The subscription is paused or switched off. Set its `active` to true first.",
        ));
    }

    let keep = call
        .once
        .keep_as(|&queued| Answer::accepted(Recovered { queued }));
    let queued = call.recover(id, since, now, keep).await?;
    Answer::accepted(Recovered { queued })
}
