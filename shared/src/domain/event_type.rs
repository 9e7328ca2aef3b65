//! The types of events, and the patterns by which a webhook subscription chooses among them.

use std::fmt;

use serde::{Serialize, Serializer};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// What can happen (Webhooks in openapi.yaml). The last part of a type is the version of its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, Serialize)]
#[serde(into = "&'static str")]
pub enum EventType {
    #[strum(serialize = "suppuo.ticket.created.v1")]
    TicketCreated,
    #[strum(serialize = "suppuo.ticket.replied.v1")]
    TicketReplied,
    #[strum(serialize = "suppuo.ticket.status_changed.v1")]
    TicketStatusChanged,
    #[strum(serialize = "suppuo.billing.subscribed.v1")]
    BillingSubscribed,
    #[strum(serialize = "suppuo.webhook_subscription.disabled.v1")]
    SubscriptionDisabled,
    #[strum(serialize = "suppuo.api_key.created.v1")]
    ApiKeyCreated,
    #[strum(serialize = "suppuo.api_key.rotated.v1")]
    ApiKeyRotated,
    #[strum(serialize = "suppuo.api_key.revoked.v1")]
    ApiKeyRevoked,
    #[strum(serialize = "suppuo.api_key.exposed.v1")]
    ApiKeyExposed,
    /// Sent on request to one subscription, whatever it has chosen.
    #[strum(serialize = "suppuo.test.v1")]
    Test,
}

impl EventType {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether events of this type are entries of the audit trail, too. A later version's type may be unknown here.
    pub(crate) fn is_audited(event_type: &str) -> bool {
        event_type.starts_with("suppuo.api_key.")
    }

    /// For people who choose what to subscribe to.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::TicketCreated => "A ticket was created, by the API or the public form.",
            Self::TicketReplied => "A ticket got a message: a reply, or an internal note.",
            Self::TicketStatusChanged => "A ticket's status changed, whatever changed it.",
            Self::BillingSubscribed => "The workspace's plan was paid.",
            Self::SubscriptionDisabled => {
                "A webhook subscription was switched off because its deliveries failed."
            }
            Self::ApiKeyCreated => "An API key was created.",
            Self::ApiKeyRotated => "An API key got a new secret.",
            Self::ApiKeyRevoked => "An API key was revoked.",
            Self::ApiKeyExposed => "An API key was found in public.",
            Self::Test => "A test, sent on request to one subscription.",
        }
    }
}

/// Chooses events by their type: `*` for all, a whole type, or a beginning such as `suppuo.ticket.*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPattern(String);

impl EventPattern {
    #[must_use]
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// `None` if no event could ever match, which a typing error would otherwise hide.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let pattern = Self(text.to_owned());
        let is_whole_parts = text == "*"
            || text
                .strip_suffix('*')
                .is_none_or(|start| start.ends_with('.'));
        let matches_any = EventType::VARIANTS
            .iter()
            .any(|kind| pattern.matches(kind.as_str()));
        (is_whole_parts && matches_any).then_some(pattern)
    }

    /// A pattern out of the table, where a later version may have put one that this version does not know.
    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn matches(&self, event_type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => event_type.starts_with(start),
            None => event_type == self.0,
        }
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for EventPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_everything_a_type_or_a_beginning() {
        let matched = |pattern: &str| -> Option<usize> {
            let pattern = EventPattern::parse(pattern)?;
            let types = EventType::VARIANTS.iter();
            Some(types.filter(|kind| pattern.matches(kind.as_str())).count())
        };
        assert_eq!(matched("*"), Some(EventType::VARIANTS.len()));
        assert_eq!(matched("suppuo.*"), Some(EventType::VARIANTS.len()));
        assert_eq!(matched("suppuo.ticket.*"), Some(3));
        assert_eq!(matched("suppuo.ticket.created.*"), Some(1));
        assert_eq!(matched("suppuo.ticket.created.v1"), Some(1));
        for wrong in [
            "",
            "**",
            "suppuo",
            "suppuo.",
            "suppuo*",
            "suppuo.tick*",
            "suppuo.tickets.*",
            "suppuo.ticket.created",
            "suppuo.ticket.created.v2",
            "Suppuo.ticket.*",
            " *",
            "suppuo.*.created.v1",
        ] {
            assert_eq!(matched(wrong), None, "{wrong}");
        }
    }
}
