//! Portal sessions: the id that a browser holds, and the hash that the table holds.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    random,
    time::{HOUR, Timestamp},
};

/// Nobody can guess 256 bits, so one plain SHA-256 is enough to store.
const ID_BYTES: usize = 32;

/// A session's id. It exists only in memory, while it is created and while a call presents it.
///
/// `Debug` does not show it, and it has neither `Display` nor `Serialize`: see [`ExposeSecret`].
#[derive(Debug)]
pub struct SessionId(SecretString);

impl SessionId {
    /// Every session has an id that was generated here. An id that a caller brings never becomes a session.
    #[must_use]
    pub fn generate() -> Self {
        Self(
            BASE64_URL_SAFE_NO_PAD
                .encode(random::bytes::<ID_BYTES>())
                .into(),
        )
    }

    /// Parses a cookie's value. `None` if it cannot be an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == ID_BYTES).then(|| Self(text.into()))
    }

    /// The table stores this hash instead of the id.
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

/// The SHA-256 of an id, in lower-case hex. The session's item in the table is found by it.
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
    /// After its last call.
    pub(crate) idle: i64,
    /// After its start.
    pub(crate) absolute: i64,
}

impl Lifetime {
    pub(crate) fn of_hours(idle: u32, absolute: u32) -> Self {
        Self {
            idle: i64::from(idle) * HOUR,
            absolute: i64::from(absolute) * HOUR,
        }
    }

    /// A session that is alive at `now` had its last call after this time…
    pub(crate) fn seen_after(self, now: Timestamp) -> Timestamp {
        now.plus_millis(-self.idle)
    }

    /// …and created after this one.
    pub(crate) fn created_after(self, now: Timestamp) -> Timestamp {
        now.plus_millis(-self.absolute)
    }

    /// When a session ends that started at `created` and is not used after `now`.
    pub(crate) fn ends_at(self, created: Timestamp, now: Timestamp) -> Timestamp {
        let absolute = created.plus_millis(self.absolute);
        absolute.min(now.plus_millis(self.idle))
    }

    /// How long a browser keeps the cookie, in seconds. The session may end earlier; the table decides.
    pub(crate) fn cookie_seconds(self) -> i64 {
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
        assert_eq!(lifetime.ends_at(hours(0), hours(1)), hours(13));
        assert_eq!(lifetime.ends_at(hours(0), hours(160)), hours(168));
    }
}
