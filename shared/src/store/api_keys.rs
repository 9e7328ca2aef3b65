//! The API keys of a workspace.
//!
//! A key is two items: the *key's item*, which a call finds by the key's hash, and the *listing* in the workspace's
//! partition, which people see. One transaction writes or deletes both and updates the workspace's count of keys. So
//! neither exists without the other, and a workspace never has more than [`MAX_KEYS`]. See docs/architecture.md, Keys.

use aws_sdk_dynamodb::types::{Delete, Put};

use crate::{
    domain::api_key::{KeyHash, PlaintextKey},
    ids::{ApiKeyId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        database::StoreError,
        reads::Sort,
        transaction::Transaction,
        workspace::Workspace,
        workspaces,
    },
    time::Timestamp,
};

/// Keys of one workspace (API keys in openapi.yaml).
pub const MAX_KEYS: u32 = 100;

pub(super) const KEY_SORT: &str = "KEY";
const LISTING_SORT: &str = "KEY#";

pub(super) fn key_partition(hash: &KeyHash) -> String {
    format!("KEY#{}", hash.as_str())
}

pub(super) fn listing_key(workspace: &WorkspaceId, id: &ApiKeyId) -> Item {
    attributes::key(
        &workspaces::partition(workspace),
        &format!("{LISTING_SORT}{id}"),
    )
}

/// A key's listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Identifies the key in the API and in the logs.
    pub id: ApiKeyId,
    pub name: String,
    /// See [`PlaintextKey::prefix`].
    pub prefix: String,
    /// At most a minute before its last call. `None` before the first call.
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[derive(Debug)]
pub enum Creation {
    /// The key works from now on.
    Created(ApiKey),
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

impl Workspace {
    #[must_use]
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys(self)
    }
}

#[derive(Debug)]
pub struct ApiKeys<'a>(&'a Workspace);

impl ApiKeys<'_> {
    /// Stores the key's hash, its first characters and its name.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Failed`] it is unknown whether the key was stored. If it was, the list shows it, but nobody
    /// has it.
    pub async fn create(&self, name: &str, key: &PlaintextKey) -> Result<Creation, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.0;
        let now = Timestamp::now();
        let created = ApiKey {
            id: ApiKeyId::new(now),
            name: name.to_owned(),
            prefix: key.prefix().to_owned(),
            last_used_at: None,
            created_at: now,
        };
        let hash = key.hash();
        // This window is already over: the first call opens the next one, which sets `lastUsedAt`.
        let keys_item = Put::builder()
            .set_item(Some(attributes::key(&key_partition(&hash), KEY_SORT)))
            .item("accountId", attributes::text(workspace.as_str()))
            .item("keyId", attributes::text(created.id.as_str()))
            .item("opened", attributes::moment(Timestamp::EPOCH))
            .item("calls", attributes::number(0))
            .condition_expression("attribute_not_exists(pk)");
        let listing = Put::builder()
            .set_item(Some(listing_key(workspace, &created.id)))
            .item("name", attributes::text(&created.name))
            .item("keyPrefix", attributes::text(&created.prefix))
            .item("keyHash", attributes::text(hash.as_str()))
            .item("createdAt", attributes::moment(now))
            .condition_expression("attribute_not_exists(pk)");
        let written = Transaction::new(database, "create a key")
            .update(workspaces::add_key(workspace, MAX_KEYS, now))?
            .put(keys_item)?
            .put(listing)?
            .commit();
        match written.await? {
            Ok(()) => Ok(Creation::Created(created)),
            Err(failed) if failed.contains(&0) => Ok(Creation::WorkspaceFull),
            Err(_) => Err(StoreError::because(
                "create a key",
                "its hash or id is taken",
            )),
        }
    }

    /// All keys of the workspace, newest first.
    pub async fn list(&self) -> Result<Vec<ApiKey>, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.0;
        let partition = workspaces::partition(workspace);
        let listings = Sort::BeginsWith(LISTING_SORT);
        let found = database
            .read_partition("list keys", &partition, listings)
            .await?;
        // The newest key has the greatest id.
        found.iter().rev().map(read_listing).collect()
    }

    /// # Errors
    ///
    /// After [`StoreError::Failed`] it is unknown whether the key was revoked.
    pub async fn revoke(&self, id: &ApiKeyId) -> Result<Revocation, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.0;
        let listing = listing_key(workspace, id);
        let Some(found) = database.get("find a key", listing.clone()).await? else {
            return Ok(Revocation::NoSuchKey);
        };
        let hash = KeyHash::from_stored(found.text("keyHash")?.to_owned());

        let exists = |key: Item| {
            Delete::builder()
                .set_key(Some(key))
                .condition_expression("attribute_exists(pk)")
        };
        let written = Transaction::new(database, "revoke a key")
            .delete(exists(attributes::key(&key_partition(&hash), KEY_SORT)))?
            .delete(exists(listing))?
            .update(workspaces::remove_key(workspace))?
            .commit();
        Ok(match written.await? {
            Ok(()) => Revocation::Revoked,
            // Another request revoked the key between the read and the write.
            Err(_) => Revocation::NoSuchKey,
        })
    }
}

fn read_listing(listing: &Item) -> Result<ApiKey, StoreError> {
    let id = listing
        .text("sk")?
        .strip_prefix(LISTING_SORT)
        .and_then(ApiKeyId::parse);
    Ok(ApiKey {
        id: id.ok_or_else(|| attributes::broken("sk"))?,
        name: listing.text("name")?.to_owned(),
        prefix: listing.text("keyPrefix")?.to_owned(),
        last_used_at: listing.moment_if_any("lastUsedAt")?,
        created_at: listing.moment("createdAt")?,
    })
}
