//! Time, everywhere in milliseconds since the Unix epoch, in UTC.

use std::fmt;

use serde::{Serialize, Serializer};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// In milliseconds.
pub(crate) const MINUTE: i64 = 60 * 1000;

/// In milliseconds.
pub const HOUR: i64 = 60 * MINUTE;

/// A moment, in whole milliseconds since the Unix epoch.
///
/// Displayed and serialised as RFC 3339 in UTC with exactly three decimals, `2026-06-11T03:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

const RFC3339_MILLIS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

impl Timestamp {
    pub const EPOCH: Self = Self(0);

    #[must_use]
    pub fn now() -> Self {
        let now = OffsetDateTime::now_utc();
        let millis = now.unix_timestamp() * 1000 + i64::from(now.millisecond());
        Self(millis + clock_offset())
    }

    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch, rounded up, so that a client that waits until then waits long enough.
    #[must_use]
    pub fn as_secs_ceil(self) -> i64 {
        self.0.div_euclid(1000) + i64::from(self.0.rem_euclid(1000) > 0)
    }

    /// Whether `now` is less than `millis` after this moment. It is not if the clock was set back in between.
    #[must_use]
    pub(crate) fn is_within(self, millis: i64, now: Self) -> bool {
        (0..millis).contains(&(now.0 - self.0))
    }

    /// `millis` may be negative.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|moment| moment.format(RFC3339_MILLIS).ok())
            .map_or(Err(fmt::Error), |text| f.write_str(&text))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// By how many milliseconds a test has moved this process's clock.
///
/// The model test runs several instances whose clocks differ. Each reads its offset from the file that
/// `SUPPUO_TEST_CLOCK` names. In a release build, which is what is deployed, the offset is always 0.
#[cfg(debug_assertions)]
fn clock_offset() -> i64 {
    std::env::var_os("SUPPUO_TEST_CLOCK")
        .and_then(|file| std::fs::read_to_string(file).ok())
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(not(debug_assertions))]
const fn clock_offset() -> i64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_utc_with_three_decimals() {
        let written = |millis| Timestamp::from_millis(millis).to_string();
        assert_eq!(written(1_781_146_800_000), "2026-06-11T03:00:00.000Z");
        assert_eq!(written(1_781_146_800_007), "2026-06-11T03:00:00.007Z");
        assert_eq!(written(0), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn seconds_are_rounded_up() {
        assert_eq!(Timestamp::from_millis(1000).as_secs_ceil(), 1);
        assert_eq!(Timestamp::from_millis(1001).as_secs_ceil(), 2);
    }
}
