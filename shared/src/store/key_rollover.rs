//! Opens a key's next window, when the last one is over.

use crate::{
    domain::rate_limit::{Decision, Window},
    store::{
        attributes::{self, Item},
        conditional_update::{Expressions, in_transaction},
        key_counter::{KeyCounter, Step, keys_item, opened},
        key_items::{self, KeysItem, list_text, listing_key},
        key_usage,
        last_counts::in_window,
        rate_windows::{Quota, open_next_windows},
        store_error::StoreError,
        transaction::Transaction,
    },
};

/// When the key's item was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    JustNow,
    /// Within the last window, so it must be confirmed.
    Before,
}

impl KeyCounter<'_> {
    /// Opens the next window at once, if this instance remembers the last one and it is over. `None` if there is
    /// nothing to try, or if the item is no longer what is remembered: then the call is counted as usual.
    pub(super) async fn roll_over_if_remembered(
        &self,
        key: &Item,
    ) -> Result<Option<Step>, StoreError> {
        // How long a window is does not depend on the key.
        let quota = self.quota(None);
        let is_over = |item: &Item| Ok(quota.open_window(item, self.now)?.is_none());
        let Some(found) = self.last_counts.take_if(key, is_over)? else {
            return Ok(None);
        };
        let item = keys_item(&found)?;
        let settings = &item.settings;
        let may_be_admitted = settings.enabled
            && settings.expires_at.is_none_or(|at| at > self.now)
            && settings.allowed_ips.admit(self.address);
        if !may_be_admitted {
            return Ok(None);
        }
        let quota = self.quota(settings.limit);
        let opened = self.roll_over(key.clone(), &found, item, quota, Seen::Before);
        let opened = opened.await?;
        if opened.is_none() {
            self.last_counts.missed(key)?;
        }
        Ok(opened)
    }

    /// Opens the key's next window, sets `lastUsedAt` in its listing, and adds the closed window to the usage there.
    /// `None` if another write was in the way.
    pub(super) async fn roll_over(
        &self,
        key: Item,
        found: &Item,
        item: KeysItem,
        quota: Quota,
        seen: Seen,
    ) -> Result<Option<Step>, StoreError> {
        let mut opening = open_next_windows(Some(found), &[quota], None, self.now)?;
        self.guard(
            &mut opening,
            list_text(&item.settings.allowed_ips).as_deref(),
        );
        if seen == Seen::Before {
            confirm_settings(&item, &mut opening);
        }
        let mut stamp = Expressions::default();
        stamp.set.push("lastUsedAt = :now".to_owned());
        stamp.value(":now".to_owned(), attributes::moment(self.now));
        stamp.conditions.push("attribute_exists(pk)".to_owned());
        let usage_day = key_usage::add_closed_window(&item, &mut opening, &mut stamp);
        let stamped = in_transaction(listing_key(&item.workspace, &item.id), stamp);
        let written = Transaction::new(self.database, "open a key's next window")
            .update(in_transaction(key, opening))?
            .update(stamped)?;
        if written.send().await?.is_err() {
            return Ok(None);
        }
        let mut next = in_window(found, self.now, quota.weight);
        if let Some(day) = usage_day {
            next.insert("usageDay".to_owned(), attributes::number(day));
        }
        self.last_counts.opened(next)?;
        let window = Window {
            opened: self.now,
            calls: quota.weight,
        };
        let allowed = Decision::Allowed(quota.status(window));
        Ok(Some(opened(item, allowed)))
    }
}

/// Adds the condition that the key still has these settings, because the call is admitted by them.
fn confirm_settings(item: &KeysItem, opening: &mut Expressions) {
    for (name, value) in key_items::settings(&item.settings) {
        match value {
            None => opening
                .conditions
                .push(format!("attribute_not_exists({name})")),
            Some(value) => {
                opening.conditions.push(format!("{name} = :{name}"));
                opening.value(format!(":{name}"), value);
            }
        }
    }
}
