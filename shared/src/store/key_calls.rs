//! Authenticates an API key and counts its call, in one conditional write.
//!
//! ```text
//! UpdateItem  KEY#{hash}   ADD calls 1
//!             IF opened > now - 60 s AND calls < the deployment's limit
//!                AND it has not expired AND it is switched on
//!                AND it has no list of addresses, or the one that admits this address
//!                AND calls < its own limit
//!             returns the item: whose key it is, what it may do, and what remains of the limit
//! ```
//!
//! When the condition fails, the item comes back with the failure, and says why. Most failures need a second write: the
//! next window opens ([`crate::store::key_rollover`]), or the key has a list of addresses that this instance has not
//! seen ([`crate::store::admitted_lists`]), or the secret is the older one of a rotated key. An older secret's item is
//! a pointer without a window. Its calls count at its successor, so both secrets draw on one limit.

use aws_sdk_dynamodb::types::Update;

use crate::{
    domain::{
        api_key::KeyHash,
        rate_limit::{Decision, Window},
    },
    store::{
        attributes::{self, Item},
        conditional_update::{UpdateResult, send},
        key_counter::{CountedKey, KeyCounter, Step, counted, keys_item},
        key_items::{KeysItem, Pointer, SecretsItem, list_text, listing_key, secret_key},
        key_rollover::Seen,
        rate_windows::{ATTEMPTS, add},
        retry::pause,
        store_error::StoreError,
        transaction::{Refused, Transaction},
    },
    time::{MINUTE, Timestamp},
};

/// What came of noting that an older secret is still used.
enum Noted {
    /// By another call, within the last minute.
    Earlier,
    /// By this call, or by another one in this very moment.
    Now,
    /// The key no longer has this older secret.
    Over,
}

impl KeyCounter<'_> {
    pub(crate) async fn count(&self, hash: &KeyHash) -> Result<CountedKey, StoreError> {
        let mut current = hash.clone();
        let mut older = None;
        for attempt in 1..=ATTEMPTS {
            match self.attempt(&current).await? {
                Step::Counted(CountedKey::Known(mut known, Decision::Allowed(status))) => {
                    if let Some(pointer) = &older {
                        known.by_older_secret = true;
                        match self.note_use(hash, pointer).await? {
                            Noted::Earlier => {}
                            Noted::Now => known.is_stamped = true,
                            Noted::Over => return Ok(CountedKey::Unknown),
                        }
                    }
                    return Ok(CountedKey::Known(known, Decision::Allowed(status)));
                }
                Step::Counted(counted) => return Ok(counted),
                Step::Again => {}
                Step::Lost => pause(attempt).await,
                Step::Follow(pointer) if pointer.valid_until <= self.now => {
                    return Ok(if pointer.ends_with_key {
                        CountedKey::Expired
                    } else {
                        CountedKey::Unknown
                    });
                }
                // A successor that was rotated meanwhile is older, too: the secret that was sent has no overlap left.
                Step::Follow(_) if older.is_some() => return Ok(CountedKey::Unknown),
                Step::Follow(pointer) => {
                    current = pointer.successor.clone();
                    older = Some(pointer);
                }
            }
        }
        Err(always_in_the_way())
    }

    async fn attempt(&self, hash: &KeyHash) -> Result<Step, StoreError> {
        let key = secret_key(hash);
        let list = self.lists.admitting(hash, self.address);
        if let Some(step) = self.roll_over_if_remembered(&key).await? {
            return Ok(step);
        }
        let mut write = add(&[self.quota(None)], self.now);
        write
            .conditions
            .push("(attribute_not_exists(callLimit) OR calls < callLimit)".to_owned());
        self.guard(&mut write, list.as_deref());
        let found = match send(self.database, &key, write).await? {
            UpdateResult::Done(item) => {
                self.last_counts.counted(&item)?;
                let item = keys_item(&item)?;
                let status = self.quota(item.settings.limit).status(item.window);
                return Ok(counted(item, Decision::Allowed(status)));
            }
            UpdateResult::Contended => return Ok(Step::Lost),
            UpdateResult::ConditionFailed(None) => return Ok(Step::Counted(CountedKey::Unknown)),
            UpdateResult::ConditionFailed(Some(found)) => found,
        };
        match SecretsItem::read(&found)? {
            SecretsItem::Pointer(pointer) => Ok(Step::Follow(pointer)),
            SecretsItem::Key(item) => self.judge(hash, key, &found, item, list).await,
        }
    }

    /// Why the condition failed, and what to do about it.
    async fn judge(
        &self,
        hash: &KeyHash,
        key: Item,
        found: &Item,
        item: KeysItem,
        seen: Option<String>,
    ) -> Result<Step, StoreError> {
        let settings = &item.settings;
        if settings.expires_at.is_some_and(|at| at <= self.now) {
            return Ok(Step::Counted(CountedKey::Expired));
        }
        if !settings.enabled {
            return Ok(Step::Counted(CountedKey::SwitchedOff));
        }
        let quota = self.quota(settings.limit);
        let is_open = item.window.is_open(quota.limit, self.now);
        if !settings.allowed_ips.admit(self.address) {
            let next = Window {
                opened: self.now,
                calls: 0,
            };
            let status = quota.status(if is_open { item.window } else { next });
            return Ok(counted(item, Decision::WrongAddress(status)));
        }
        let list = list_text(&settings.allowed_ips);
        if list.is_some() && list != seen {
            self.lists.remember(hash, &settings.allowed_ips);
            if is_open {
                return Ok(Step::Again);
            }
        }
        if is_open {
            let status = quota.status(item.window);
            return Ok(if status.remaining == 0 {
                counted(item, Decision::Limited(status))
            } else {
                Step::Lost
            });
        }
        let rolled_over = self.roll_over(key, found, item, quota, Seen::JustNow);
        Ok(rolled_over.await?.unwrap_or(Step::Lost))
    }

    /// Notes that an older secret is still used, at most once a minute, in its item and in the key's listing.
    async fn note_use(&self, hash: &KeyHash, pointer: &Pointer) -> Result<Noted, StoreError> {
        let is_fresh = |at: Timestamp| at.plus_millis(MINUTE) > self.now;
        if pointer.last_used_at.is_some_and(is_fresh) {
            return Ok(Noted::Earlier);
        }
        let used = Update::builder()
            .set_key(Some(secret_key(hash)))
            .update_expression("SET lastUsedAt = :now")
            .condition_expression(
                "attribute_exists(successor) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt < :now)",
            )
            .expression_attribute_values(":now", attributes::moment(self.now));
        let shown = Update::builder()
            .set_key(Some(listing_key(&pointer.workspace, &pointer.id)))
            .update_expression("SET previousUsedAt = :now")
            .condition_expression("previousHash = :hash")
            .expression_attribute_values(":now", attributes::moment(self.now))
            .expression_attribute_values(":hash", attributes::text(hash.as_str()));
        let written = Transaction::new(self.database, "note the use of an older secret")
            .update(shown)?
            .update(used)?;
        for attempt in 1..=ATTEMPTS {
            match written.send().await? {
                // The listing's condition. The listing goes with the key, and its older secret with the overlap.
                Err(Refused::Condition(failed)) if failed.contains(&0) => return Ok(Noted::Over),
                // After a failure of the other condition, another call has noted it.
                Ok(()) | Err(Refused::Condition(_)) => return Ok(Noted::Now),
                Err(Refused::Conflict | Refused::Busy) => pause(attempt).await,
            }
        }
        Err(always_in_the_way())
    }
}

fn always_in_the_way() -> StoreError {
    StoreError::because("count a key's call", "other writes were always in the way")
}
