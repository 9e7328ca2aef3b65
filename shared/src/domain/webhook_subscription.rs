//! A webhook subscription: where events go, which ones, and how the receiver is doing.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

use crate::{
    domain::event_type::EventPattern,
    ids::WebhookSubscriptionId,
    time::{HOUR, MINUTE, Timestamp},
};

/// Subscriptions of one workspace (Webhooks in openapi.yaml).
pub const MAX_SUBSCRIPTIONS: u32 = 20;

/// Webhooks in openapi.yaml.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    pub id: WebhookSubscriptionId,
    pub url: String,
    pub events: Vec<EventPattern>,
    pub active: bool,
    /// Attempts in a row that failed.
    pub consecutive_failures: u32,
    /// When the first of them failed.
    pub failing_since: Option<Timestamp>,
    /// Until when nothing is sent, because the receiver does not answer.
    pub held_until: Option<Timestamp>,
    pub disabled_at: Option<Timestamp>,
    pub disabled_reason: Option<DisabledReason>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Why a subscription was switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, Serialize)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str")]
pub enum DisabledReason {
    /// The receiver answered `410`.
    Gone,
    /// [`MAX_FAILURES`] in a row over at least [`FAILING_FOR`].
    Failing,
}

pub const MAX_FAILURES: u32 = 20;

/// In milliseconds.
pub const FAILING_FOR: i64 = 24 * HOUR;

/// Whether this many failures in a row, of which the first was at `since`, switch a subscription off.
#[must_use]
pub fn is_failing(failures: u32, since: Timestamp, now: Timestamp) -> bool {
    failures >= MAX_FAILURES && now >= since.plus_millis(FAILING_FOR)
}

const FIRST_HOLD: i64 = MINUTE;
const LONGEST_HOLD: i64 = 30 * MINUTE;

/// How long a receiver that does not answer is held, in milliseconds: a minute, then twice as long each time, up to
/// half an hour.
#[must_use]
pub fn next_hold(previous: Option<i64>) -> i64 {
    previous.map_or(FIRST_HOLD, |previous| (previous * 2).min(LONGEST_HOLD))
}

/// What a subscription was set to receive, from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub since: Timestamp,
    pub active: bool,
    pub events: Vec<EventPattern>,
}

/// What a subscription is and was set to receive. An event goes to those who had chosen it when it happened, and is
/// read from the stream a moment later, or hours later after an outage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    pub current: Choice,
    /// Oldest first.
    pub past: Vec<Choice>,
}

/// A stream keeps records for a day ("DynamoDB Streams", DynamoDB developer guide), and a choice for an hour more.
const PAST_IS_KEPT: i64 = 25 * HOUR;

/// So many changes in a day are rather a script than a person. Of more, the oldest are forgotten.
const MAX_PAST: usize = 20;

impl Choices {
    #[must_use]
    pub fn new(events: Vec<EventPattern>, now: Timestamp) -> Self {
        Self {
            current: Choice {
                since: now,
                active: true,
                events,
            },
            past: Vec::new(),
        }
    }

    /// Whether an event of this type, which happened at this moment, had been chosen then.
    #[must_use]
    pub fn had_chosen(&self, event_type: &str, at: Timestamp) -> bool {
        let mut choices = [&self.current].into_iter().chain(self.past.iter().rev());
        choices
            .find(|choice| choice.since <= at)
            .is_some_and(|choice| {
                choice.active
                    && choice
                        .events
                        .iter()
                        .any(|pattern| pattern.matches(event_type))
            })
    }

    /// Changes what is received from now on. A clock that is behind does not change the order of the choices.
    #[must_use]
    pub fn changed(mut self, active: bool, events: Vec<EventPattern>, now: Timestamp) -> Self {
        if (active, &events) == (self.current.active, &self.current.events) {
            return self;
        }
        let since = now.max(self.current.since.plus_millis(1));
        let ended = std::mem::replace(
            &mut self.current,
            Choice {
                since,
                active,
                events,
            },
        );
        self.past.push(ended);
        // A choice ended when the next one began.
        let kept_from = since.plus_millis(-PAST_IS_KEPT);
        let ended_long_ago = self
            .past
            .windows(2)
            .take_while(|pair| pair[1].since < kept_from);
        let forgotten = ended_long_ago
            .count()
            .max(self.past.len().saturating_sub(MAX_PAST));
        self.past.drain(..forgotten);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &str = "suppuo.ticket.created.v1";

    fn patterns(of: &str) -> Vec<EventPattern> {
        vec![EventPattern::parse(of).unwrap()]
    }

    #[test]
    fn an_event_goes_to_who_had_chosen_it_when_it_happened() {
        let at = Timestamp::from_millis;
        let choices = Choices::new(patterns("*"), at(10))
            .changed(false, patterns("*"), at(20))
            .changed(true, patterns("suppuo.ticket.*"), at(30))
            .changed(true, patterns("suppuo.api_key.*"), at(40));
        let chosen = |moment| choices.had_chosen(CREATED, at(moment));
        let moments = [9, 10, 19, 20, 29, 30, 39, 40, 50].map(chosen);
        assert_eq!(
            moments,
            [false, true, true, false, false, true, true, false, false]
        );
    }

    #[test]
    fn what_changes_nothing_is_no_change_and_a_late_clock_does_not_reorder() {
        let at = Timestamp::from_millis;
        let choices = Choices::new(patterns("*"), at(10));
        assert_eq!(
            choices.clone().changed(true, patterns("*"), at(20)),
            choices
        );
        let choices = choices.changed(false, patterns("*"), at(5));
        assert_eq!(
            (choices.current.since, choices.had_chosen(CREATED, at(10))),
            (at(11), true)
        );
    }

    #[test]
    fn choices_that_ended_more_than_a_day_ago_are_forgotten_and_so_are_all_but_twenty() {
        let mut choices = Choices::new(patterns("*"), Timestamp::EPOCH);
        let at = |hour| Timestamp::from_millis(hour * HOUR);
        for hour in 1..=30 {
            choices = choices.changed(hour % 2 == 0, patterns("*"), at(hour));
        }
        assert_eq!((choices.past.len(), choices.past[0].since), (20, at(10)));
        choices = choices.changed(false, patterns("*"), at(50));
        assert_eq!(choices.past[0].since, at(24), "it ended at 25");
    }

    #[test]
    fn holds_grow_to_half_an_hour() {
        let mut hold = None;
        let holds = [(); 7].map(|()| {
            hold = Some(next_hold(hold));
            hold.unwrap_or_default() / MINUTE
        });
        assert_eq!(holds, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn twenty_failures_over_a_day_switch_off() {
        let since = Timestamp::from_millis(7);
        let day = since.plus_millis(FAILING_FOR);
        assert!(is_failing(20, since, day));
        assert!(!is_failing(19, since, day));
        assert!(!is_failing(20, since, day.plus_millis(-1)));
    }
}
