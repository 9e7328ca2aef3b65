//! A sign-in between its start and the issuer's answer. It is kept only in a cookie of the browser that started it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    auth::sign_in::return_to::ReturnTo,
    domain::signing_keys::SigningKeys,
    error::ApiError,
    time::{MINUTE, Timestamp},
};

/// How long people have to sign in, in milliseconds.
const VALID_FOR: i64 = 10 * MINUTE;

/// What is needed again when the issuer answers. `Debug` shows none of it.
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
    pub(crate) const COOKIE_SECONDS: i64 = VALID_FOR / 1000;

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
            ends: now.plus_millis(VALID_FOR).as_millis(),
        }
    }

    pub(super) fn ends_at(&self) -> Timestamp {
        Timestamp::from_millis(self.ends)
    }

    pub(super) fn seal(&self, keys: &SigningKeys) -> Result<String, ApiError> {
        keys.sign_ins.seal(b"", self)
    }

    /// `None` if the cookie's value was not sealed with these keys, or has expired.
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
        assert!(open(&keys, 0).is_some() && open(&keys, VALID_FOR - 1).is_some());
        assert!(open(&keys, VALID_FOR).is_none());
        assert!(open(&SigningKeys::from_secret("b"), 0).is_none());
        // A value that was sealed for another purpose does not open.
        let cursor = keys.cursors.seal(b"", &pending).unwrap();
        assert!(PendingSignIn::open(&keys, &cursor, began).is_none());
        assert_eq!(format!("{pending:?}"), "PendingSignIn(…)");
    }
}
