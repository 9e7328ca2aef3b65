//! API keys: the plaintext that a client holds, and the hash that the table holds.
//!
//! A key is `sk_live_` and 48 lower-case hex characters:
//!
//! ```text
//! sk_live_ 8f1c…(40: 20 random bytes)…03 5be2a91d
//!                                        └ CRC-32 of everything before it
//! ```
//!
//! The checksum is not a protection. It lets the API refuse a mistyped or invented key without reading the table, and
//! lets a scanner recognise a leaked key offline. Nobody can guess the 160 random bits. For the same reason one plain
//! SHA-256 is enough to store: there is no dictionary of 160-bit secrets to try, as there is of passwords.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::random;

const SECRET_BYTES: usize = 20;
const CHECKSUM_BYTES: usize = 4;
const HEX_LEN: usize = 2 * (SECRET_BYTES + CHECKSUM_BYTES);
/// How many hex characters of a key its owner may see again, to tell keys apart.
const SHOWN_HEX: usize = 4;

/// A complete API key. It exists only in memory, while it is created and while a call presents it.
///
/// `Debug` does not show it, and it has neither `Display` nor `Serialize`: see [`ExposeSecret`].
#[derive(Debug)]
pub struct PlaintextKey(SecretString);

impl PlaintextKey {
    /// A bearer token with this prefix is an API key; any other is an access token.
    pub const PREFIX: &str = "sk_live_";

    #[must_use]
    pub fn generate() -> Self {
        let secret: [u8; SECRET_BYTES] = random::bytes();
        let mut text = Self::PREFIX.to_owned() + &base16ct::lower::encode_string(&secret);
        let checksum = crc32fast::hash(text.as_bytes());
        text += &base16ct::lower::encode_string(&checksum.to_be_bytes());
        Self(text.into())
    }

    /// Parses a bearer token. `None` if its form or its checksum is wrong.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let hex = token.strip_prefix(Self::PREFIX)?;
        let mut bytes = [0; SECRET_BYTES + CHECKSUM_BYTES];
        // `lower` refuses upper case. It also decodes shorter texts, so the length is checked below.
        let decoded = base16ct::lower::decode(hex, &mut bytes).ok()?;
        let (_, checksum) = decoded.split_last_chunk::<CHECKSUM_BYTES>()?;
        let is_valid = hex.len() == HEX_LEN
            && u32::from_be_bytes(*checksum)
                == crc32fast::hash(&token.as_bytes()[..token.len() - 2 * CHECKSUM_BYTES]);
        is_valid.then(|| Self(token.into()))
    }

    /// The table stores this hash instead of the key.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(base16ct::lower::encode_string(&Sha256::digest(
            self.expose_secret(),
        )))
    }

    /// The part that stays visible: `sk_live_` and the next four characters.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.expose_secret()[..Self::PREFIX.len() + SHOWN_HEX]
    }
}

/// For the one answer that shows it.
impl ExposeSecret<str> for PlaintextKey {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The SHA-256 of a complete key, in lower-case hex. The key's item in the table is found by it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash(String);

impl KeyHash {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn from_stored(hex: String) -> Self {
        Self(hex)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_has_the_documented_form_and_a_valid_checksum() {
        let key = PlaintextKey::generate();
        let hex = key.expose_secret().strip_prefix("sk_live_").unwrap();
        assert_eq!(hex.len(), 48);
        assert!(
            hex.bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        );
        let read = PlaintextKey::parse(key.expose_secret()).unwrap();
        assert_eq!(read.expose_secret(), key.expose_secret());
        assert_eq!(key.prefix(), &key.expose_secret()[..12]);
        let other = PlaintextKey::generate();
        assert_ne!(key.expose_secret(), other.expose_secret());
    }

    #[test]
    fn any_single_mistyped_character_is_refused() {
        let key = PlaintextKey::generate();
        for at in 0..key.expose_secret().len() {
            let mut typed = key.expose_secret().as_bytes().to_vec();
            typed[at] = if typed[at] == b'0' { b'1' } else { b'0' };
            let typed = String::from_utf8(typed).unwrap();
            assert!(PlaintextKey::parse(&typed).is_none(), "at {at}");
        }
    }

    #[test]
    fn another_form_is_refused() {
        let key = PlaintextKey::generate();
        let key = key.expose_secret();
        for wrong in [
            "",
            "sk_live_",
            &key[..55],
            &key[..16],
            &format!("{key}0"),
            &format!("{key}00"),
            &format!("{key} "),
            &format!("sk_live_{}", key[8..].to_uppercase()),
            &format!("sk_test_{}", &key[8..]),
            &format!("sk_live_{}", "é".repeat(24)),
        ] {
            assert!(PlaintextKey::parse(wrong).is_none());
        }
    }

    #[test]
    fn debug_shows_neither_key_nor_hash() {
        let key = PlaintextKey::generate();
        let shown = format!("{key:?} {:?}", key.hash());
        assert_eq!(shown, "PlaintextKey(SecretBox<str>([REDACTED])) KeyHash(…)");
    }
}
