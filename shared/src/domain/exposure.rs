//! Texts that somebody found in public and takes for API keys. Most of them are none of ours.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::domain::api_key::{KeyHash, PlaintextKey};

/// A text that was found, as it was reported. `Debug` does not show it: it may be a key that works.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct FoundToken(SecretString);

impl FoundToken {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The hash of the key that it would be. `None` if its form or its checksum is wrong: it was never a key of ours.
    #[must_use]
    pub fn key(&self) -> Option<KeyHash> {
        let key = PlaintextKey::parse(self.0.expose_secret())?;
        Some(key.hash())
    }

    /// Its SHA-256, in lower-case hex.
    #[must_use]
    pub fn sha256(&self) -> String {
        base16ct::lower::encode_string(&Sha256::digest(self.0.expose_secret()))
    }
}

/// What a text that was found turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// A key that worked, and works no longer.
    Revoked,
    /// A key of ours that had stopped working before.
    WasOver,
    /// No key of ours, as far as anybody remembers.
    Unknown,
}

impl Exposure {
    #[must_use]
    pub fn was_ours(self) -> bool {
        self != Self::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_with_the_form_and_the_checksum_of_a_key_may_be_one() {
        let key = PlaintextKey::generate();
        let found = FoundToken::new(key.expose_secret());
        assert!(found.key() == Some(key.hash()));
        assert_eq!(found.sha256(), key.hash().as_str());
        for other in ["", "some_token", &key.expose_secret()[..55], "sk_live_"] {
            assert!(FoundToken::new(other).key().is_none(), "{other}");
        }
        // "abc", FIPS 180-2, appendix B.1.
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(FoundToken::new("abc").sha256(), sha256);
    }

    #[test]
    fn debug_does_not_show_the_text() {
        let shown = format!("{:?}", FoundToken::new("some_token"));
        assert!(!shown.contains("some"), "{shown}");
    }
}
