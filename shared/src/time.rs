//! Time, everywhere in milliseconds since the Unix epoch, in UTC.

use std::fmt;

use serde::{Serialize, Serializer};
use time::{
    OffsetDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

/// In milliseconds.
pub const MINUTE: i64 = 60 * 1000;

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

    /// A time of RFC 3339, in UTC or with an offset. What is finer than a millisecond is left out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let millis = moment.unix_timestamp_nanos().div_euclid(1_000_000);
        i64::try_from(millis).ok().map(Self)
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

    /// The same date and time, so many years later. After 29 February, in a year without one, 1 March.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Self {
        let later = |moment: OffsetDateTime| {
            let year = moment.year() + years;
            let same = moment.replace_year(year).ok();
            same.or_else(|| (moment + time::Duration::DAY).replace_year(year).ok())
        };
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).ok();
        let millis = moment
            .and_then(later)
            .and_then(|later| i64::try_from(later.unix_timestamp_nanos() / 1_000_000).ok());
        millis.map_or(Self(i64::MAX), Self)
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
    fn a_time_is_parsed_in_utc_or_with_an_offset() {
        let parsed = |text| Timestamp::parse(text).map(Timestamp::as_millis);
        for same in [
            "2026-06-11T03:00:00.007Z",
            "2026-06-11T03:00:00.0079999Z",
            "2026-06-11t03:00:00.007z",
            "2026-06-11T10:00:00.007+07:00",
            "2026-06-10T22:30:00.007-04:30",
        ] {
            assert_eq!(parsed(same), Some(1_781_146_800_007), "{same}");
        }
        assert_eq!(parsed("2026-06-11T03:00:00Z"), Some(1_781_146_800_000));
        assert_eq!(parsed("1969-12-31T23:59:59.9999Z"), Some(-1));
        for wrong in [
            "",
            "2026-06-11",
            "2026-06-11T03:00:00",
            "2026-06-11T03:00Z",
            "2026-02-30T03:00:00Z",
            "2026-06-11T24:00:00Z",
            "2026-06-11T03:00:00Z ",
            "2026-06-11T03:00:00+25:00",
            "1781146800000",
            "yesterday",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn seconds_are_rounded_up() {
        assert_eq!(Timestamp::from_millis(1000).as_secs_ceil(), 1);
        assert_eq!(Timestamp::from_millis(1001).as_secs_ceil(), 2);
    }

    #[test]
    fn years_are_those_of_the_calendar() {
        for (from, to) in [
            ("2026-11-26T10:00:00.001Z", "2031-11-26T10:00:00.001Z"),
            ("2028-02-29T10:00:00.000Z", "2033-03-01T10:00:00.000Z"),
        ] {
            let later = Timestamp::parse(from).unwrap().plus_years(5);
            assert_eq!(later.to_string(), to);
        }
    }
}
