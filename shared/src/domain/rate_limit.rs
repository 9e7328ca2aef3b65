//! Rate limits: windows, limits, and how many calls remain.
//!
//! A window opens with a caller's first call, and its limit says how long it lasts. It is not aligned to the clock, so
//! a burst after a pause falls into one window. docs/architecture.md, Rate limits, has the rest: which caller has which
//! limit, and what happens when clocks disagree. [`crate::store::rate_windows`] has the writes.
//!
//! A key's `lastUsedAt` is when its window opened. A call at `t` is only counted in a window that opened after
//! `t - 60 s`, which is the precision that openapi.yaml promises. A window is only replaced by one that opens at least
//! 60 seconds later, so `lastUsedAt` never goes backwards. Decision 8 in docs/decisions says why not every call is
//! stamped.

use std::cmp::Reverse;

use crate::{error::ApiError, time::Timestamp};

/// How many calls a window admits, and how long it lasts. A parameter of the deployment.
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

    /// A window that opened at this time or earlier is over at `now`.
    pub(crate) fn ended_before(self, now: Timestamp) -> Timestamp {
        now.plus_millis(-self.window_millis)
    }
}

/// The limits of one client address (Rate limits in openapi.yaml).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublicLimits {
    /// `PUBLIC_LIMIT`, calls a minute; 60 by default.
    pub(crate) calls: RateLimit,
    /// `SUBMISSIONS_IN_10_MINUTES`, 5 by default.
    pub(crate) submissions_in_10_minutes: RateLimit,
    /// `SUBMISSIONS_IN_AN_HOUR`, 20 by default.
    pub(crate) submissions_in_an_hour: RateLimit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) opened: Timestamp,
    pub(crate) calls: u32,
}

impl Window {
    /// Whether a call at `now` counts into this window.
    pub(crate) fn is_open(&self, limit: RateLimit, now: Timestamp) -> bool {
        self.opened > limit.ended_before(now)
    }

    pub(crate) fn status(&self, policy: Policy, limit: RateLimit) -> RateLimitStatus {
        RateLimitStatus {
            policy,
            limit: limit.calls,
            window_millis: limit.window_millis,
            // The deployment may have lowered the limit below what the window has admitted.
            remaining: limit.calls.saturating_sub(self.calls),
            resets_at: self.opened.plus_millis(limit.window_millis),
        }
    }
}

/// Which limit applies, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    ApiKey,
    /// A user in one workspace, with all their access tokens and sessions.
    User,
    /// A client address on the public form.
    Address,
    /// A client address that submits tickets.
    SubmissionsIn10Minutes,
    SubmissionsInAnHour,
}

impl Policy {
    /// The name in `RateLimit-Policy`. Keys and users have the same limit, so one name is enough.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ApiKey | Self::User => "caller",
            Self::Address => "address",
            Self::SubmissionsIn10Minutes => "submissions-10-minutes",
            Self::SubmissionsInAnHour => "submissions-hour",
        }
    }
}

/// What a caller has left of a limit, for the headers in Rate limits in openapi.yaml.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    pub policy: Policy,
    pub window_millis: i64,
    /// Calls that one window admits.
    pub limit: u32,
    /// Calls that the current window still admits.
    pub remaining: u32,
    /// When the current window ends.
    pub resets_at: Timestamp,
}

impl RateLimitStatus {
    /// The limit that the caller meets first: the one with the fewest calls left. Among equals, the one that resets
    /// last.
    pub(crate) fn tightest(of: impl IntoIterator<Item = Self>) -> Option<Self> {
        of.into_iter()
            .min_by_key(|status| (status.remaining, Reverse(status.resets_at)))
    }

    /// Seconds until this window is over, rounded up; at least one.
    pub(crate) fn retry_after(&self, now: Timestamp) -> i64 {
        let millis = self.resets_at.as_millis() - now.as_millis();
        (-(-millis).div_euclid(1000)).max(1)
    }

    /// `429`, with a message that names the limit and says when to try again.
    pub(crate) fn error(&self, now: Timestamp) -> ApiError {
        let seconds = self.retry_after(now);
        ApiError::rate_limited(self.exceeded(seconds), seconds)
    }

    /// The message for a caller over this limit, who has to wait `seconds`.
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

/// The number with thousands separators: `2,000`.
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

/// The result of counting a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed(RateLimitStatus),
    Limited(RateLimitStatus),
    /// The caller's key may not be used from their address. Nothing was counted.
    WrongAddress(RateLimitStatus),
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
    fn a_window_is_open_for_a_minute_also_for_clocks_that_are_behind() {
        let window = Window {
            opened: OPENED,
            calls: 1,
        };
        assert!(window.is_open(limit(1), after(-3_600_000)));
        assert!(window.is_open(limit(1), after(59_999)));
        assert!(!window.is_open(limit(1), after(60_000)));
    }

    #[test]
    fn after_a_limit_is_lowered_the_remaining_calls_are_not_negative() {
        let window = Window {
            opened: OPENED,
            calls: 7,
        };
        let remaining = |calls| window.status(Policy::User, limit(calls)).remaining;
        assert_eq!((remaining(10), remaining(5)), (3, 0));
    }

    #[test]
    fn a_caller_that_waits_for_retry_after_gets_a_new_window() {
        let window = Window {
            opened: OPENED,
            calls: 1,
        };
        for now in [0, 1, 999, 1000, 59_000, 59_999].map(after) {
            let status = window.status(Policy::User, limit(1));
            let seconds = status.retry_after(now);
            assert!((1..=60).contains(&seconds));
            assert!(
                !window.is_open(limit(1), now.plus_millis(seconds * 1000)),
                "{seconds} s from {now}"
            );
        }
    }

    #[test]
    fn of_several_limits_the_tightest_is_reported() {
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
        // The same number remains: the one that resets last.
        assert_eq!(tightest(&[minute, hour, ten]), Some(hour));
        assert_eq!(tightest(&[]), None);
    }

    #[test]
    fn the_message_names_the_limit_and_the_wait() {
        let window = Window {
            opened: OPENED,
            calls: 9_999,
        };
        let message = |policy, calls, seconds| {
            let status = window.status(policy, limit(calls));
            status.exceeded(seconds)
        };
        assert_eq!(
            message(Policy::ApiKey, 2000, 23),
            "This API key may make 2,000 calls a minute, and has. Try again in 23 seconds."
        );
        assert_eq!(
            message(Policy::SubmissionsInAnHour, 1, 1),
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
