//! API keys: the plaintext that a client holds, and what may be kept of it.
//!
//! A key is `sk_live_` and 48 lower-case hex characters:
//!
//! ```text
//! sk_live_ 8f1c…(40: 20 random bytes)…03 5be2a91d
//!                                        └ CRC-32 of everything before it
//! ```
//!
//! The checksum is no secret and no protection. It lets a mistyped or made-up key be refused without
//! asking the database, and lets a scanner tell a leaked key from a look-alike offline. The 160 random
//! bits are what cannot be guessed; that is also why one plain SHA-256 is enough to store: there is no
//! dictionary of 160-bit secrets to try, as there is of passwords.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::random;

const SECRET_BYTES: usize = 20;
const CHECKSUM_BYTES: usize = 4;
const HEX_LEN: usize = 2 * (SECRET_BYTES + CHECKSUM_BYTES);
/// How much of a key its owner may see again, to tell one from another.
const SHOWN_HEX: usize = 4;

/// A whole API key. It exists in memory only: while it is created, and while a call presents it.
///
/// `Debug` does not show it, and it has neither `Display` nor `Serialize`: see [`ExposeSecret`].
#[derive(Debug)]
pub struct PlaintextKey(SecretString);

impl PlaintextKey {
    /// What makes a bearer token an API key and not an access token.
    pub const PREFIX: &str = "sk_live_";

    /// A new key, of 160 random bits.
    #[must_use]
    pub fn generate() -> Self {
        let secret: [u8; SECRET_BYTES] = random::bytes();
        let mut text = Self::PREFIX.to_owned() + &base16ct::lower::encode_string(&secret);
        let checksum = crc32fast::hash(text.as_bytes());
        text += &base16ct::lower::encode_string(&checksum.to_be_bytes());
        Self(text.into())
    }

    /// Reads a token that a caller presents; `None` where its form or its checksum is wrong.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let hex = token.strip_prefix(Self::PREFIX)?;
        let mut bytes = [0; SECRET_BYTES + CHECKSUM_BYTES];
        // `lower` refuses upper case, and the length has to be asked for: it decodes shorter texts too.
        let decoded = base16ct::lower::decode(hex, &mut bytes).ok()?;
        let (_, checksum) = decoded.split_last_chunk::<CHECKSUM_BYTES>()?;
        let proved = hex.len() == HEX_LEN
            && u32::from_be_bytes(*checksum)
                == crc32fast::hash(&token.as_bytes()[..token.len() - 2 * CHECKSUM_BYTES]);
        proved.then(|| Self(token.into()))
    }

    /// What is stored in the key's stead.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(base16ct::lower::encode_string(&Sha256::digest(
            self.expose_secret(),
        )))
    }

    /// The part that stays visible: `sk_live_` and four characters more.
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

/// The SHA-256 of a whole key, in lower-case hex: the key of its item in the table.
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
    fn a_generated_key_has_the_contracts_form_and_proves_itself() {
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
    fn every_single_mistyped_character_is_noticed() {
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
