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

use sha2::{Digest, Sha256};

use crate::random;

const SECRET_BYTES: usize = 20;
const CHECKSUM_BYTES: usize = 4;
const HEX_LEN: usize = 2 * (SECRET_BYTES + CHECKSUM_BYTES);
/// How much of a key its owner may see again, to tell one from another.
const SHOWN_HEX: usize = 4;

/// A whole API key. It exists in memory only: while it is created, and while a call presents it.
///
/// `Debug` does not show it, and it has neither `Display` nor `Serialize`: see [`PlaintextKey::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct PlaintextKey(String);

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
        Self(text)
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
        proved.then(|| Self(token.to_owned()))
    }

    /// What is stored in the key's stead.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(base16ct::lower::encode_string(&Sha256::digest(&self.0)))
    }

    /// The part that stays visible: `sk_live_` and four characters more.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.0[..Self::PREFIX.len() + SHOWN_HEX]
    }

    /// The key itself, for the one answer that shows it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlaintextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlaintextKey(…)")
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
        let hex = key.reveal().strip_prefix("sk_live_").unwrap();
        assert_eq!(hex.len(), 48);
        assert!(
            hex.bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        );
        assert_eq!(PlaintextKey::parse(key.reveal()), Some(key.clone()));
        assert_eq!(key.prefix(), &key.reveal()[..12]);
        assert_ne!(key, PlaintextKey::generate());
    }

    #[test]
    fn every_single_mistyped_character_is_noticed() {
        let key = PlaintextKey::generate();
        for at in 0..key.reveal().len() {
            let mut typed = key.reveal().as_bytes().to_vec();
            typed[at] = if typed[at] == b'0' { b'1' } else { b'0' };
            let typed = String::from_utf8(typed).unwrap();
            assert_eq!(PlaintextKey::parse(&typed), None, "at {at}");
        }
    }

    #[test]
    fn another_form_is_refused() {
        let key = PlaintextKey::generate();
        let key = key.reveal();
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
            assert_eq!(PlaintextKey::parse(wrong), None);
        }
    }

    #[test]
    fn debug_shows_neither_key_nor_hash() {
        let key = PlaintextKey::generate();
        let shown = format!("{key:?} {:?}", key.hash());
        assert_eq!(shown, "PlaintextKey(…) KeyHash(…)");
    }
}
