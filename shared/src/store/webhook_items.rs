//! The items of webhook subscriptions.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    domain::{
        event_type::EventPattern,
        sealing_key::SealedText,
        webhook_subscription::{Choice, Choices, Subscription, is_failing},
    },
    ids::{WebhookSubscriptionId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        store_error::StoreError,
        workspaces,
    },
    time::Timestamp,
};

pub(super) const SORT: &str = "WEBHOOK#";

pub(super) fn key(workspace: &WorkspaceId, id: &WebhookSubscriptionId) -> Item {
    attributes::key(&workspaces::partition(workspace), &format!("{SORT}{id}"))
}

/// A subscription, with the attributes that only its deliveries need.
#[derive(Clone, Debug)]
pub(crate) struct StoredSubscription {
    pub(crate) subscription: Subscription,
    pub(crate) choices: Choices,
    pub(crate) secret: SealedText,
    /// The secret before this one, and until when it signs, too.
    pub(crate) previous_secret: Option<(SealedText, Timestamp)>,
    /// How long the receiver was held last, in milliseconds, if it has not answered since.
    pub(crate) last_hold: Option<i64>,
    /// Counts the changes by people, and the one that switches it off.
    pub(super) revision: i64,
}

impl StoredSubscription {
    /// Whether a success changes anything.
    pub(crate) fn needs_relief(&self) -> bool {
        self.subscription.consecutive_failures > 0 || self.subscription.held_until.is_some()
    }

    /// Whether it has failed for long enough to be switched off.
    pub(crate) fn is_failing(&self, now: Timestamp) -> bool {
        let Subscription {
            consecutive_failures,
            failing_since,
            ..
        } = self.subscription;
        failing_since.is_some_and(|since| is_failing(consecutive_failures, since, now))
    }

    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let id = item
            .text("sk")?
            .strip_prefix(SORT)
            .and_then(WebhookSubscriptionId::parse);
        let failures = item
            .number_if_any("consecutiveFailures")?
            .unwrap_or_default();
        let past = item.get("pastChoices").map(read_past).transpose()?;
        let choices = Choices {
            current: read_choice(item)?,
            past: past.unwrap_or_default(),
        };
        let reason = item.contains_key("disabledReason");
        let previous = item.text_if_any("previousSecret")?;
        Ok(Self {
            subscription: Subscription {
                id: id.ok_or_else(|| attributes::broken("sk"))?,
                url: item.text("endpointUrl")?.to_owned(),
                events: choices.current.events.clone(),
                active: choices.current.active,
                consecutive_failures: u32::try_from(failures)
                    .map_err(|_| attributes::broken("consecutiveFailures"))?,
                failing_since: item.moment_if_any("failingSince")?,
                held_until: item.moment_if_any("heldUntil")?,
                disabled_at: item.moment_if_any("disabledAt")?,
                disabled_reason: reason.then(|| item.word("disabledReason")).transpose()?,
                created_at: item.moment("createdAt")?,
                updated_at: item.moment("updatedAt")?,
            },
            choices,
            secret: SealedText::from_stored(item.text("secret")?.to_owned()),
            previous_secret: match previous {
                None => None,
                Some(secret) => Some((
                    SealedText::from_stored(secret.to_owned()),
                    item.moment("previousSecretUntil")?,
                )),
            },
            last_hold: item.number_if_any("lastHold")?,
            revision: item.number("revision")?,
        })
    }
}

fn read_choice(item: &Item) -> Result<Choice, StoreError> {
    let events = item.texts("events")?.into_iter();
    Ok(Choice {
        since: item.moment("chosenAt")?,
        active: item.flag("active")?,
        events: events.map(EventPattern::from_stored).collect(),
    })
}

fn read_past(past: &AttributeValue) -> Result<Vec<Choice>, StoreError> {
    let choices = past.as_l().map_err(|_| attributes::broken("pastChoices"))?;
    let choices = choices.iter().map(|choice| {
        let choice = choice
            .as_m()
            .map_err(|_| attributes::broken("pastChoices"))?;
        read_choice(choice)
    });
    choices.collect()
}

/// The attributes of the choices.
pub(super) fn choices(choices: &Choices) -> Vec<(&'static str, AttributeValue)> {
    let past = choices.past.iter().map(|past| {
        let attributes = choice(past).into_iter();
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
        AttributeValue::M(attributes.collect::<HashMap<_, _>>())
    });
    let mut attributes = choice(&choices.current);
    attributes.push(("pastChoices", AttributeValue::L(past.collect())));
    attributes
}

fn choice(choice: &Choice) -> Vec<(&'static str, AttributeValue)> {
    let events: Vec<_> = choice.events.iter().map(ToString::to_string).collect();
    vec![
        ("chosenAt", attributes::moment(choice.since)),
        ("active", attributes::flag(choice.active)),
        ("events", attributes::texts(&events)),
    ]
}
