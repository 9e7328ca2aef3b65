//! Rate limits: so many calls in a window of time, counted across all instances.
//!
//! | who | limit |
//! |---|---|
//! | one API key, or one user in one workspace with all their tokens and sessions | `CALLER_LIMIT` a minute |
//! | one client address, on the public form | `PUBLIC_LIMIT` a minute |
//! | the same, submitting tickets | also `SUBMISSIONS_IN_10_MINUTES` and `SUBMISSIONS_IN_AN_HOUR` |
//!
//! A form that is refused is a call and no submission.
//! Over one of them, the answer says which, and in how many seconds there is room again: see [`RateLimitStatus::exceeded`].
//!
//! # The window
//!
//! A window opens with a caller's first call and lasts its limit's time from then. Its two numbers, when it
//! opened and how many calls it has admitted, live in one item of the table that every instance
//! writes conditionally, so that the limit holds for all of them together (see
//! [`crate::store::rate_windows`] for the writes and what they cost). A window is not aligned to the clock:
//! a burst after a pause gets one window, and never the end of one and the start of the next.
//!
//! # `lastUsedAt`
//!
//! The opening of a key's window is its `lastUsedAt`. A call at `t` is only ever counted in a window
//! with `opened > t - 60 s`, which is the very bound that the contract sets for `lastUsedAt`; and a
//! window is only replaced by one that opens at least 60 seconds later, so that it never goes
//! backwards. A stamp per call would need a condition of its own (`lastUsedAt <= :now`), which fails
//! whenever two calls overtake each other on their way: with 8 callers of one key at once 2 calls in 100
//! lost it when tried, with 32 (more than the table kept up with) 71 in 100. Each loss is a second write,
//! for a moment that no answer shows.
//!
//! # Clocks that disagree
//!
//! An instance whose clock is behind counts into the window that another opened "in the future". One
//! that is ahead by `d` opens a window that lasts `d` longer for the others: they admit less, not
//! more. What can admit more is a clock that is ahead by what is left of a window, because it ends
//! the window that much early. Lambda's clocks agree to milliseconds.

use std::cmp::Reverse;

use crate::{error::ApiError, time::Timestamp};

/// How many calls one caller may make in a window, and how long one lasts. A parameter of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimit {
    pub(crate) calls: u32,
    pub(crate) window_millis: i64,
}

impl RateLimit {
    pub(crate) fn new(calls: u32, window_millis: i64) -> Self {
        Self {
            calls,
            window_millis,
        }
    }

    /// A window that opens before this moment has ended by `now`.
    pub(crate) fn ended_before(self, now: Timestamp) -> Timestamp {
        now.plus_millis(-self.window_millis)
    }
}

/// The limits of one client address (contract, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublicLimits {
    /// `PUBLIC_LIMIT`, calls a minute; 60 by default.
    pub(crate) calls: RateLimit,
    /// `SUBMISSIONS_IN_10_MINUTES`, 5 by default.
    pub(crate) submissions_in_10_minutes: RateLimit,
    /// `SUBMISSIONS_IN_AN_HOUR`, 20 by default.
    pub(crate) submissions_in_an_hour: RateLimit,
}

/// A caller's window, as the table holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) opened: Timestamp,
    pub(crate) calls: u32,
}

impl Window {
    /// Whether calls made `now` count into this window.
    pub(crate) fn is_open(&self, limit: RateLimit, now: Timestamp) -> bool {
        self.opened > limit.ended_before(now)
    }

    pub(crate) fn status(&self, policy: Policy, limit: RateLimit) -> RateLimitStatus {
        RateLimitStatus {
            policy,
            limit: limit.calls,
            window_millis: limit.window_millis,
            // The limit may have been lowered below what the window has admitted.
            remaining: limit.calls.saturating_sub(self.calls),
            resets_at: self.opened.plus_millis(limit.window_millis),
        }
    }
}

/// Which limit it is, and whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Of an API key.
    ApiKey,
    /// Of a user in a workspace.
    User,
    /// Of a client address, on the public form.
    Address,
    /// Of a client address that submits tickets.
    SubmissionsIn10Minutes,
    /// The same.
    SubmissionsInAnHour,
}

impl Policy {
    /// What `RateLimit-Policy` calls it. A key and a user are callers, who have the same limit.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ApiKey | Self::User => "caller",
            Self::Address => "address",
            Self::SubmissionsIn10Minutes => "submissions-10-minutes",
            Self::SubmissionsInAnHour => "submissions-hour",
        }
    }
}

/// How a caller stands against their limit: the headers of contract section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// Which limit it is.
    pub policy: Policy,
    /// How long its windows last, in milliseconds.
    pub window_millis: i64,
    /// Calls that a window admits.
    pub limit: u32,
    /// Calls that this window still admits.
    pub remaining: u32,
    /// When this window ends.
    pub resets_at: Timestamp,
}

impl RateLimitStatus {
    /// Of several limits the one that is met first: where least remains, and longest.
    pub(crate) fn tightest(of: impl IntoIterator<Item = Self>) -> Option<Self> {
        of.into_iter()
            .min_by_key(|status| (status.remaining, Reverse(status.resets_at)))
    }

    /// Whole seconds until this window has ended, and a call may be admitted again; at least one.
    pub(crate) fn retry_after(&self, now: Timestamp) -> i64 {
        let millis = self.resets_at.as_millis() - now.as_millis();
        // Rounded up.
        (-(-millis).div_euclid(1000)).max(1)
    }

    /// `429` for a caller over this limit. The message says which limit, and how long there is no room in it.
    pub(crate) fn error(&self, now: Timestamp) -> ApiError {
        let seconds = self.retry_after(now);
        ApiError::rate_limited(self.exceeded(seconds), seconds)
    }

    /// What is said to somebody who is over this limit, and is to wait so many seconds.
    pub(crate) fn exceeded(&self, seconds: i64) -> String {
        let limit = grouped(self.limit);
        let s = if self.limit == 1 { "" } else { "s" };
        let which = match self.policy {
            Policy::ApiKey => format!("This API key may make {limit} call{s} a minute, and has."),
            Policy::User => format!(
                "You may make {limit} call{s} a minute in this workspace, with all your sessions \
                 and access tokens together, and have."
            ),
            Policy::Address => {
                format!("Your address may make {limit} call{s} a minute here, and has.")
            }
            Policy::SubmissionsIn10Minutes => {
                format!("Your address may submit {limit} ticket{s} in 10 minutes, and has.")
            }
            Policy::SubmissionsInAnHour => {
                format!("Your address may submit {limit} ticket{s} in an hour, and has.")
            }
        };
        let s = if seconds == 1 { "" } else { "s" };
        format!("{which} Try again in {seconds} second{s}.")
    }
}

/// A number as people read it: `2,000`.
pub(crate) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// What counting a call came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed(RateLimitStatus),
    Limited(RateLimitStatus),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE;

    const OPENED: Timestamp = Timestamp::EPOCH;

    fn limit(calls: u32) -> RateLimit {
        RateLimit::new(calls, MINUTE)
    }

    fn after(millis: i64) -> Timestamp {
        OPENED.plus_millis(millis)
    }

    #[test]
    fn a_window_is_open_for_a_minute_and_to_clocks_that_are_behind() {
        let window = Window {
            opened: OPENED,
            calls: 1,
        };
        assert!(window.is_open(limit(1), after(-3_600_000)));
        assert!(window.is_open(limit(1), after(59_999)));
        assert!(!window.is_open(limit(1), after(60_000)));
    }

    #[test]
    fn a_lowered_limit_leaves_nothing_and_not_less() {
        let window = Window {
            opened: OPENED,
            calls: 7,
        };
        let remaining = |calls| window.status(Policy::User, limit(calls)).remaining;
        assert_eq!((remaining(10), remaining(5)), (3, 0));
    }

    #[test]
    fn who_waits_as_long_as_told_finds_a_new_window() {
        let window = Window {
            opened: OPENED,
            calls: 1,
        };
        for now in [0, 1, 999, 1000, 59_000, 59_999].map(after) {
            let status = window.status(Policy::User, limit(1));
            let told = status.retry_after(now);
            assert!((1..=60).contains(&told));
            assert!(
                !window.is_open(limit(1), now.plus_millis(told * 1000)),
                "{told} s from {now}"
            );
        }
    }

    #[test]
    fn of_several_limits_the_one_that_is_met_first_is_told() {
        let status = |calls, opened, limit| {
            Window {
                opened: after(opened),
                calls,
            }
            .status(Policy::Address, limit)
        };
        let minute = status(1, 0, limit(60));
        let ten = status(1, 0, RateLimit::new(5, 10 * MINUTE));
        let hour = status(16, 0, RateLimit::new(20, 60 * MINUTE));
        let tightest = |of: &[RateLimitStatus]| RateLimitStatus::tightest(of.iter().copied());
        assert_eq!(tightest(&[minute, ten]), Some(ten));
        // Equally little remains: the one that lasts longer.
        assert_eq!(tightest(&[minute, hour, ten]), Some(hour));
        assert_eq!(tightest(&[]), None);
    }

    #[test]
    fn who_is_over_a_limit_is_told_which_and_how_long() {
        let window = Window {
            opened: OPENED,
            calls: 9_999,
        };
        let told = |policy, calls, seconds| {
            let status = window.status(policy, limit(calls));
            status.exceeded(seconds)
        };
        assert_eq!(
            told(Policy::ApiKey, 2000, 23),
            "This API key may make 2,000 calls a minute, and has. Try again in 23 seconds."
        );
        assert_eq!(
            told(Policy::SubmissionsInAnHour, 1, 1),
            "Your address may submit 1 ticket in an hour, and has. Try again in 1 second."
        );
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, grouped) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (20_000, "20,000"),
            (u32::MAX, "4,294,967,295"),
        ] {
            assert_eq!(super::grouped(number), grouped);
        }
    }
}
