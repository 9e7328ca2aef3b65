//! The lists of client addresses that this instance has seen at keys.
//!
//! DynamoDB cannot compare an address with blocks. So the write that counts a call has the condition that the key has
//! no list, or the very list that this instance has seen last and that admits the address. A key whose list has changed
//! fails the condition, and its item comes back with the new list.

use crate::{
    domain::{api_key::KeyHash, ip_block::AllowedIps},
    recent_callers::RecentCallers,
    store::key_items,
};

/// Enough for the keys that one instance serves. Each takes up to 1 KB.
const MOST: usize = 1_000;

/// By the hash of a key's current secret, and by nothing secret.
#[derive(Default)]
pub(crate) struct AdmittedLists(RecentCallers<AllowedIps, MOST>);

impl AdmittedLists {
    /// The list that was last seen at this key, as it is stored, if it admits the address.
    pub(super) fn admitting(&self, hash: &KeyHash, address: &str) -> Option<String> {
        let mut seen = self.0.lock();
        let list = seen.get(hash.as_str())?;
        list.admit(address).then(|| key_items::list_text(list))?
    }

    pub(super) fn remember(&self, hash: &KeyHash, list: &AllowedIps) {
        let hash = hash.as_str().to_owned();
        self.0.lock().put(hash, list.clone());
    }
}
