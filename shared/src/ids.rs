//! Identifiers. Each kind has its own type, so that the compiler tells them apart.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::{random, time::Timestamp};

/// An id that a path can contain.
pub trait ResourceId: Sized {
    /// The resource's name in error messages.
    const NOUN: &str;

    /// `None` if the text is not of this kind's form.
    fn read(text: &str) -> Option<Self>;
}

/// Declares the id of one kind of resource: a prefix and a ULID in lower-case Crockford base32.
///
/// A ULID starts with its time, so ids of one kind sort by creation time.
macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $noun:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            pub const PREFIX: &str = $prefix;

            /// A new id: the time in milliseconds, and 80 random bits.
            #[must_use]
            pub fn new(now: Timestamp) -> Self {
                Self(format!("{}{}", Self::PREFIX, lower_case_ulid(now)))
            }

            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let ulid = text.strip_prefix(Self::PREFIX)?;
                is_lower_case_ulid(ulid).then(|| Self(text.to_owned()))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ResourceId for $name {
            const NOUN: &str = $noun;

            fn read(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

ulid_id! {
    /// One request, as the response, the log and the support desk name it.
    RequestId, "req_", "request"
}

ulid_id! {
    /// An API key. The id is public; it is neither the key nor derived from it.
    ApiKeyId, "ak_", "API key"
}

ulid_id! {
    TicketId, "tkt_", "ticket"
}

ulid_id! {
    /// A message of a ticket. The ids of one ticket's messages sort in the order of writing: each is at least one
    /// millisecond later than the one before.
    MessageId, "tmsg_", "message"
}

ulid_id! {
    CannedReplyId, "cnr_", "canned reply"
}

ulid_id! {
    /// An event in the outbox.
    EventId, "evt_", "event"
}

ulid_id! {
    /// An entry of the audit trail.
    AuditEventId, "aud_", "audit event"
}

ulid_id! {
    WebhookSubscriptionId, "whs_", "webhook subscription"
}

ulid_id! {
    /// A webhook delivery: one event for one subscription.
    DeliveryId, "whd_", "delivery"
}

impl DeliveryId {
    /// The delivery of this event to this subscription: the time of the event, and 80 bits of a hash of both ids. So
    /// an event that is read twice makes one delivery, and deliveries sort in the order of their events.
    #[must_use]
    pub fn of(subscription: &WebhookSubscriptionId, event: &EventId) -> Self {
        let hash = Sha256::new()
            .chain_update(subscription.as_str())
            .chain_update(event.as_str())
            .finalize();
        let random = hash.iter().take(10);
        let random = random.fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
        let time = Ulid::from_string(&event.0[EventId::PREFIX.len()..]);
        let time = time.map_or(0, |ulid| ulid.timestamp_ms());
        Self(format!(
            "{}{}",
            Self::PREFIX,
            lower_case(Ulid::from_parts(time, random))
        ))
    }

    /// Sorts before every delivery of an event of this moment or later.
    #[must_use]
    pub fn first_of(moment: Timestamp) -> Self {
        let millis = u64::try_from(moment.as_millis()).unwrap_or_default();
        Self(format!(
            "{}{}",
            Self::PREFIX,
            lower_case(Ulid::from_parts(millis, 0))
        ))
    }
}

impl AuditEventId {
    /// The entry that is the same item as this event.
    #[must_use]
    pub fn of(event: &EventId) -> Self {
        Self(event.0.replacen(EventId::PREFIX, Self::PREFIX, 1))
    }
}

impl EventId {
    /// The id that sorts directly after this one, for an event of the same millisecond.
    #[must_use]
    pub fn following(&self) -> Self {
        let ulid = Ulid::from_string(&self.0[Self::PREFIX.len()..]);
        // The highest of the 80-bit values has no successor. The write then refuses the duplicate id.
        let next = ulid.ok().and_then(|ulid| ulid.increment());
        next.map_or_else(
            || self.clone(),
            |ulid| Self(format!("{}{}", Self::PREFIX, lower_case(ulid))),
        )
    }
}

fn lower_case_ulid(now: Timestamp) -> String {
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    lower_case(Ulid::from_parts(
        millis,
        u128::from_be_bytes(random::bytes()),
    ))
}

fn lower_case(ulid: Ulid) -> String {
    let mut text = ulid.to_string();
    text.make_ascii_lowercase();
    text
}

/// Crockford's base32 leaves out `i`, `l`, `o` and `u`. 26 digits hold 130 bits, so the first digit of a 128-bit ULID
/// is at most `7`.
fn is_lower_case_ulid(text: &str) -> bool {
    text.len() == ulid::ULID_LEN
        && text.starts_with(|first: char| ('0'..='7').contains(&first))
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b.is_ascii_lowercase() && !b"ilou".contains(&b)))
}

/// A workspace: the tenant that all data belongs to. Huudis assigns the id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkspaceId(String);

impl WorkspaceId {
    /// Accepts `acc_` and 1 to 64 letters, digits, `_` or `-`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix("acc_")?;
        let readable = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        readable.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for WorkspaceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A person's id at the issuer (`sub`, RFC 7519 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Subject(String);

impl Subject {
    /// `None` if it is empty.
    #[must_use]
    pub fn parse(text: String) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_can_be_parsed_and_sorts_by_time() {
        let early = ApiKeyId::new(Timestamp::from_millis(1_781_146_800_000));
        let late = ApiKeyId::new(Timestamp::from_millis(1_781_146_800_001));
        assert_eq!(ApiKeyId::parse(early.as_str()), Some(early.clone()));
        assert!(early < late);
    }

    #[test]
    fn a_following_id_sorts_directly_after() {
        let id = EventId::new(Timestamp::from_millis(1_781_146_800_000));
        let next = id.following();
        assert!(id < next && EventId::parse(next.as_str()).is_some());
        assert_eq!(id.as_str()[..14], next.as_str()[..14], "of the same moment");
    }

    #[test]
    fn a_delivery_has_one_id_for_each_event_and_subscription() {
        let at = Timestamp::from_millis(1_781_146_800_000);
        let (event, other_event) = (EventId::new(at), EventId::new(at.plus_millis(1)));
        let [one, other] = [(), ()].map(|()| WebhookSubscriptionId::new(at));
        let id = DeliveryId::of(&one, &event);
        assert_eq!(id, DeliveryId::of(&one, &event));
        assert_ne!(id, DeliveryId::of(&other, &event));
        assert_eq!(DeliveryId::parse(id.as_str()), Some(id.clone()));
        assert!(id < DeliveryId::of(&one, &other_event));
        assert!(DeliveryId::first_of(at) <= id && id < DeliveryId::first_of(at.plus_millis(1)));
    }

    #[test]
    fn a_malformed_id_is_not_parsed() {
        let id = ApiKeyId::new(Timestamp::now()).to_string();
        let wrong = [
            String::new(),
            id.to_uppercase(),
            id.replace("ak_", "req_"),
            format!("{id}0"),
            id[..id.len() - 1].to_owned(),
            format!("ak_{}", "u".repeat(26)),
            format!("ak_8{}", "0".repeat(25)),
        ];
        for text in wrong {
            assert_eq!(ApiKeyId::parse(&text), None, "{text}");
        }
    }

    #[test]
    fn a_workspace_id_has_its_prefix() {
        assert!(WorkspaceId::parse("acc_01J-x_Y").is_some());
        for wrong in [
            "",
            "acc_",
            "ws_1",
            "acc_a#b",
            "acc_é",
            &format!("acc_{}", "a".repeat(65)),
        ] {
            assert_eq!(WorkspaceId::parse(wrong), None, "{wrong}");
        }
    }
}
