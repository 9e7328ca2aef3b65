//! The log line of a message of the queue.

use serde::Serialize;

use crate::{
    domain::webhook_delivery::DueAttempt, log, store::due_deliveries::Scheduled, time::Timestamp,
    webhooks::sender::Sent,
};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Handled {
    Succeeded,
    Failed,
    /// Nothing was sent, because the receiver does not answer. There is a later message.
    Held,
    /// Nothing was sent, and nothing will be: the subscription is off or gone.
    Abandoned,
    /// The attempt is due later. There is a later message.
    Early,
    /// The attempt was made already.
    Outdated,
}

/// The log line of a message. Has nothing that the receiver sent, except the number of its status.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    timestamp: Timestamp,
    level: &'static str,
    message: &'static str,
    account_id: &'a str,
    subscription_id: &'a str,
    delivery_id: &'a str,
    event_id: &'a str,
    attempt: u32,
    outcome: Handled,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_retry_at: Option<Timestamp>,
}

/// Logs what became of a message.
pub(super) fn write(
    due: &DueAttempt,
    outcome: Handled,
    sent: Option<&Sent>,
    next: Option<&Scheduled>,
) {
    log::write(&Line {
        timestamp: Timestamp::now(),
        level: "INFO",
        message: "delivery",
        account_id: due.account_id.as_str(),
        subscription_id: due.subscription_id.as_str(),
        delivery_id: due.delivery_id().as_str(),
        event_id: due.event_id.as_str(),
        attempt: due.attempt,
        outcome,
        response_code: sent.and_then(|sent| sent.response_code),
        error: sent.and_then(|sent| sent.error.as_deref()),
        duration_ms: sent.map(|sent| sent.duration_ms),
        next_retry_at: next.map(|next| next.due_at),
    });
}
