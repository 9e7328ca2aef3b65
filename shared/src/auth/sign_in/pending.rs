//! A sign-in between its start and the issuer's answer: it lives in a cookie of the browser that began it, and nowhere
//! else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    auth::sign_in::return_to::ReturnTo,
    domain::signing_keys::SigningKeys,
    error::ApiError,
    time::{MINUTE, Timestamp},
};

/// How long people have to sign in, in milliseconds.
const LASTS: i64 = 10 * MINUTE;

/// What has to be known again when the issuer answers. `Debug` shows nothing of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingSignIn {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) return_to: ReturnTo,
    /// In milliseconds since the epoch.
    ends: i64,
}

impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingSignIn(…)")
    }
}

impl PendingSignIn {
    /// How long the cookie is kept, in seconds.
    pub(crate) const COOKIE_SECONDS: i64 = LASTS / 1000;

    pub(super) fn new(
        state: String,
        nonce: String,
        verifier: String,
        return_to: ReturnTo,
        now: Timestamp,
    ) -> Self {
        Self {
            state,
            nonce,
            verifier,
            return_to,
            ends: now.plus_millis(LASTS).as_millis(),
        }
    }

    /// When it is of no use any more.
    pub(super) fn ends_at(&self) -> Timestamp {
        Timestamp::from_millis(self.ends)
    }

    pub(super) fn seal(&self, keys: &SigningKeys) -> Result<String, ApiError> {
        keys.sign_ins.seal(b"", self)
    }

    /// What was sealed into the cookie; `None` where that was not here, or is over.
    #[must_use]
    pub fn open(keys: &SigningKeys, sealed: &str, now: Timestamp) -> Option<Self> {
        let opened: Self = keys.sign_ins.open(b"", sealed)?;
        (now < opened.ends_at()).then_some(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_for_ten_minutes_with_its_key() {
        let keys = SigningKeys::from_secret("a");
        let began = Timestamp::from_millis(1_781_146_800_000);
        let text = || "x".to_owned();
        let return_to = ReturnTo::of(None).unwrap();
        let pending = PendingSignIn::new(text(), text(), text(), return_to, began);
        let sealed = pending.seal(&keys).unwrap();
        let open = |keys, after| PendingSignIn::open(keys, &sealed, began.plus_millis(after));
        assert!(open(&keys, 0).is_some() && open(&keys, LASTS - 1).is_some());
        assert!(open(&keys, LASTS).is_none());
        assert!(open(&SigningKeys::from_secret("b"), 0).is_none());
        // What is sealed for another purpose is no sign-in.
        let cursor = keys.cursors.seal(b"", &pending).unwrap();
        assert!(PendingSignIn::open(&keys, &cursor, began).is_none());
        assert_eq!(format!("{pending:?}"), "PendingSignIn(…)");
    }
}
