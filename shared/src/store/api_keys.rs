//! The API keys of a workspace: created together with their listing, listed, and deleted with it.
//!
//! A key is two items. The *key's item* lies under the hash of the key and is what a call finds; the
//! *listing* lies in the workspace's partition and is what people see. Both come and go in one
//! transaction with the workspace's count of keys, so that there is never one without the other, and
//! never a hundred and first.

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

/// How many keys a workspace holds at most (contract, section 4).
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

/// A key as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Names the key in the API and in the logs.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// Its first characters, see [`PlaintextKey::prefix`].
    pub prefix: String,
    /// Within a minute of its last call; `None` before the first.
    pub last_used_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What came of creating a key.
#[derive(Debug)]
pub enum Creation {
    /// It exists, and works from now on.
    Created(ApiKey),
    /// The workspace holds [`MAX_KEYS`] already; nothing was done.
    WorkspaceFull,
}

/// What came of revoking a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Revocation {
    /// It is gone: a call that starts from now on is refused.
    Revoked,
    /// The workspace has no such key, or has no longer.
    NoSuchKey,
}

impl Workspace {
    /// The workspace's API keys.
    #[must_use]
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys(self)
    }
}

/// The keys of one workspace.
#[derive(Debug)]
pub struct ApiKeys<'a>(&'a Workspace);

impl ApiKeys<'_> {
    /// Stores a new key: its hash, its first characters and its name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where others are in the way, or the table does not answer. Whether the key was stored is then unknown; if so,
    /// the list shows it, and nobody has it.
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
        // The window that this opens is over: the first call turns it, and stamps `lastUsedAt`.
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
            .update(workspaces::count_key_in(workspace, MAX_KEYS, now))?
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
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table does not answer, or holds a listing that this project did not write.
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
        // The newest has the greatest id.
        found.iter().rev().map(listed).collect()
    }

    /// Deletes a key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table does not answer. Whether the key is gone is then unknown.
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
            .update(workspaces::count_key_out(workspace))?
            .commit();
        Ok(match written.await? {
            Ok(()) => Revocation::Revoked,
            // Another revocation came between the read and the write.
            Err(_) => Revocation::NoSuchKey,
        })
    }
}

fn listed(listing: &Item) -> Result<ApiKey, StoreError> {
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
