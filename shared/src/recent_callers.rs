//! What an instance remembers about the callers that called it last.
//!
//! It saves requests, and decides nothing: it is lost with the instance, and whoever asks it can do without an answer.
//! It is bounded, and what was used least recently goes first. Callers are named by a hash, of a secret or of a user.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use lru::LruCache;

pub(crate) struct RecentCallers<T>(Mutex<LruCache<String, T>>);

impl<T> RecentCallers<T> {
    /// Remembers something about so many callers.
    pub(crate) fn new(most: usize) -> Self {
        let most = NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(most)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, LruCache<String, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
