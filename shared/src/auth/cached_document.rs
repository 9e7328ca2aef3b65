//! What the issuer publishes for everyone, its keys and its discovery document, as an instance keeps it.
//!
//! Fetched when it is first needed. Fetched again when it will not do for what is asked of it, or is an hour old, and
//! for neither more than once a minute: nothing that a stranger writes must make us call the issuer each time. What was
//! fetched stays in use while the issuer is down. Only while nothing was ever fetched does each call ask.

use tokio::sync::Mutex;

use crate::{
    error::Cause,
    log,
    time::{HOUR, MINUTE, Timestamp},
};

/// How soon the issuer is asked again, in milliseconds. Ages are told by the wall clock: the monotonic one may
/// stand still while Lambda has the function frozen.
const REFETCH_AFTER: i64 = MINUTE;

/// How long what was fetched is trusted without asking again, in milliseconds.
const TRUSTED_FOR: i64 = HOUR;

/// One thing of the issuer's.
pub(crate) struct CachedDocument<T> {
    /// For the log, where it cannot be fetched again: "keys stay in use".
    stays: &'static str,
    kept: Mutex<Option<Kept<T>>>,
}

struct Kept<T> {
    value: T,
    fetched: Timestamp,
    tried: Timestamp,
}

impl<T: Clone> CachedDocument<T> {
    pub(crate) fn new(stays: &'static str) -> Self {
        Self {
            stays,
            kept: Mutex::new(None),
        }
    }

    /// What the issuer publishes: the best that there is, which may still be none that will do.
    ///
    /// # Errors
    ///
    /// Those of `fetch`, where nothing was ever fetched.
    pub(crate) async fn get(
        &self,
        now: Timestamp,
        accept: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, Cause> {
        // A clock that was set back tells nothing of an age.
        let is_over = |moment: Timestamp, least| {
            !(0..least).contains(&(now.as_millis() - moment.as_millis()))
        };
        let mut state = self.kept.lock().await;
        if let Some(kept) = &mut *state {
            let wanted = !accept(&kept.value) || is_over(kept.fetched, TRUSTED_FOR);
            if !wanted || !is_over(kept.tried, REFETCH_AFTER) {
                return Ok(kept.value.clone());
            }
            kept.tried = now;
        }
        match (fetch.await, &*state) {
            (Ok(value), _) => {
                *state = Some(Kept {
                    value: value.clone(),
                    fetched: now,
                    tried: now,
                });
                Ok(value)
            }
            (Err(cause), Some(kept)) => {
                log::warn(&format!("{}: {cause}", self.stays));
                Ok(kept.value.clone())
            }
            (Err(cause), None) => Err(cause),
        }
    }
}
