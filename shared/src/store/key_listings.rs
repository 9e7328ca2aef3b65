//! The listings of a workspace's keys: what people see of them.

use crate::{
    domain::{
        act::Actor,
        api_key::KeyHash,
        key::{ApiKey, PreviousSecret},
    },
    ids::ApiKeyId,
    store::{
        attributes::{self, Item, Read},
        key_items::{self, LISTING_SORT, listing_key, secret_key},
        reads::Sort,
        store_error::StoreError,
        workspace::{View, WorkspaceReader},
        workspaces,
    },
    time::Timestamp,
};

/// A key's listing, with what only the store needs.
pub(super) struct Listing {
    pub(super) key: ApiKey,
    pub(super) hash: KeyHash,
    /// The older secret, until its overlap ends. `key.previous` also goes by the key's expiry.
    pub(super) previous_hash: Option<KeyHash>,
    /// How often the key was changed. A listing older than this attribute has none.
    pub(super) revision: Option<i64>,
    pub(super) item: Item,
}

impl WorkspaceReader {
    #[must_use]
    pub fn api_keys(&self) -> ApiKeyReader<'_> {
        ApiKeyReader(self.view_of_keys())
    }
}

/// What reads keys and cannot change them.
#[derive(Debug)]
pub struct ApiKeyReader<'a>(pub(super) View<'a>);

impl ApiKeyReader<'_> {
    /// All keys of the workspace, newest first.
    pub async fn list(&self) -> Result<Vec<ApiKey>, StoreError> {
        let partition = workspaces::partition(self.0.id);
        let listings = Sort::BeginsWith(LISTING_SORT);
        let found = self
            .0
            .table
            .read_partition("list keys", &partition, listings)
            .await?;
        let now = Timestamp::now();
        // The newest key has the greatest id.
        let keys = found.iter().rev().map(|item| read_key(item, now));
        keys.collect()
    }

    /// `None` if the workspace has no such key.
    pub(super) async fn listing(&self, id: &ApiKeyId) -> Result<Option<Listing>, StoreError> {
        let key = listing_key(self.0.id, id);
        let found = self.0.table.get("find a key", key).await?;
        let listing = found.map(|item| read_listing(item, Timestamp::now()));
        listing.transpose()
    }

    /// The item by which calls with this secret are counted.
    pub(super) async fn secrets_item(&self, hash: &KeyHash) -> Result<Option<Item>, StoreError> {
        self.0.table.get("read a key", secret_key(hash)).await
    }
}

fn read_listing(item: Item, now: Timestamp) -> Result<Listing, StoreError> {
    let key = read_key(&item, now)?;
    let hash = |name| {
        let hash = item.text_if_any(name)?.map(str::to_owned);
        Ok::<_, StoreError>(hash.map(KeyHash::from_stored))
    };
    // Whatever the key's own expiry is: that may change.
    let previous_until = item.moment_if_any("previousUntil")?;
    let has_previous = previous_until.is_some_and(|until| until > now);
    let previous_hash = hash("previousHash")?.filter(|_| has_previous);
    Ok(Listing {
        hash: hash("keyHash")?.ok_or_else(|| attributes::broken("keyHash"))?,
        previous_hash,
        revision: item.number_if_any("revision")?,
        key,
        item,
    })
}

pub(super) fn read_key(listing: &Item, now: Timestamp) -> Result<ApiKey, StoreError> {
    let id = listing
        .text("sk")?
        .strip_prefix(LISTING_SORT)
        .and_then(ApiKeyId::parse);
    let settings = key_items::read_settings(listing)?;
    let created_by = listing.text_if_any("createdByType")?.map(|_| {
        Ok::<_, StoreError>(Actor {
            actor_type: listing.word("createdByType")?,
            id: listing.text("createdById")?.to_owned(),
        })
    });
    let previous = listing.text_if_any("previousPrefix")?.map(|prefix| {
        let until = listing.moment("previousUntil")?;
        Ok::<_, StoreError>(PreviousSecret {
            prefix: prefix.to_owned(),
            // The key's expiry may have been set after it was rotated.
            valid_until: settings
                .expires_at
                .map_or(until, |expiry| expiry.min(until)),
            last_used_at: listing.moment_if_any("previousUsedAt")?,
        })
    });
    let previous = previous.transpose()?;
    Ok(ApiKey {
        id: id.ok_or_else(|| attributes::broken("sk"))?,
        name: listing.text("name")?.to_owned(),
        prefix: listing.text("keyPrefix")?.to_owned(),
        previous: previous.filter(|previous| previous.valid_until > now),
        settings,
        created_by: created_by.transpose()?,
        last_used_at: listing.moment_if_any("lastUsedAt")?,
        created_at: listing.moment("createdAt")?,
    })
}
