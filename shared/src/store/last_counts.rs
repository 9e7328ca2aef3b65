//! The callers' items as this instance's last counts left them.
//!
//! When a caller's window is over, the write that counts a call must fail, and only then is the next window opened. An
//! instance that made all counts of the last window knows what the item holds, so it can open the next window at once.
//! That write has the condition that the item is still so: the memory saves a request, and decides nothing.
//!
//! If the item is not as remembered, other instances count the caller's calls, too. The call has then cost one request
//! more, and is counted as usual; the instance does not try it for this caller again.

use crate::{
    recent_callers::RecentCallers,
    store::{
        attributes::{self, Item, Read},
        store_error::StoreError,
    },
    time::Timestamp,
};

/// An item takes a kilobyte or two of memory.
const MOST: usize = 500;

/// By the item's partition, which has a hash of the secret or of the user. A session's item also has its user's name
/// and e-mail address.
#[derive(Default)]
pub(crate) struct LastCounts(RecentCallers<Last, MOST>);

enum Last {
    /// This instance opened the window, and made all counts in it.
    Alone(Item),
    /// Others write the item, too.
    Shared,
}

impl LastCounts {
    /// This instance opened the caller's window, and the item is now this one.
    pub(super) fn opened(&self, item: Item) -> Result<(), StoreError> {
        let partition = item.text("pk")?.to_owned();
        let mut known = self.0.lock();
        if !matches!(known.get(&partition), Some(Last::Shared)) {
            known.put(partition, Last::Alone(item));
        }
        Ok(())
    }

    /// This instance counted a call, and the item is now this one.
    pub(super) fn counted(&self, item: &Item) -> Result<(), StoreError> {
        let partition = item.text("pk")?;
        let mut known = self.0.lock();
        let Some(Last::Alone(last)) = known.get_mut(partition) else {
            return Ok(());
        };
        let is_next = last.number("opened")? == item.number("opened")?
            && last.number("calls")? + 1 == item.number("calls")?;
        if is_next {
            last.clone_from(item);
        } else {
            known.put(partition.to_owned(), Last::Shared);
        }
        Ok(())
    }

    /// Takes what is remembered of this caller, if another write than a count is needed.
    pub(super) fn take_if(
        &self,
        key: &Item,
        is_over: impl Fn(&Item) -> Result<bool, StoreError>,
    ) -> Result<Option<Item>, StoreError> {
        let partition = key.text("pk")?;
        let mut known = self.0.lock();
        match known.peek(partition) {
            Some(Last::Alone(item)) if is_over(item)? => {}
            Some(_) | None => return Ok(None),
        }
        Ok(match known.pop(partition) {
            Some(Last::Alone(item)) => Some(item),
            Some(Last::Shared) | None => None,
        })
    }

    /// What was taken was no longer so.
    pub(super) fn missed(&self, key: &Item) -> Result<(), StoreError> {
        let partition = key.text("pk")?.to_owned();
        self.0.lock().put(partition, Last::Shared);
        Ok(())
    }
}

/// `item` in its next window.
pub(super) fn in_window(item: &Item, opened: Timestamp, calls: u32) -> Item {
    let mut next = item.clone();
    next.insert("opened".to_owned(), attributes::moment(opened));
    next.insert("calls".to_owned(), attributes::number(calls));
    next
}
