//! Sessions of the portal: the id that a browser holds, and what may be kept of it.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    random,
    time::{HOUR, Timestamp},
};

/// 256 bits leave nothing to guess, and so one plain SHA-256 is enough to store.
const ID_BYTES: usize = 32;

/// The id of a session. It exists in memory only: while it is made, and while a call presents it.
///
/// `Debug` does not show it, and it has neither `Display` nor `Serialize`: see [`ExposeSecret`].
#[derive(Debug)]
pub struct SessionId(SecretString);

impl SessionId {
    /// A new id. There is no other way to a session: one that a caller brings along is never taken up.
    #[must_use]
    pub fn generate() -> Self {
        Self(
            BASE64_URL_SAFE_NO_PAD
                .encode(random::bytes::<ID_BYTES>())
                .into(),
        )
    }

    /// Reads what a cookie holds; `None` where it can be no id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == ID_BYTES).then(|| Self(text.into()))
    }

    /// What is stored in the id's stead.
    #[must_use]
    pub fn hash(&self) -> SessionHash {
        SessionHash(base16ct::lower::encode_string(&Sha256::digest(
            self.expose_secret(),
        )))
    }
}

/// For the one cookie that holds it.
impl ExposeSecret<str> for SessionId {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The SHA-256 of an id, in lower-case hex: the key of the session's item in the table.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionHash(String);

impl SessionHash {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionHash(…)")
    }
}

/// How long sessions last, in milliseconds. A parameter of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// Without a call.
    pub(crate) idle: i64,
    /// With calls.
    pub(crate) absolute: i64,
}

impl Lifetime {
    pub(crate) fn of_hours(idle: u32, absolute: u32) -> Self {
        Self {
            idle: i64::from(idle) * HOUR,
            absolute: i64::from(absolute) * HOUR,
        }
    }

    /// A session that is alive now was seen after this moment…
    pub(crate) fn seen_after(self, now: Timestamp) -> Timestamp {
        now.plus_millis(-self.idle)
    }

    /// …and created after this one.
    pub(crate) fn created_after(self, now: Timestamp) -> Timestamp {
        now.plus_millis(-self.absolute)
    }

    /// When a session ends that was created then, and that nobody uses after `now`.
    pub(crate) fn ends(self, created: Timestamp, now: Timestamp) -> Timestamp {
        let absolute = created.plus_millis(self.absolute);
        absolute.min(now.plus_millis(self.idle))
    }

    /// How long a browser keeps the cookie, in seconds. The table decides how long it is of use.
    pub(crate) fn of_cookie(self) -> i64 {
        self.absolute / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_nothing_else_does() {
        let id = SessionId::generate();
        let read = SessionId::parse(id.expose_secret()).unwrap();
        assert_eq!(read.expose_secret(), id.expose_secret());
        let other = SessionId::generate();
        assert_ne!(other.expose_secret(), id.expose_secret());
        for wrong in [
            "",
            &id.expose_secret()[1..],
            &format!("{}A", id.expose_secret()),
            &format!("{}=", id.expose_secret()),
            &"é".repeat(22),
        ] {
            assert!(SessionId::parse(wrong).is_none());
        }
    }

    #[test]
    fn debug_shows_neither_id_nor_hash() {
        let id = SessionId::generate();
        assert_eq!(
            format!("{id:?} {:?}", id.hash()),
            "SessionId(SecretBox<str>([REDACTED])) SessionHash(…)"
        );
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old() {
        let lifetime = Lifetime::of_hours(12, 7 * 24);
        let hours = |n: i64| Timestamp::from_millis(n * HOUR);
        assert_eq!(lifetime.ends(hours(0), hours(1)), hours(13));
        assert_eq!(lifetime.ends(hours(0), hours(160)), hours(168));
    }
}
