//! The API keys of a workspace: created, listed, revoked. [`crate::store::key_changes`] changes and rotates them.
//!
//! A key is two items: the *key's item*, which a call finds by the hash of the key's secret, and the *listing* in the
//! workspace's partition, which people see. One transaction writes or deletes both and updates the workspace's count of
//! keys. So neither exists without the other, and a workspace never has more than [`MAX_KEYS`]. See
//! docs/architecture.md, Keys.

use std::ops::Deref;

use aws_sdk_dynamodb::types::{Delete, Put};

use crate::{
    domain::{
        act::{Act, Actor},
        api_key::{KeyHash, PlaintextKey},
        key::ApiKey,
        key_settings::KeySettings,
        rate_limit::Window,
    },
    ids::{ApiKeyId, WorkspaceId},
    store::{
        attributes::{self, Item},
        audit_trail::{self, Action, Differences, Entry},
        database::Database,
        done_once::Keep,
        key_items::{self, EndReason, KeysItem, listing_key, secret_key},
        key_listings::{ApiKeyReader, Listing},
        outbox::{Event, ExposedData, KeyData},
        store_error::StoreError,
        transaction::{Transaction, until_unchanged},
        workspace::Workspace,
        workspaces::{self, Counted},
    },
    time::Timestamp,
};

/// Keys of one workspace (API keys in openapi.yaml).
pub const MAX_KEYS: u32 = 100;

#[derive(Debug)]
pub enum Creation {
    /// The key works from now on.
    Created(Box<ApiKey>),
    /// The workspace already has [`MAX_KEYS`]. Nothing was done.
    WorkspaceFull,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Every call that starts from now on is refused.
    Revoked,
    /// The workspace has no such key, or no longer has it.
    NoSuchKey,
}

/// A key to create.
#[derive(Debug)]
pub struct NewKey {
    pub name: String,
    pub settings: KeySettings,
}

impl Workspace {
    #[must_use]
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys {
            workspace: self,
            reader: ApiKeyReader(self.view()),
        }
    }
}

#[derive(Debug)]
pub struct ApiKeys<'a> {
    workspace: &'a Workspace,
    reader: ApiKeyReader<'a>,
}

impl<'a> Deref for ApiKeys<'a> {
    type Target = ApiKeyReader<'a>;

    fn deref(&self) -> &Self::Target {
        &self.reader
    }
}

impl ApiKeys<'_> {
    pub(super) fn workspace(&self) -> &WorkspaceId {
        &self.workspace.id
    }

    pub(super) fn database(&self) -> &Database {
        &self.workspace.database
    }

    /// Stores the hash and the first characters of the key's secret, its name and its settings.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Failed`] it is unknown whether the key was stored. If it was, the list shows it, but nobody
    /// has its secret.
    pub async fn create(
        &self,
        new: &NewKey,
        secret: &PlaintextKey,
        act: &Act,
        keep: Keep<'_, ApiKey>,
    ) -> Result<Creation, StoreError> {
        let workspace = self.workspace();
        let now = Timestamp::now();
        let created = ApiKey {
            id: ApiKeyId::new(now),
            name: new.name.clone(),
            prefix: secret.prefix().to_owned(),
            settings: new.settings.clone(),
            created_by: Some(act.actor.clone()),
            last_used_at: None,
            created_at: now,
            previous: None,
        };
        let hash = secret.hash();
        let keys_item = KeysItem {
            workspace: workspace.clone(),
            id: created.id.clone(),
            settings: new.settings.clone(),
            // This window is already over: the first call opens the next one, which sets `lastUsedAt`.
            window: Window {
                opened: Timestamp::EPOCH,
                calls: 0,
            },
            usage_day: None,
        };
        let creation = Transaction::new(self.database(), "create a key")
            .update(workspaces::add_one(workspace, Counted::Keys, MAX_KEYS, now))?
            .put(keys_item.put(&hash))?
            .put(self.put_listing(&created, &hash, &act.actor))?;
        let entry = Entry {
            at: now,
            act,
            action: Action::Created,
            target: &created.id,
            differences: differences(None, Some(&created))?,
            event: Some(Event::ApiKeyCreated(KeyData::of(&created))),
        };
        let creation = audit_trail::record(creation, workspace, &entry)?;
        match creation.keep(&keep, &created)?.commit().await? {
            Ok(()) => Ok(Creation::Created(Box::new(created))),
            Err(failed) if failed.contains(&0) => Ok(Creation::WorkspaceFull),
            Err(_) => Err(StoreError::because(
                "create a key",
                "its hash or id is taken",
            )),
        }
    }

    fn put_listing(
        &self,
        key: &ApiKey,
        hash: &KeyHash,
        creator: &Actor,
    ) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        let listing = Put::builder()
            .set_item(Some(listing_key(self.workspace(), &key.id)))
            .item("name", attributes::text(&key.name))
            .item("keyPrefix", attributes::text(&key.prefix))
            .item("keyHash", attributes::text(hash.as_str()))
            .item("createdAt", attributes::moment(key.created_at))
            .item("createdByType", attributes::text(creator.actor_type.into()))
            .item("createdById", attributes::text(&creator.id))
            .condition_expression("attribute_not_exists(pk)");
        key_items::put_all(listing, key_items::settings(&key.settings))
    }

    /// # Errors
    ///
    /// After [`StoreError::Failed`] it is unknown whether the key was revoked.
    pub async fn revoke(&self, id: &ApiKeyId, act: &Act) -> Result<Revocation, StoreError> {
        self.end(id, act, &Ending::Revoked).await
    }

    /// Deletes the key. Its secrets leave their hashes. A key whose secret is no longer the exposed one stays.
    pub(super) async fn end(
        &self,
        id: &ApiKeyId,
        act: &Act,
        ending: &Ending<'_>,
    ) -> Result<Revocation, StoreError> {
        until_unchanged(self.database(), async || {
            let Some(listing) = self.listing(id).await? else {
                return Ok(Some(Revocation::NoSuchKey));
            };
            if matches!(ending, Ending::Exposed(exposed) if *exposed.hash != listing.hash) {
                return Ok(Some(Revocation::NoSuchKey));
            }
            let ended = self.transaction_to_end(&listing, act, ending)?;
            // If it fails, another request revoked or rotated the key between the read and the write.
            Ok(ended.commit().await?.ok().map(|()| Revocation::Revoked))
        })
        .await
    }

    fn transaction_to_end(
        &self,
        listing: &Listing,
        act: &Act,
        ending: &Ending<'_>,
    ) -> Result<Transaction<'_>, StoreError> {
        let (workspace, now) = (self.workspace(), Timestamp::now());
        let key = &listing.key;
        let exists = |key: Item| {
            Delete::builder()
                .set_key(Some(key))
                .condition_expression("attribute_exists(pk)")
        };
        let (action, reason, event) = match ending {
            Ending::Revoked => (
                Action::Revoked,
                EndReason::Revoked,
                Event::ApiKeyRevoked(KeyData::of(key)),
            ),
            Ending::Exposed(exposed) => {
                let data = ExposedData {
                    key: KeyData::of(key),
                    source: exposed.source,
                    only_previous: false,
                };
                (
                    Action::Exposed,
                    EndReason::Exposed,
                    Event::ApiKeyExposed(data),
                )
            }
        };
        let ended = |hash| key_items::put_ended(hash, workspace, &key.id, reason, now);
        let hash = attributes::text(listing.hash.as_str());
        let listed = Delete::builder()
            .set_key(Some(listing_key(workspace, &key.id)))
            .condition_expression("keyHash = :hash")
            .expression_attribute_values(":hash", hash);
        let mut transaction = Transaction::new(self.database(), "revoke a key")
            .delete(exists(secret_key(&listing.hash)))?
            .put(ended(&listing.hash))?
            .delete(listed)?
            .update(workspaces::remove_one(workspace, Counted::Keys))?;
        if let Some(previous) = &listing.previous_hash {
            let older = Delete::builder().set_key(Some(secret_key(previous)));
            transaction = transaction.delete(older)?.put(ended(previous))?;
        }
        let entry = Entry {
            at: now,
            act,
            action,
            target: &key.id,
            differences: differences(Some(key), None)?,
            event: Some(event),
        };
        audit_trail::record(transaction, workspace, &entry)
    }
}

/// Why a key is deleted.
pub(super) enum Ending<'a> {
    Revoked,
    Exposed(Exposed<'a>),
}

/// A secret that was found in public.
#[derive(Clone, Copy)]
pub(super) struct Exposed<'a> {
    pub(super) hash: &'a KeyHash,
    /// Who found it.
    pub(super) source: &'static str,
}

impl<'a> KeyData<'a> {
    pub(super) fn of(key: &'a ApiKey) -> Self {
        Self {
            key_id: &key.id,
            name: &key.name,
            key_prefix: &key.prefix,
        }
    }
}

/// What differs between two states of a key. `None`: it does not exist.
pub(super) fn differences(
    from: Option<&ApiKey>,
    to: Option<&ApiKey>,
) -> Result<Differences, StoreError> {
    fn words(words: impl Iterator<Item = String>) -> Vec<String> {
        words.collect()
    }
    let mut found = Differences::default();
    let both = (from, to);
    macro_rules! compare {
        ($field:literal, $value:expr) => {
            found.compare($field, both.0.map($value), both.1.map($value))?;
        };
    }
    compare!("name", |key| &key.name);
    compare!("keyPrefix", |key| &key.prefix);
    compare!("scopes", |key| words(key.settings.scopes.words()));
    compare!("expiresAt", |key| key.settings.expires_at);
    compare!("enabled", |key| key.settings.enabled);
    compare!("allowedIps", |key| words(key.settings.allowed_ips.words()));
    compare!("limit", |key| key.settings.limit);
    compare!("previous", |key| key.previous.as_ref());
    Ok(found)
}
