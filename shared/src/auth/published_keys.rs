//! Public keys that somebody publishes at a URL, each under an id: the issuer's, and GitHub's.
//!
//! They are cached by their ids (see [`crate::auth::cached_document`]). They are fetched again if another id is asked
//! for, because the publisher may have rotated its keys, and when they are an hour old, because it may have withdrawn
//! one.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    auth::{cached_document::CachedDocument, http_client::HttpClient},
    error::{ApiError, Cause},
    time::Timestamp,
};

type Keys<K> = Arc<HashMap<String, K>>;

/// Reads the usable keys of a document; `None` if it is no such document.
pub(crate) type ReadKeys<K> = fn(&[u8]) -> Option<HashMap<String, K>>;

pub(crate) struct PublishedKeys<K> {
    url: String,
    http: Arc<HttpClient>,
    /// For the log: "fetch the issuer's keys".
    attempted: &'static str,
    read: ReadKeys<K>,
    keys: CachedDocument<Keys<K>>,
}

impl<K: Clone> PublishedKeys<K> {
    pub(crate) fn new(
        url: String,
        http: Arc<HttpClient>,
        attempted: &'static str,
        read: ReadKeys<K>,
    ) -> Self {
        Self {
            url,
            http,
            attempted,
            read,
            keys: CachedDocument::new("keys stay in use"),
        }
    }

    /// The key with this id, if it is published.
    ///
    /// # Errors
    ///
    /// `500` if no keys were ever fetched and the publisher does not answer: then nothing can be verified.
    pub(crate) async fn key(&self, id: &str, now: Timestamp) -> Result<Option<K>, ApiError> {
        let has_it = |keys: &Keys<K>| keys.contains_key(id);
        let keys = self.keys.get(now, has_it, self.fetch()).await;
        Ok(keys.map_err(ApiError::internal)?.get(id).cloned())
    }

    async fn fetch(&self) -> Result<Keys<K>, Cause> {
        let body = self.http.get(self.attempted, &self.url).await?;
        let keys = (self.read)(&body);
        keys.map(Arc::new)
            .ok_or_else(|| Cause::of(self.attempted, "the answer is no key set"))
    }
}

/// The keys by their ids. Entries without a usable key are left out, and so are all whose id occurs twice, because it
/// is ambiguous.
pub(crate) fn by_id<K>(entries: Vec<(String, Option<K>)>) -> HashMap<String, K> {
    let mut seen = HashSet::new();
    let ids = entries.iter().map(|(id, _)| id);
    let twice: HashSet<_> = ids.filter(|id| !seen.insert(*id)).cloned().collect();
    let keys = entries.into_iter().filter(|(id, _)| !twice.contains(id));
    keys.filter_map(|(id, key)| Some((id, key?))).collect()
}
