//! The key under which a client sends a call again, so that it is done once.

use std::fmt;

/// 1 to 255 visible ASCII characters. `Debug` does not show it: clients choose it, perhaps from what is private.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    const MAX: usize = 255;

    /// Parses the header's value. The key is bare or in quotes, which are not part of it: the IETF's draft has quotes,
    /// most clients send none. `None` if it is no key.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let value = header.trim_matches([' ', '\t']);
        let key = match value.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"')?,
            None if value.ends_with('"') => return None,
            None => value,
        };
        let is_readable = key.bytes().all(|byte| byte.is_ascii_graphic());
        let is_key = (1..=Self::MAX).contains(&key.len()) && is_readable;
        is_key.then(|| Self(key.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(header: &str) -> Option<String> {
        IdempotencyKey::parse(header).map(|key| key.as_str().to_owned())
    }

    #[test]
    fn a_key_is_1_to_255_visible_ascii_characters_quoted_or_bare() {
        let visible: String = ('!'..='~').collect();
        let longest = "x".repeat(255);
        for good in ["a", "0b2e-7", "a,b", "a\"b", &visible, &longest] {
            assert_eq!(key(good).as_deref(), Some(good));
            assert_eq!(key(&format!("\"{good}\"")).as_deref(), Some(good));
            assert_eq!(key(&format!(" {good}\t")).as_deref(), Some(good));
        }
        let too_long = "x".repeat(256);
        for wrong in [
            "",
            " ",
            "\"\"",
            "\"",
            "\"a",
            "a\"",
            "a b",
            "\"a b\"",
            "é",
            "a\u{7f}",
            "a\nb",
            "\u{a0}a",
            &too_long,
            &format!("\"{too_long}\""),
        ] {
            assert_eq!(key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let key = IdempotencyKey::parse("order-7");
        assert_eq!(format!("{key:?}"), "Some(IdempotencyKey(…))");
    }
}
