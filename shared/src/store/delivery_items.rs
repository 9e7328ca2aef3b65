//! The items of deliveries. The text that is sent is in the event's item, once for all its deliveries.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, builders::PutBuilder};

use crate::{
    domain::webhook_delivery::{Attempt, Delivery},
    ids::{DeliveryId, EventId, WebhookSubscriptionId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        outbox::StoredEvent,
        store_error::StoreError,
        workspaces,
    },
    time::{HOUR, Timestamp},
};

/// How long a delivery stays in the log.
const KEPT_MILLIS: i64 = 30 * 24 * HOUR;

pub(super) fn partition(workspace: &WorkspaceId) -> String {
    format!("{}#DELIVERIES", workspaces::partition(workspace))
}

pub(super) fn key(workspace: &WorkspaceId, id: &DeliveryId) -> Item {
    attributes::key(&partition(workspace), id.as_str())
}

/// Writes a delivery that does not exist yet.
pub(super) fn put_new(workspace: &WorkspaceId, delivery: &Delivery) -> PutBuilder {
    let expires = delivery.created_at.plus_millis(KEPT_MILLIS).as_secs_ceil();
    let mut put = Put::builder()
        .set_item(Some(key(workspace, &delivery.id)))
        .item(
            "subscriptionId",
            attributes::text(delivery.subscription_id.as_str()),
        )
        .item("eventId", attributes::text(delivery.event_id.as_str()))
        .item("eventType", attributes::text(&delivery.event_type))
        .item("deliveryStatus", attributes::text(delivery.status.into()))
        .item("attempts", attributes::number(delivery.attempts))
        .item("attemptLog", log(&delivery.attempt_log))
        .item("createdAt", attributes::moment(delivery.created_at))
        .item("updatedAt", attributes::moment(delivery.updated_at))
        .item("expiresAt", attributes::number(expires))
        .condition_expression("attribute_not_exists(pk)");
    for (name, value) in optional(delivery) {
        if let Some(value) = value {
            put = put.item(name, value);
        }
    }
    put
}

/// The attributes that a delivery may lack.
pub(super) fn optional(delivery: &Delivery) -> [(&'static str, Option<AttributeValue>); 6] {
    let moment = |moment: Option<Timestamp>| moment.map(attributes::moment);
    [
        ("nextRetryAt", moment(delivery.next_retry_at)),
        ("lastAttemptAt", moment(delivery.last_attempt_at)),
        ("deliveredAt", moment(delivery.delivered_at)),
        (
            "responseCode",
            delivery.response_code.map(attributes::number),
        ),
        (
            "lastError",
            delivery.last_error.as_deref().map(attributes::text),
        ),
        ("durationMs", delivery.duration_ms.map(attributes::number)),
    ]
}

/// `event` is the delivery's. Without one, the body is empty: the event has expired.
pub(super) fn read(item: &Item, event: Option<&StoredEvent>) -> Result<Delivery, StoreError> {
    let count =
        |name: &str| u32::try_from(item.number(name)?).map_err(|_| attributes::broken(name));
    let log = item.get("attemptLog").and_then(|log| log.as_l().ok());
    let log = log.ok_or_else(|| attributes::broken("attemptLog"))?.iter();
    Ok(Delivery {
        id: DeliveryId::parse(item.text("sk")?).ok_or_else(|| attributes::broken("sk"))?,
        subscription_id: WebhookSubscriptionId::parse(item.text("subscriptionId")?)
            .ok_or_else(|| attributes::broken("subscriptionId"))?,
        event_id: event_id(item)?,
        event_type: item.text("eventType")?.to_owned(),
        body: event.map(StoredEvent::body).unwrap_or_default(),
        status: item.word("deliveryStatus")?,
        attempts: count("attempts")?,
        next_retry_at: item.moment_if_any("nextRetryAt")?,
        last_attempt_at: item.moment_if_any("lastAttemptAt")?,
        delivered_at: item.moment_if_any("deliveredAt")?,
        response_code: response_code(item)?,
        last_error: item.text_if_any("lastError")?.map(str::to_owned),
        duration_ms: item.number_if_any("durationMs")?,
        created_at: item.moment("createdAt")?,
        updated_at: item.moment("updatedAt")?,
        attempt_log: log.map(read_attempt).collect::<Result<_, _>>()?,
    })
}

pub(super) fn event_id(item: &Item) -> Result<EventId, StoreError> {
    EventId::parse(item.text("eventId")?).ok_or_else(|| attributes::broken("eventId"))
}

fn response_code(item: &Item) -> Result<Option<u16>, StoreError> {
    let code = item.number_if_any("responseCode")?;
    let code = code.map(u16::try_from).transpose();
    code.map_err(|_| attributes::broken("responseCode"))
}

fn log(attempts: &[Attempt]) -> AttributeValue {
    AttributeValue::L(attempts.iter().map(attempt).collect())
}

/// One entry of the log.
pub(super) fn attempt(attempt: &Attempt) -> AttributeValue {
    let moment = |moment: Option<Timestamp>| moment.map(attributes::moment);
    let attributes = [
        (
            "attemptNumber",
            Some(attributes::number(attempt.attempt_number)),
        ),
        (
            "deliveryStatus",
            Some(attributes::text(attempt.status.into())),
        ),
        (
            "responseCode",
            attempt.response_code.map(attributes::number),
        ),
        ("durationMs", Some(attributes::number(attempt.duration_ms))),
        ("lastError", attempt.error.as_deref().map(attributes::text)),
        ("nextRetryAt", moment(attempt.next_retry_at)),
        (
            "attemptedAt",
            Some(attributes::moment(attempt.attempted_at)),
        ),
    ];
    let attributes = attributes
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    AttributeValue::M(attributes.collect::<HashMap<_, _>>())
}

fn read_attempt(attempt: &AttributeValue) -> Result<Attempt, StoreError> {
    let item = attempt
        .as_m()
        .map_err(|_| attributes::broken("attemptLog"))?;
    let number = u32::try_from(item.number("attemptNumber")?);
    Ok(Attempt {
        attempt_number: number.map_err(|_| attributes::broken("attemptNumber"))?,
        status: item.word("deliveryStatus")?,
        response_code: response_code(item)?,
        duration_ms: item.number("durationMs")?,
        error: item.text_if_any("lastError")?.map(str::to_owned),
        next_retry_at: item.moment_if_any("nextRetryAt")?,
        attempted_at: item.moment("attemptedAt")?,
    })
}
