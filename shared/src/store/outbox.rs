//! The outbox: what happened, for webhooks. The transaction that changes something also writes its events: exactly one
//! for each created ticket, each further message and each change of the status. The events of one ticket sort in the
//! order in which they happened. Events of keys are entries of the audit trail: see [`crate::store::audit_trail`].
//!
//! They leave through the table's stream ("Change data capture for DynamoDB Streams", DynamoDB developer guide), whose
//! filter knows them by their attribute `type`: no other item has one. The item is kept for [`KEPT_MILLIS`], because
//! deliveries read it again: it has the text that is sent.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, builders::PutBuilder};
use serde::Serialize;

use crate::{
    domain::{
        event_type::EventType,
        ticket::{Message, Status, Ticket},
        webhook_subscription::{DisabledReason, Subscription},
    },
    ids::{ApiKeyId, AuditEventId, EventId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        store_error::StoreError,
        transaction::Transaction,
        workspaces,
    },
    time::{HOUR, Timestamp},
};

/// Longer than a delivery stays in the log, which is 30 days.
const KEPT_MILLIS: i64 = 32 * 24 * HOUR;

pub(super) enum Event<'a> {
    TicketCreated(&'a Ticket),
    TicketReplied(&'a Message),
    TicketStatusChanged {
        ticket: &'a Ticket,
        from: Status,
        to: Status,
    },
    ApiKeyCreated(KeyData<'a>),
    ApiKeyRotated(RotatedData<'a>),
    ApiKeyRevoked(KeyData<'a>),
    ApiKeyExposed(ExposedData<'a>),
    /// The subscription as it is after it was switched off.
    SubscriptionDisabled(&'a Subscription),
    Test,
}

/// No part of it is secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyData<'a> {
    pub(super) key_id: &'a ApiKeyId,
    pub(super) name: &'a str,
    pub(super) key_prefix: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RotatedData<'a> {
    #[serde(flatten)]
    pub(super) key: KeyData<'a>,
    pub(super) previous_key_prefix: &'a str,
    /// Until when the older secret works. `None` if it was refused at once.
    pub(super) previous_valid_until: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExposedData<'a> {
    #[serde(flatten)]
    pub(super) key: KeyData<'a>,
    /// Who found it.
    pub(super) source: &'static str,
    /// Whether only an older secret was found and refused, so that the key's newer secret still works.
    pub(super) only_previous: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DisabledData<'a> {
    id: &'a str,
    url: &'a str,
    disabled_at: Option<Timestamp>,
    disabled_reason: Option<DisabledReason>,
    consecutive_failures: u32,
    failing_since: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreatedData<'a> {
    ticket_id: &'a str,
    number: u32,
    subject: &'a str,
    channel: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RepliedData<'a> {
    ticket_id: &'a str,
    message_id: &'a str,
    is_internal: bool,
    by: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusChangedData<'a> {
    ticket_id: &'a str,
    from: &'static str,
    to: &'static str,
}

#[derive(Serialize)]
struct NoData {}

impl Event<'_> {
    pub(super) fn event_type(&self) -> EventType {
        match self {
            Self::TicketCreated(_) => EventType::TicketCreated,
            Self::TicketReplied(_) => EventType::TicketReplied,
            Self::TicketStatusChanged { .. } => EventType::TicketStatusChanged,
            Self::ApiKeyCreated(_) => EventType::ApiKeyCreated,
            Self::ApiKeyRotated(_) => EventType::ApiKeyRotated,
            Self::ApiKeyRevoked(_) => EventType::ApiKeyRevoked,
            Self::ApiKeyExposed(_) => EventType::ApiKeyExposed,
            Self::SubscriptionDisabled(_) => EventType::SubscriptionDisabled,
            Self::Test => EventType::Test,
        }
    }

    /// The event's data, as JSON. It is stored as this text, so that every attempt sends the same bytes, whatever
    /// version of this program makes it.
    pub(super) fn data(&self) -> Result<String, StoreError> {
        let data = match self {
            Self::TicketCreated(ticket) => serde_json::to_string(&CreatedData {
                ticket_id: ticket.id.as_str(),
                number: ticket.number,
                subject: &ticket.subject,
                channel: ticket.channel.into(),
            }),
            Self::TicketReplied(message) => serde_json::to_string(&RepliedData {
                ticket_id: message.ticket_id.as_str(),
                message_id: message.id.as_str(),
                is_internal: message.is_internal,
                by: message.author_type.into(),
            }),
            Self::TicketStatusChanged { ticket, from, to } => {
                serde_json::to_string(&StatusChangedData {
                    ticket_id: ticket.id.as_str(),
                    from: from.into(),
                    to: to.into(),
                })
            }
            Self::ApiKeyCreated(key) | Self::ApiKeyRevoked(key) => serde_json::to_string(key),
            Self::ApiKeyRotated(rotated) => serde_json::to_string(rotated),
            Self::ApiKeyExposed(exposed) => serde_json::to_string(exposed),
            Self::SubscriptionDisabled(subscription) => serde_json::to_string(&DisabledData {
                id: subscription.id.as_str(),
                url: &subscription.url,
                disabled_at: subscription.disabled_at,
                disabled_reason: subscription.disabled_reason,
                consecutive_failures: subscription.consecutive_failures,
                failing_since: subscription.failing_since,
            }),
            Self::Test => serde_json::to_string(&NoData {}),
        };
        data.map_err(|error| StoreError::because("write an event", &error.to_string()))
    }
}

pub(super) fn partition(workspace: &WorkspaceId) -> String {
    format!("{}#EVENTS", workspaces::partition(workspace))
}

/// Adds these events, in this order, to the transaction. `at` is when they happened.
pub(super) fn record<'a>(
    mut transaction: Transaction<'a>,
    workspace: &WorkspaceId,
    at: Timestamp,
    events: &[Event<'_>],
) -> Result<Transaction<'a>, StoreError> {
    let mut id = EventId::new(at);
    for event in events {
        let stored = StoredEvent {
            id: id.clone(),
            event_type: event.event_type().as_str().to_owned(),
            occurred_at: at,
            data: event.data()?,
        };
        transaction = transaction.put(stored.put(workspace))?;
        id = id.following();
    }
    Ok(transaction)
}

/// A part of an event's data that an earlier version wrote as a map.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum DataPart<'a> {
    Text(&'a str),
    Number(i64),
    Flag(bool),
}

/// The data of an event that an earlier version wrote as a map: as JSON, always in the same order.
pub(crate) fn data_of_map<'a>(
    parts: impl IntoIterator<Item = (&'a str, DataPart<'a>)>,
) -> Option<String> {
    let sorted: BTreeMap<_, _> = parts.into_iter().collect();
    serde_json::to_string(&sorted).ok()
}

fn data(item: &Item) -> Option<String> {
    match item.get("data")? {
        AttributeValue::S(data) => Some(data.clone()),
        AttributeValue::M(map) => {
            let parts = map.iter().map(|(name, part)| {
                let part = match part {
                    AttributeValue::S(text) => DataPart::Text(text),
                    AttributeValue::N(number) => DataPart::Number(number.parse().ok()?),
                    AttributeValue::Bool(flag) => DataPart::Flag(*flag),
                    _ => return None,
                };
                Some((name.as_str(), part))
            });
            data_of_map(parts.collect::<Option<Vec<_>>>()?)
        }
        _ => None,
    }
}

/// An event in the table.
#[derive(Clone, Debug)]
pub(crate) struct StoredEvent {
    pub(crate) id: EventId,
    pub(crate) event_type: String,
    pub(crate) occurred_at: Timestamp,
    /// JSON.
    pub(crate) data: String,
}

impl StoredEvent {
    /// An event of a test, which happens now.
    pub(crate) fn of_test(now: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            id: EventId::new(now),
            event_type: Event::Test.event_type().as_str().to_owned(),
            occurred_at: now,
            data: Event::Test.data()?,
        })
    }

    /// Where an event of this type lies: the entries of the audit trail apart from the others.
    pub(super) fn key(workspace: &WorkspaceId, id: &EventId, event_type: &str) -> Item {
        let sort = if EventType::is_audited(event_type) {
            AuditEventId::of(id).to_string()
        } else {
            id.to_string()
        };
        attributes::key(&partition(workspace), &sort)
    }

    pub(super) fn put(&self, workspace: &WorkspaceId) -> PutBuilder {
        let expires = self.occurred_at.plus_millis(KEPT_MILLIS).as_secs_ceil();
        Put::builder()
            .set_item(Some(Self::key(workspace, &self.id, &self.event_type)))
            .item("id", attributes::text(self.id.as_str()))
            .item("type", attributes::text(&self.event_type))
            .item("occurredAt", attributes::moment(self.occurred_at))
            .item("accountId", attributes::text(workspace.as_str()))
            .item("data", attributes::text(&self.data))
            .item("expiresAt", attributes::number(expires))
            .condition_expression("attribute_not_exists(pk)")
    }

    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        Ok(Self {
            id: EventId::parse(item.text("id")?).ok_or_else(|| attributes::broken("id"))?,
            event_type: item.text("type")?.to_owned(),
            occurred_at: item.moment("occurredAt")?,
            data: data(item).ok_or_else(|| attributes::broken("data"))?,
        })
    }

    /// The body of a delivery. Ids, types and times need no escaping.
    pub(crate) fn body(&self) -> String {
        let Self {
            id,
            event_type,
            occurred_at,
            data,
        } = self;
        format!(
            r#"{{"id":"{id}","type":"{event_type}","occurredAt":"{occurred_at}","data":{data}}}"#
        )
    }
}
