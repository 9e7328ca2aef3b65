//! A delivery: one event for one webhook subscription, with its attempts.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::{
    domain::event_type::EventType,
    ids::{DeliveryId, EventId, WebhookSubscriptionId, WorkspaceId},
    random,
    time::{HOUR, MINUTE, Timestamp},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames, Serialize)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str")]
pub enum DeliveryStatus {
    /// There will be an attempt.
    Pending,
    Succeeded,
    /// There will be no attempt, unless somebody asks for one.
    Failed,
}

/// Webhooks in openapi.yaml.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub id: DeliveryId,
    pub subscription_id: WebhookSubscriptionId,
    pub event_id: EventId,
    #[serde(rename = "type")]
    pub event_type: String,
    /// The text that is sent, the same at each attempt.
    pub body: String,
    pub status: DeliveryStatus,
    pub attempts: u32,
    pub next_retry_at: Option<Timestamp>,
    pub last_attempt_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub response_code: Option<u16>,
    pub last_error: Option<String>,
    pub duration_ms: Option<i64>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Oldest first.
    pub attempt_log: Vec<Attempt>,
}

impl Delivery {
    /// A test is sent once, when it is asked for. What came of it says nothing about other deliveries.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.event_type == EventType::Test.as_str()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// From 1.
    pub attempt_number: u32,
    pub status: DeliveryStatus,
    pub response_code: Option<u16>,
    pub duration_ms: i64,
    pub error: Option<String>,
    pub next_retry_at: Option<Timestamp>,
    pub attempted_at: Timestamp,
}

/// After the sixth attempt there is no further one.
pub const MAX_ATTEMPTS: u32 = 6;

/// The longest `Retry-After` that is followed, in milliseconds.
const MAX_RETRY_AFTER: i64 = 24 * HOUR;

/// In milliseconds, between the `attempt`th attempt, which failed, and the next one: with up to a tenth more or less,
/// so that deliveries that failed together do not come back together; but never before the receiver's `Retry-After`,
/// which is in seconds. `None` after the last attempt.
#[must_use]
pub fn time_to_next_attempt(attempt: u32, retry_after: Option<i64>) -> Option<i64> {
    let planned = match attempt {
        1 => MINUTE,
        2 => 5 * MINUTE,
        3 => 25 * MINUTE,
        4 => 2 * HOUR,
        5 => 12 * HOUR,
        _ => return None,
    };
    let random = i64::from(u16::from_be_bytes(random::bytes()));
    let spread = planned * 9 / 10 + planned / 5 * random / i64::from(u16::MAX);
    let asked_for = retry_after
        .unwrap_or_default()
        .clamp(0, MAX_RETRY_AFTER / 1000)
        * 1000;
    Some(spread.max(asked_for))
}

/// A message of the queue: ids only. The name states the version, so that an instance of another version knows what it
/// does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum QueueMessage {
    /// An attempt is due.
    #[serde(rename = "deliver.v1")]
    Deliver(DueAttempt),
    /// A part of a recovery.
    #[serde(rename = "recover.v1")]
    Recover(Recovery),
    /// An operator wants a subscription's secrets to be sealed by the current signing secret.
    #[serde(rename = "reseal.v1")]
    Reseal(Resealing),
}

impl QueueMessage {
    #[must_use]
    pub fn subscription_id(&self) -> &WebhookSubscriptionId {
        match self {
            Self::Deliver(due) => &due.subscription_id,
            Self::Recover(recovery) => &recovery.subscription_id,
            Self::Reseal(resealing) => &resealing.subscription_id,
        }
    }
}

/// Sends once more what failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "RecoveryText")]
pub struct Recovery {
    pub account_id: WorkspaceId,
    pub subscription_id: WebhookSubscriptionId,
    /// From when on it failed.
    pub since: Timestamp,
    /// When somebody asked for this. What fails later does not belong to it.
    pub until: Timestamp,
    /// The delivery after which it goes on, in the order of the log, which is newest first.
    pub after: Option<DeliveryId>,
}

/// As it stands in the message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecoveryText {
    account_id: String,
    subscription_id: String,
    since: String,
    until: String,
    after: Option<String>,
}

impl TryFrom<RecoveryText> for Recovery {
    type Error = &'static str;

    fn try_from(text: RecoveryText) -> Result<Self, Self::Error> {
        let after = text.after.map(|after| DeliveryId::parse(&after));
        Ok(Self {
            account_id: WorkspaceId::parse(&text.account_id).ok_or("accountId")?,
            subscription_id: WebhookSubscriptionId::parse(&text.subscription_id)
                .ok_or("subscriptionId")?,
            since: Timestamp::parse(&text.since).ok_or("since")?,
            until: Timestamp::parse(&text.until).ok_or("until")?,
            after: match after {
                Some(None) => return Err("after"),
                after => after.flatten(),
            },
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "ResealingText")]
pub struct Resealing {
    pub account_id: WorkspaceId,
    pub subscription_id: WebhookSubscriptionId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "DueAttemptText")]
pub struct DueAttempt {
    pub account_id: WorkspaceId,
    pub subscription_id: WebhookSubscriptionId,
    pub event_id: EventId,
    /// From 1. The message is outdated once this attempt was made.
    pub attempt: u32,
}

impl DueAttempt {
    #[must_use]
    pub fn delivery_id(&self) -> DeliveryId {
        DeliveryId::of(&self.subscription_id, &self.event_id)
    }
}

/// As it stands in the message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DueAttemptText {
    account_id: String,
    subscription_id: String,
    event_id: String,
    attempt: u32,
}

/// As it stands in the message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResealingText {
    account_id: String,
    subscription_id: String,
}

impl TryFrom<ResealingText> for Resealing {
    type Error = &'static str;

    fn try_from(text: ResealingText) -> Result<Self, Self::Error> {
        Ok(Self {
            account_id: WorkspaceId::parse(&text.account_id).ok_or("accountId")?,
            subscription_id: WebhookSubscriptionId::parse(&text.subscription_id)
                .ok_or("subscriptionId")?,
        })
    }
}

impl TryFrom<DueAttemptText> for DueAttempt {
    type Error = &'static str;

    fn try_from(text: DueAttemptText) -> Result<Self, Self::Error> {
        Ok(Self {
            account_id: WorkspaceId::parse(&text.account_id).ok_or("accountId")?,
            subscription_id: WebhookSubscriptionId::parse(&text.subscription_id)
                .ok_or("subscriptionId")?,
            event_id: EventId::parse(&text.event_id).ok_or("eventId")?,
            attempt: text.attempt,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_attempt_is_in_a_minute_and_after_the_sixth_there_is_none() {
        let planned = [MINUTE, 5 * MINUTE, 25 * MINUTE, 2 * HOUR, 12 * HOUR];
        for (attempt, planned) in (1..).zip(planned) {
            for _ in 0..1000 {
                let time = time_to_next_attempt(attempt, None).unwrap();
                assert!(
                    (planned * 9 / 10..=planned * 11 / 10).contains(&time),
                    "{time}"
                );
            }
        }
        assert_eq!(time_to_next_attempt(MAX_ATTEMPTS, Some(1)), None);
    }

    #[test]
    fn no_attempt_is_made_before_the_receivers_retry_after_of_at_most_a_day() {
        assert_eq!(time_to_next_attempt(1, Some(3600)), Some(HOUR));
        assert_eq!(time_to_next_attempt(1, Some(i64::MAX)), Some(24 * HOUR));
        for harmless in [i64::MIN, -1, 0, 1] {
            assert!(time_to_next_attempt(1, Some(harmless)).unwrap() >= MINUTE * 9 / 10);
        }
    }

    #[test]
    fn a_message_has_ids_only_and_comes_back_as_it_was() {
        let now = Timestamp::now();
        let message = QueueMessage::Deliver(DueAttempt {
            account_id: WorkspaceId::parse("acc_a").unwrap(),
            subscription_id: WebhookSubscriptionId::new(now),
            event_id: EventId::new(now),
            attempt: 2,
        });
        let text = serde_json::to_string(&message).unwrap();
        assert!(
            text.starts_with(r#"{"type":"deliver.v1","accountId":"acc_a","#),
            "{text}"
        );
        assert_eq!(
            serde_json::from_str::<QueueMessage>(&text).unwrap(),
            message
        );
        let recovery = QueueMessage::Recover(Recovery {
            account_id: WorkspaceId::parse("acc_a").unwrap(),
            subscription_id: WebhookSubscriptionId::new(now),
            since: now.plus_millis(-HOUR),
            until: now,
            after: Some(DeliveryId::new(now)),
        });
        let text_of_recovery = serde_json::to_string(&recovery).unwrap();
        let read: QueueMessage = serde_json::from_str(&text_of_recovery).unwrap();
        assert_eq!(read, recovery);
        for wrong in [
            text_of_recovery.replace("whd_", "whs_"),
            text.replace("evt_", "ev_"),
            text.replace(".v1", ".v2"),
            "{}".to_owned(),
        ] {
            assert!(
                serde_json::from_str::<QueueMessage>(&wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
