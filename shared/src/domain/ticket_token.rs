//! The access token of a ticket. The requester uses it instead of a login.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::random;

const SECRET_BYTES: usize = 20;

/// 160 random bits as 40 lower-case hex characters, which no mail program and no URL changes.
///
/// The ticket's item holds it, because agents may see it. The ticket is found by the token's hash, as with API keys.
/// `Debug` does not show it; responses do, by `Serialize`.
#[derive(Clone, Debug)]
pub struct TicketToken(SecretString);

impl TicketToken {
    #[must_use]
    pub fn generate() -> Self {
        let secret: [u8; SECRET_BYTES] = random::bytes();
        Self(base16ct::lower::encode_string(&secret).into())
    }

    /// Parses a text from a caller. `None` if it cannot be a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; SECRET_BYTES];
        let decoded = base16ct::lower::decode(text, &mut bytes).ok()?;
        (decoded.len() == SECRET_BYTES).then(|| Self(text.into()))
    }

    /// The ticket is found by this hash.
    #[must_use]
    pub fn hash(&self) -> TicketTokenHash {
        TicketTokenHash(base16ct::lower::encode_string(&Sha256::digest(
            self.expose_secret(),
        )))
    }

    pub(crate) fn from_stored(text: &str) -> Self {
        Self(text.into())
    }
}

/// For the ticket's item, and for answers.
impl ExposeSecret<str> for TicketToken {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Serialize for TicketToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose_secret())
    }
}

/// The SHA-256 of a ticket's token, in lower-case hex.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketTokenHash(String);

impl TicketTokenHash {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TicketTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketTokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_does() {
        let token = TicketToken::generate();
        let read = TicketToken::parse(token.expose_secret()).unwrap();
        assert_eq!(read.expose_secret(), token.expose_secret());
        let other = TicketToken::generate();
        assert_ne!(other.expose_secret(), token.expose_secret());
        let text = token.expose_secret();
        for wrong in [
            "",
            &text[1..],
            &format!("{text}00"),
            &"G".repeat(40),
            &"A".repeat(40),
        ] {
            assert!(TicketToken::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn debug_shows_neither_token_nor_hash() {
        let token = TicketToken::generate();
        let shown = format!("{token:?} {:?}", token.hash());
        assert_eq!(
            shown,
            "TicketToken(SecretBox<str>([REDACTED])) TicketTokenHash(…)"
        );
    }
}
