//! The callers' items as this instance's last counts left them.
//!
//! When a caller's window is over, the write that counts a call must fail, and only then is the next window opened. An
//! instance that made all counts of the last window knows what the item holds, so it can open the next window at once.
//! That write has the condition that the item is still so. If it is not, the call is counted as if nothing were
//! remembered: the memory only saves a request, and decides nothing.
//!
//! A caller that also calls other instances, which change the item, is not remembered.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    store::{
        attributes::{self, Item, Read},
        store_error::StoreError,
    },
    time::Timestamp,
};

/// An item takes a kilobyte or two of memory.
const MOST: usize = 500;

/// By the item's partition, which has a hash of the secret or of the user, and nothing secret.
#[derive(Default)]
pub(crate) struct LastCounts(Mutex<HashMap<String, Item>>);

impl LastCounts {
    /// This instance opened the caller's window, and the item is now this one.
    pub(super) fn opened(&self, item: Item) -> Result<(), StoreError> {
        let partition = item.text("pk")?.to_owned();
        let mut known = self.lock();
        if known.len() >= MOST && !known.contains_key(&partition) {
            known.clear();
        }
        known.insert(partition, item);
        Ok(())
    }

    /// This instance counted a call, and the item is now this one.
    pub(super) fn counted(&self, item: &Item) -> Result<(), StoreError> {
        let partition = item.text("pk")?;
        let mut known = self.lock();
        let Some(last) = known.get_mut(partition) else {
            return Ok(());
        };
        let is_next = last.number("opened")? == item.number("opened")?
            && last.number("calls")? + 1 == item.number("calls")?;
        if is_next {
            last.clone_from(item);
        } else {
            known.remove(partition);
        }
        Ok(())
    }

    /// What is remembered of this caller.
    pub(super) fn get(&self, key: &Item) -> Result<Option<Item>, StoreError> {
        Ok(self.lock().get(key.text("pk")?).cloned())
    }

    /// Takes what is remembered of this caller, if another write than a count is needed.
    pub(super) fn take_if(
        &self,
        key: &Item,
        is_over: impl Fn(&Item) -> Result<bool, StoreError>,
    ) -> Result<Option<Item>, StoreError> {
        let partition = key.text("pk")?;
        let mut known = self.lock();
        match known.get(partition) {
            Some(item) if is_over(item)? => Ok(known.remove(partition)),
            Some(_) | None => Ok(None),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `item` in its next window.
pub(super) fn in_window(item: &Item, opened: Timestamp, calls: u32) -> Item {
    let mut next = item.clone();
    next.insert("opened".to_owned(), attributes::moment(opened));
    next.insert("calls".to_owned(), attributes::number(calls));
    next
}
