//! Caches a document that somebody publishes: the issuer's keys and its discovery document, GitHub's keys.
//!
//! The document is fetched when it is first needed. It is fetched again when it lacks what is needed, or is an hour
//! old, but at most once a minute, so that a stranger's requests cannot make us call the publisher each time. While
//! the publisher is down, the old document stays in use. If there is none yet, every call tries to fetch it.

use tokio::sync::Mutex;

use crate::{
    error::Cause,
    log,
    time::{HOUR, MINUTE, Timestamp},
};

/// The shortest time between two attempts, in milliseconds. Measured with the wall clock, because the monotonic clock
/// may stop while Lambda freezes the function.
const MIN_RETRY_INTERVAL: i64 = MINUTE;

/// How long a document is used before it is fetched again, in milliseconds.
const MAX_AGE: i64 = HOUR;

pub(crate) struct CachedDocument<T> {
    /// Logged when a new fetch fails: "keys stay in use".
    failure_message: &'static str,
    cached: Mutex<Option<Cached<T>>>,
}

struct Cached<T> {
    value: T,
    fetched: Timestamp,
    tried: Timestamp,
}

impl<T: Clone> CachedDocument<T> {
    pub(crate) fn new(failure_message: &'static str) -> Self {
        Self {
            failure_message,
            cached: Mutex::new(None),
        }
    }

    /// The document, fetched again if `accept` rejects the cached one. The result may still be one that `accept`
    /// rejects.
    ///
    /// # Errors
    ///
    /// The error of `fetch`, if nothing was ever fetched.
    pub(crate) async fn get(
        &self,
        now: Timestamp,
        accept: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, Cause> {
        let mut cached = self.cached.lock().await;
        if let Some(document) = &mut *cached {
            let is_stale = !accept(&document.value) || !document.fetched.is_within(MAX_AGE, now);
            if !is_stale || document.tried.is_within(MIN_RETRY_INTERVAL, now) {
                return Ok(document.value.clone());
            }
            document.tried = now;
        }
        match (fetch.await, &*cached) {
            (Ok(value), _) => {
                *cached = Some(Cached {
                    value: value.clone(),
                    fetched: now,
                    tried: now,
                });
                Ok(value)
            }
            (Err(cause), Some(document)) => {
                log::warn(&format!("{}: {cause}", self.failure_message));
                Ok(document.value.clone())
            }
            (Err(cause), None) => Err(cause),
        }
    }
}
