//! The header `Retry-After` (RFC 9110, section 10.2.3).

use std::time::UNIX_EPOCH;

use crate::time::Timestamp;

/// When the receiver wants the next request. Nothing bounds it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    Seconds(i64),
    At(Timestamp),
}

impl RetryAfter {
    /// `None` for anything that is neither of the header's two forms.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let value = std::str::from_utf8(value).ok()?.trim_ascii();
        if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self::Seconds(value.parse().unwrap_or(i64::MAX)));
        }
        let moment = httpdate::parse_http_date(value).ok()?;
        let millis = moment.duration_since(UNIX_EPOCH).ok()?.as_millis();
        Some(Self::At(Timestamp::from_millis(
            i64::try_from(millis).ok()?,
        )))
    }

    /// The moment that it means in an answer that came at `now`.
    pub(crate) fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Seconds(seconds) => now.plus_millis(seconds.saturating_mul(1000)),
            Self::At(moment) => moment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_anything_else_is_ignored() {
        let now = Timestamp::from_millis(1_781_146_800_007);
        let moment = |value: &str| {
            RetryAfter::parse(value.as_bytes()).map(|after| after.moment(now).as_millis())
        };
        assert_eq!(moment("0"), Some(1_781_146_800_007));
        assert_eq!(moment(" 120 "), Some(1_781_146_920_007));
        assert_eq!(moment("99999999999999999999"), Some(i64::MAX));
        // The three forms of a date (RFC 9110, section 5.6.7).
        assert_eq!(
            moment("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777_000)
        );
        assert_eq!(
            moment("Sunday, 06-Nov-94 08:49:37 GMT"),
            Some(784_111_777_000)
        );
        assert_eq!(moment("Sun Nov  6 08:49:37 1994"), Some(784_111_777_000));
        for garbage in [
            "",
            "-1",
            "+5",
            "1.5",
            "5s",
            "soon",
            "0x10",
            "٣",
            "Sun, 06 Nov 1994",
            "2026-06-11T03:00:00Z",
        ] {
            assert_eq!(moment(garbage), None, "{garbage}");
        }
        assert_eq!(RetryAfter::parse(b"\xff\xfe"), None);
    }
}
