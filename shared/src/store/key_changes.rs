//! Changes of a key: its settings, its secret, and the end of an older secret.
//!
//! Each change is one transaction: the key's item, its listing, and an entry of the audit trail, on condition that
//! nobody else has changed the key since it was read. A rotation moves the key's window to the new secret's item, on
//! condition that no call was counted since; so it neither resets nor doubles the limit.

use aws_sdk_dynamodb::types::Delete;

use crate::{
    domain::{
        act::Act,
        api_key::{KeyHash, PlaintextKey},
        key::{ApiKey, PreviousSecret},
        key_settings::{Excess, KeyChanges, KeySettings},
    },
    ids::ApiKeyId,
    store::{
        api_keys::{ApiKeys, Exposed, differences},
        attributes,
        audit_trail::{self, Action, Entry},
        conditional_update::{Expressions, in_transaction},
        done_once::Keep,
        key_items::{
            self, EndReason, KeysItem, Pointer, SecretsItem, WINDOW_IS, listing_key, secret_key,
        },
        key_listings::Listing,
        outbox::{Event, ExposedData, KeyData, RotatedData},
        store_error::StoreError,
        transaction::{Transaction, keep_alone, until_unchanged},
    },
    time::Timestamp,
};

/// Who changes a key, and how far they may go.
#[derive(Clone, Copy, Debug)]
pub struct Grantor<'a> {
    pub act: &'a Act,
    /// The settings of the calling key, which no other key may exceed. `None`: the caller may grant everything.
    pub bound: Option<&'a KeySettings>,
}

impl Grantor<'_> {
    /// What the caller must not grant of these settings.
    #[must_use]
    pub fn excess(&self, settings: &KeySettings) -> Option<Excess> {
        self.bound.and_then(|bound| settings.excess_over(bound))
    }
}

#[derive(Debug)]
pub enum KeyChange {
    /// The next call goes by it.
    Changed(Box<ApiKey>),
    NoSuchKey,
    /// The key would have more than the calling key. Nothing was done.
    Excess(Excess),
    /// The caller's address could no longer use the key. Nothing was done.
    ShutsOutCaller,
}

/// How to rotate a key.
#[derive(Clone, Copy, Debug)]
pub struct RotationTerms {
    /// How long the older secret still works, in milliseconds.
    pub overlap: i64,
    /// Whether an older secret that still works is refused from now on.
    pub supersede: bool,
}

#[derive(Debug)]
pub enum Rotation {
    /// The new secret works from now on.
    Rotated(Box<ApiKey>),
    NoSuchKey,
    /// The key has more than the calling key. Nothing was done.
    Excess(Excess),
    /// An older secret still works until then. Nothing was done.
    Overlaps(Timestamp),
}

impl ApiKeys<'_> {
    /// Changes the given fields. `force`: also if the caller's address could no longer use the key.
    pub async fn change(
        &self,
        id: &ApiKeyId,
        changes: &KeyChanges,
        force: bool,
        grantor: Grantor<'_>,
        keep: Keep<'_, ApiKey>,
    ) -> Result<KeyChange, StoreError> {
        until_unchanged(self.database(), async || {
            let Some(listing) = self.listing(id).await? else {
                return Ok(Some(KeyChange::NoSuchKey));
            };
            let before = &listing.key;
            let after = ApiKey {
                name: changes.name.clone().unwrap_or_else(|| before.name.clone()),
                settings: changes.applied_to(&before.settings),
                ..before.clone()
            };
            if let Some(excess) = grantor.excess(&after.settings) {
                return Ok(Some(KeyChange::Excess(excess)));
            }
            let admits = |key: &ApiKey| key.settings.allowed_ips.admit(&grantor.act.source_ip);
            if !force && admits(before) && !admits(&after) {
                return Ok(Some(KeyChange::ShutsOutCaller));
            }
            if after.name == before.name && after.settings == before.settings {
                keep_alone(self.database(), &keep, &after).await?;
                return Ok(Some(KeyChange::Changed(Box::new(after))));
            }
            let changed = self.transaction_to_change(&listing, &after, grantor.act)?;
            let changed = changed.keep(&keep, &after)?.commit().await?;
            Ok(changed.ok().map(|()| KeyChange::Changed(Box::new(after))))
        })
        .await
    }

    fn transaction_to_change(
        &self,
        listing: &Listing,
        after: &ApiKey,
        act: &Act,
    ) -> Result<Transaction<'_>, StoreError> {
        let mut transaction = Transaction::new(self.database(), "change a key");
        if after.settings != listing.key.settings {
            let mut write = Expressions::default();
            key_items::write_all(&mut write, key_items::settings(&after.settings));
            key_items::write_all(&mut write, key_items::id(&after.settings, &after.id));
            write.conditions.push("attribute_exists(opened)".to_owned());
            transaction = transaction.update(in_transaction(secret_key(&listing.hash), write))?;
        }
        let mut write = Expressions::default();
        key_items::write_all(&mut write, key_items::settings(&after.settings));
        write.set.push("#name = :name".to_owned());
        write.value(":name".to_owned(), attributes::text(&after.name));
        next_revision(&mut write, listing);
        let listed = in_transaction(listing_key(self.workspace(), &after.id), write)
            .expression_attribute_names("#name", "name");
        let entry = Entry {
            at: Timestamp::now(),
            act,
            action: Action::Changed,
            target: &after.id,
            differences: differences(Some(&listing.key), Some(after))?,
            event: None,
        };
        audit_trail::record(transaction.update(listed)?, self.workspace(), &entry)
    }

    /// Gives the key a new secret.
    pub async fn rotate(
        &self,
        id: &ApiKeyId,
        secret: &PlaintextKey,
        terms: RotationTerms,
        grantor: Grantor<'_>,
        keep: Keep<'_, ApiKey>,
    ) -> Result<Rotation, StoreError> {
        until_unchanged(self.database(), async || {
            let Some(listing) = self.listing(id).await? else {
                return Ok(Some(Rotation::NoSuchKey));
            };
            if let Some(excess) = grantor.excess(&listing.key.settings) {
                return Ok(Some(Rotation::Excess(excess)));
            }
            if let (Some(previous), false) = (&listing.key.previous, terms.supersede) {
                return Ok(Some(Rotation::Overlaps(previous.valid_until)));
            }
            let Some(found) = self.secrets_item(&listing.hash).await? else {
                return Ok(None);
            };
            let SecretsItem::Key(item) = SecretsItem::read(&found)? else {
                return Ok(None);
            };
            let (after, rotation) = self.rotation(&listing, &item, secret, terms, grantor.act)?;
            let rotated = rotation.keep(&keep, &after)?.commit().await?;
            Ok(rotated.ok().map(|()| Rotation::Rotated(Box::new(after))))
        })
        .await
    }

    fn rotation(
        &self,
        listing: &Listing,
        item: &KeysItem,
        secret: &PlaintextKey,
        terms: RotationTerms,
        act: &Act,
    ) -> Result<(ApiKey, Transaction<'_>), StoreError> {
        let (before, now) = (&listing.key, Timestamp::now());
        let until = now.plus_millis(terms.overlap);
        let until = before.settings.expires_at.map_or(until, |at| at.min(until));
        let after = ApiKey {
            prefix: secret.prefix().to_owned(),
            previous: (until > now).then(|| PreviousSecret {
                prefix: before.prefix.clone(),
                valid_until: until,
                last_used_at: None,
            }),
            ..before.clone()
        };
        let hash = secret.hash();
        let mut transaction =
            Transaction::new(self.database(), "rotate a key").put(item.put(&hash))?;
        transaction = if after.previous.is_some() {
            let pointer = Pointer {
                workspace: item.workspace.clone(),
                id: item.id.clone(),
                successor: hash.clone(),
                valid_until: until,
                ends_with_key: before.settings.expires_at == Some(until),
                last_used_at: None,
            };
            transaction.put(pointer.put(&listing.hash, item.window))?
        } else {
            let older = Delete::builder()
                .set_key(Some(secret_key(&listing.hash)))
                .condition_expression(WINDOW_IS)
                .expression_attribute_values(":opened", attributes::moment(item.window.opened))
                .expression_attribute_values(":calls", attributes::number(item.window.calls));
            let superseded = self.put_superseded(&listing.hash, &before.id, now);
            transaction.delete(older)?.put(superseded)?
        };
        if let Some(oldest) = &listing.previous_hash {
            let pointer = Delete::builder().set_key(Some(secret_key(oldest)));
            let superseded = self.put_superseded(oldest, &before.id, now);
            transaction = transaction.delete(pointer)?.put(superseded)?;
        }
        let previous_hash = after.previous.as_ref().map(|_| &listing.hash);
        let write = relisting(listing, &after, &hash, previous_hash);
        let listed = in_transaction(listing_key(self.workspace(), &after.id), write);
        let event = Event::ApiKeyRotated(RotatedData {
            key: KeyData::of(&after),
            previous_key_prefix: &before.prefix,
            previous_valid_until: after.previous.as_ref().map(|previous| previous.valid_until),
        });
        let entry = Entry {
            at: now,
            act,
            action: Action::Rotated,
            target: &after.id,
            differences: differences(Some(before), Some(&after))?,
            event: Some(event),
        };
        let transaction =
            audit_trail::record(transaction.update(listed)?, self.workspace(), &entry)?;
        Ok((after, transaction))
    }

    /// Refuses the older secret from now on. Returns `false` if there is no such key, or no older secret that works.
    pub async fn end_overlap(&self, id: &ApiKeyId, act: &Act) -> Result<bool, StoreError> {
        self.end_previous(id, act, None).await
    }

    /// As [`Self::end_overlap`]. `exposed`: because this older secret was found in public. It ends even while the key
    /// has expired, because the key may get a later expiry.
    pub(super) async fn end_previous(
        &self,
        id: &ApiKeyId,
        act: &Act,
        exposed: Option<Exposed<'_>>,
    ) -> Result<bool, StoreError> {
        until_unchanged(self.database(), async || {
            let Some(listing) = self.listing(id).await? else {
                return Ok(Some(false));
            };
            let previous = listing.previous_hash.as_ref();
            let previous = previous.filter(|hash| match exposed {
                Some(exposed) => *hash == exposed.hash,
                None => listing.key.previous.is_some(),
            });
            let Some(previous) = previous else {
                return Ok(Some(false));
            };
            let after = ApiKey {
                previous: None,
                ..listing.key.clone()
            };
            let now = Timestamp::now();
            let pointer = Delete::builder()
                .set_key(Some(secret_key(previous)))
                .condition_expression("attribute_exists(successor)");
            let reason = exposed.map_or(EndReason::Superseded, |_| EndReason::Exposed);
            let ended = key_items::put_ended(previous, self.workspace(), &after.id, reason, now);
            let write = relisting(&listing, &after, &listing.hash, None);
            let listed = in_transaction(listing_key(self.workspace(), &after.id), write);
            let event = exposed.map(|exposed| {
                Event::ApiKeyExposed(ExposedData {
                    key: KeyData::of(&listing.key),
                    source: exposed.source,
                    only_previous: true,
                })
            });
            let entry = Entry {
                at: now,
                act,
                action: exposed.map_or(Action::OverlapEnded, |_| Action::Exposed),
                target: &after.id,
                differences: differences(Some(&listing.key), Some(&after))?,
                event,
            };
            let transaction = Transaction::new(self.database(), "end an overlap")
                .delete(pointer)?
                .put(ended)?
                .update(listed)?;
            let transaction = audit_trail::record(transaction, self.workspace(), &entry)?;
            Ok(transaction.commit().await?.ok().map(|()| true))
        })
        .await
    }

    fn put_superseded(
        &self,
        hash: &KeyHash,
        id: &ApiKeyId,
        now: Timestamp,
    ) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        key_items::put_ended(hash, self.workspace(), id, EndReason::Superseded, now)
    }
}

/// The update of a listing whose secrets change, on condition that nobody has changed it since it was read.
fn relisting(
    listing: &Listing,
    after: &ApiKey,
    hash: &KeyHash,
    previous_hash: Option<&KeyHash>,
) -> Expressions {
    let mut write = Expressions::default();
    let previous = after.previous.as_ref();
    let attributes = [
        ("keyHash", Some(attributes::text(hash.as_str()))),
        ("keyPrefix", Some(attributes::text(&after.prefix))),
        (
            "previousHash",
            previous_hash.map(|hash| attributes::text(hash.as_str())),
        ),
        (
            "previousPrefix",
            previous.map(|previous| attributes::text(&previous.prefix)),
        ),
        (
            "previousUntil",
            previous.map(|previous| attributes::moment(previous.valid_until)),
        ),
        ("previousUsedAt", None),
    ];
    key_items::write_all(&mut write, attributes);
    next_revision(&mut write, listing);
    write
}

/// Makes the write the change after the revision that was read, on condition that nobody else has made one.
fn next_revision(write: &mut Expressions, listing: &Listing) {
    let next = listing.revision.unwrap_or_default() + 1;
    write.set.push("revision = :revision".to_owned());
    write.value(":revision".to_owned(), attributes::number(next));
    match listing.revision {
        None => write
            .conditions
            .push("attribute_exists(pk) AND attribute_not_exists(revision)".to_owned()),
        Some(seen) => {
            write.conditions.push("revision = :seen".to_owned());
            write.value(":seen".to_owned(), attributes::number(seen));
        }
    }
}
