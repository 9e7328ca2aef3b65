//! How many calls of a key were admitted on each day.
//!
//! When a window rolls over, its calls are added to a counter of its day in the key's listing, in the transaction that
//! opens the next window: no write more. The last window is still in the key's item, and is added when it is read.
//!
//! A counter is an attribute `d{days since 1970}`. The listing only has counters of [`DAYS`] days up to the last that
//! was added, which the key's item remembers as `usageDay`.

use serde::Serialize;

use crate::{
    domain::key::ApiKey,
    ids::ApiKeyId,
    store::{
        attributes::{self, Item, Read},
        conditional_update::Expressions,
        key_items::{KeysItem, SecretsItem},
        key_listings::ApiKeyReader,
        store_error::StoreError,
        transaction::until_unchanged,
    },
    time::{HOUR, Timestamp},
};

/// How many days the usage shows, today included.
pub const DAYS: i64 = 30;

const DAY: i64 = 24 * HOUR;

/// A key, with how often it was used.
#[derive(Debug)]
pub struct KeyUsage {
    pub key: ApiKey,
    /// The last [`DAYS`] days, the oldest first.
    pub days: Vec<DayUsage>,
}

/// The calls of one day, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayUsage {
    /// `2026-06-11`.
    pub date: String,
    pub calls: i64,
}

fn day_of(moment: Timestamp) -> i64 {
    moment.as_millis().div_euclid(DAY)
}

fn counter(day: i64) -> String {
    format!("d{day}")
}

/// Adds the last window of a key to its day in `listing`, and notes the day in `keys_item`. Counters that are too old
/// go. Returns the day that `keys_item` has from then on.
pub(super) fn add_closed_window(
    item: &KeysItem,
    keys_item: &mut Expressions,
    listing: &mut Expressions,
) -> Option<i64> {
    // No call may have been counted since: it would be missing.
    keys_item.conditions.push("calls = :closed".to_owned());
    keys_item.value(":closed".to_owned(), attributes::number(item.window.calls));
    if item.window.calls == 0 {
        return item.usage_day;
    }
    let day = day_of(item.window.opened);
    listing.add.push(format!("{} :closed", counter(day)));
    listing.value(":closed".to_owned(), attributes::number(item.window.calls));
    if item.usage_day == Some(day) {
        return item.usage_day;
    }
    keys_item.set.push("usageDay = :usageDay".to_owned());
    keys_item.value(":usageDay".to_owned(), attributes::number(day));
    if let Some(last) = item.usage_day {
        let oldest = last - DAYS + 1;
        let too_old = oldest..=last.min(day - DAYS);
        listing.remove.extend(too_old.map(counter));
    }
    Some(day)
}

impl ApiKeyReader<'_> {
    /// `None` if the workspace has no such key.
    pub async fn usage(&self, id: &ApiKeyId) -> Result<Option<KeyUsage>, StoreError> {
        let today = day_of(Timestamp::now());
        until_unchanged(self.0.table, async || {
            let Some(listing) = self.listing(id).await? else {
                return Ok(Some(None));
            };
            let Some(found) = self.secrets_item(&listing.hash).await? else {
                // It was rotated or revoked between the two reads.
                return Ok(None);
            };
            let SecretsItem::Key(item) = SecretsItem::read(&found)? else {
                return Ok(None);
            };
            // The transaction that opens a window writes its time into both. If they differ, a window rolled over
            // between the two reads.
            let opened = (item.window.calls > 0).then_some(item.window.opened);
            if listing.key.last_used_at != opened {
                return Ok(None);
            }
            let days = days(&listing.item, &item, today)?;
            let key = listing.key;
            Ok(Some(Some(KeyUsage { key, days })))
        })
        .await
    }
}

fn days(listing: &Item, item: &KeysItem, today: i64) -> Result<Vec<DayUsage>, StoreError> {
    let days = (today - DAYS + 1)..=today;
    let usage = days.map(|day| {
        let closed = listing.number_if_any(&counter(day))?.unwrap_or_default();
        let is_last = day == day_of(item.window.opened);
        let last = if is_last {
            i64::from(item.window.calls)
        } else {
            0
        };
        let midnight = Timestamp::from_millis(day * DAY);
        Ok(DayUsage {
            date: midnight.to_string().chars().take(10).collect(),
            calls: closed + last,
        })
    });
    usage.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{key_settings::KeySettings, rate_limit::Window},
        ids::WorkspaceId,
    };

    fn item(day: i64, usage_day: Option<i64>) -> KeysItem {
        KeysItem {
            workspace: WorkspaceId::parse("acc_a").unwrap(),
            id: ApiKeyId::new(Timestamp::EPOCH),
            settings: KeySettings::default(),
            window: Window {
                opened: Timestamp::from_millis(day * DAY),
                calls: 7,
            },
            usage_day,
        }
    }

    fn removed(day: i64, usage_day: Option<i64>) -> Vec<String> {
        let (mut keys_item, mut listing) = (Expressions::default(), Expressions::default());
        add_closed_window(&item(day, usage_day), &mut keys_item, &mut listing);
        assert_eq!(listing.add, [format!("d{day} :closed")]);
        listing.remove
    }

    #[test]
    fn counters_that_are_no_longer_shown_go() {
        assert_eq!(removed(20_000, None), [""; 0]);
        assert_eq!(removed(20_000, Some(20_000)), [""; 0]);
        assert_eq!(removed(20_001, Some(20_000)), ["d19971"]);
        assert_eq!(
            removed(20_003, Some(20_000)),
            ["d19971", "d19972", "d19973"]
        );
        assert_eq!(removed(20_029, Some(20_000)).len(), 29);
        assert_eq!(removed(20_030, Some(20_000)).len(), 30);
        assert_eq!(removed(30_000, Some(20_000)).len(), 30);
    }
}
