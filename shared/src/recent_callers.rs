//! What an instance remembers about the callers that called it last.
//!
//! It saves requests, and decides nothing: it is lost with the instance, and whoever asks it can do without an answer.
//! It is bounded, and what was used least recently goes first. Callers are named by a hash, of a secret or of a user.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use lru::LruCache;

/// Remembers something about `MOST` callers.
pub(crate) struct RecentCallers<T, const MOST: usize>(Mutex<LruCache<String, T>>);

impl<T, const MOST: usize> Default for RecentCallers<T, MOST> {
    fn default() -> Self {
        let most = NonZeroUsize::new(MOST).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(most)))
    }
}

impl<T, const MOST: usize> RecentCallers<T, MOST> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, LruCache<String, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
