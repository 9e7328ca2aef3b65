//! Writes a moment: how long ago, as a date, and exactly.
//!
//! The script replaces these texts, by the same steps, with ones in the reader's time zone.

use time::OffsetDateTime;

use crate::{
    http::language::Language,
    portal::{texts::Unit, translations},
    time::{HOUR, MINUTE, Timestamp},
};

/// In milliseconds.
pub(super) const DAY: i64 = 24 * HOUR;

/// A moment, for the element `<time>`.
#[derive(Debug, Default)]
pub(super) struct TimeText {
    /// For the script.
    pub(super) datetime: String,
    pub(super) text: String,
    /// Shown on hover.
    pub(super) exact: String,
}

impl TimeText {
    /// The text is the date.
    pub(super) fn as_day(at: Timestamp, language: Language) -> Self {
        Self::with(day(at, language), at, language)
    }

    /// The text is how long ago it was.
    pub(super) fn as_age(at: Timestamp, now: Timestamp, language: Language) -> Self {
        Self::with(age(at, now, language), at, language)
    }

    /// The text is the exact moment.
    pub(super) fn as_moment(at: Timestamp, language: Language) -> Self {
        Self::with(exact(at, language), at, language)
    }

    fn with(text: String, at: Timestamp, language: Language) -> Self {
        Self {
            datetime: at.to_string(),
            text,
            exact: exact(at, language),
        }
    }
}

/// `3 minutes ago`. A moment in the future, by a clock that differs, is `just now`.
fn age(at: Timestamp, now: Timestamp, language: Language) -> String {
    let texts = translations::of(language);
    let passed = now.as_millis() - at.as_millis();
    let days = passed / DAY;
    let (count, unit): (_, &Unit) = match (passed, days) {
        (..MINUTE, _) => return texts.just_now.to_owned(),
        (MINUTE..HOUR, _) => (passed / MINUTE, &texts.minute),
        (HOUR..DAY, _) => (passed / HOUR, &texts.hour),
        (_, ..30) => (days, &texts.day),
        // 360 to 364 days are not a year yet.
        (_, 30..365) => ((days / 30).min(11), &texts.month),
        (_, 365..) => (days / 365, &texts.year),
    };
    let unit = if count == 1 { unit.one } else { unit.many };
    format!("{count} {unit} {}", texts.ago)
}

/// `11 June 2026`, in UTC.
pub(super) fn day(at: Timestamp, language: Language) -> String {
    let at = in_utc(at);
    let month = translations::of(language).months[usize::from(u8::from(at.month())) - 1];
    format!("{} {month} {}", at.day(), at.year())
}

/// `11 June 2026, 03:00 UTC`.
pub(super) fn exact(at: Timestamp, language: Language) -> String {
    let colon = translations::of(language).hour_and_minute;
    let (hour, minute) = (in_utc(at).hour(), in_utc(at).minute());
    format!("{}, {hour:02}{colon}{minute:02} UTC", day(at, language))
}

fn in_utc(at: Timestamp) -> OffsetDateTime {
    // Only a moment after the year 9999 has no date.
    OffsetDateTime::from_unix_timestamp(at.as_millis().div_euclid(1000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Indonesian};

    #[test]
    fn an_age_is_in_the_largest_unit_that_fits() {
        let at = Timestamp::from_millis(1_781_146_800_000);
        for (passed, english, indonesian) in [
            (-HOUR, "just now", "baru saja"),
            (0, "just now", "baru saja"),
            (MINUTE - 1, "just now", "baru saja"),
            (MINUTE, "1 minute ago", "1 menit yang lalu"),
            (3 * MINUTE, "3 minutes ago", "3 menit yang lalu"),
            (HOUR - 1, "59 minutes ago", "59 menit yang lalu"),
            (HOUR, "1 hour ago", "1 jam yang lalu"),
            (DAY - 1, "23 hours ago", "23 jam yang lalu"),
            (DAY, "1 day ago", "1 hari yang lalu"),
            (30 * DAY - 1, "29 days ago", "29 hari yang lalu"),
            (30 * DAY, "1 month ago", "1 bulan yang lalu"),
            (90 * DAY, "3 months ago", "3 bulan yang lalu"),
            (365 * DAY - 1, "11 months ago", "11 bulan yang lalu"),
            (365 * DAY, "1 year ago", "1 tahun yang lalu"),
            (800 * DAY, "2 years ago", "2 tahun yang lalu"),
        ] {
            let now = at.plus_millis(passed);
            assert_eq!(age(at, now, English), english);
            assert_eq!(age(at, now, Indonesian), indonesian);
        }
    }

    #[test]
    fn a_moment_is_written_in_utc_and_in_the_language() {
        let written = |millis, language| exact(Timestamp::from_millis(millis), language);
        let june = 1_781_146_800_000;
        assert_eq!(written(june, English), "11 June 2026, 03:00 UTC");
        assert_eq!(written(june, Indonesian), "11 Juni 2026, 03.00 UTC");
        let before_midnight = 1_798_761_599_999;
        assert_eq!(
            written(before_midnight, English),
            "31 December 2026, 23:59 UTC"
        );
        assert_eq!(written(i64::MAX, English), "1 January 1970, 00:00 UTC");
    }
}
