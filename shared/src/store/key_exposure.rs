//! Keys that were found in public: whoever reports one need not be known, and what works stops working at once.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use futures_util::{StreamExt, stream};

use crate::{
    domain::{
        act::Act,
        api_key::KeyHash,
        exposure::{Exposure, FoundToken},
    },
    ids::{ApiKeyId, WorkspaceId},
    store::{
        api_keys::{Ending, Exposed, Revocation},
        database::Database,
        done_once::Keep,
        key_items::{self, SecretsItem},
        store_error::StoreError,
        transaction::until_unchanged,
        workspace::Workspace,
    },
    time::Timestamp,
};

/// How many texts of a report are looked up at the same time.
const AT_ONCE: usize = 16;

const ATTEMPTED: &str = "revoke an exposed key";

/// The table's side of a report. It leads to nothing but the keys that the reporter has.
pub struct ExposedKeys {
    database: Database,
    /// Who reports, for the audit trail.
    act: Act,
}

impl fmt::Debug for ExposedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExposedKeys")
    }
}

impl ExposedKeys {
    pub(crate) fn new(database: Database, act: Act) -> Self {
        Self { database, act }
    }

    /// Revokes what works of these, and says of each what it was, in the same order. A text that cannot be a key costs
    /// no access of the table, and one that is there twice is looked up once.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] after all were tried: some may not have been revoked. [`StoreError::DoneBefore`] if they
    /// are revoked, and the report's idempotency key was used meanwhile.
    pub async fn revoke(
        &self,
        found: &[FoundToken],
        keep: Keep<'_, Vec<Exposure>>,
    ) -> Result<Vec<Exposure>, StoreError> {
        let hashes: Vec<_> = found.iter().map(FoundToken::key).collect();
        let mut seen = HashSet::new();
        let different = hashes.iter().flatten();
        let different = different.filter(|hash| seen.insert(hash.as_str()));
        let outcomes = stream::iter(different)
            .map(async |hash| {
                (
                    hash.as_str(),
                    revoke_exposed(&self.database, hash, &self.act).await,
                )
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut exposures = HashMap::with_capacity(outcomes.len());
        for (hash, outcome) in outcomes {
            exposures.insert(hash, outcome.map_err(failed)?);
        }
        let exposure = |hash: &Option<KeyHash>| {
            let exposure = hash.as_ref().and_then(|hash| exposures.get(hash.as_str()));
            exposure.copied().unwrap_or(Exposure::Unknown)
        };
        let exposures = hashes.iter().map(exposure).collect();
        keep.after(&exposures, &self.database).await?;
        Ok(exposures)
    }
}

/// Contention would be told with a `409`, and only where there was a key to revoke.
fn failed(error: StoreError) -> StoreError {
    match error {
        StoreError::Failed(_) => error,
        other => StoreError::because(ATTEMPTED, &other.to_string()),
    }
}

/// Ends what works of the secret with this hash: the key, if it is the key's current secret, or only the overlap, if it
/// is the older one. Also a secret that is refused for now, because its key has expired or is switched off: it may
/// work again.
async fn revoke_exposed(
    database: &Database,
    hash: &KeyHash,
    act: &Act,
) -> Result<Exposure, StoreError> {
    let exposed = Exposed {
        hash,
        source: act.actor.actor_type.into(),
    };
    let partition = key_items::partition(hash);
    until_unchanged(database, async || {
        let found = database
            .read_partition(ATTEMPTED, &partition, key_items::ALL_OF_SECRET)
            .await?;
        let Some(item) = found.last() else {
            return Ok(Some(Exposure::Unknown));
        };
        if key_items::is_ended(item)? {
            return Ok(Some(Exposure::WasOver));
        }
        let of = |workspace: WorkspaceId| Workspace {
            id: workspace,
            database: database.clone(),
        };
        // If it was rotated or revoked meanwhile, it is read again.
        let is_ended = match SecretsItem::read(item)? {
            SecretsItem::Pointer(pointer) if pointer.valid_until <= Timestamp::now() => {
                return Ok(Some(Exposure::WasOver));
            }
            SecretsItem::Pointer(pointer) => {
                let workspace = of(pointer.workspace);
                let keys = workspace.api_keys();
                let listing = keys.listing(&pointer.id).await?;
                if listing.is_none_or(|listing| listing.hash != pointer.successor) {
                    // Calls refuse it. Its key is gone; or its key was rotated again, by an instance whose clock is
                    // ahead and by which this overlap was over.
                    return Ok(Some(Exposure::WasOver));
                }
                keys.end_previous(&pointer.id, act, Some(exposed)).await?
            }
            SecretsItem::Key(item) => revoke(&of(item.workspace), &item.id, act, exposed).await?,
        };
        Ok(is_ended.then_some(Exposure::Revoked))
    })
    .await
}

async fn revoke(
    workspace: &Workspace,
    id: &ApiKeyId,
    act: &Act,
    exposed: Exposed<'_>,
) -> Result<bool, StoreError> {
    let ending = Ending::Exposed(exposed);
    let revocation = workspace.api_keys().end(id, act, &ending).await?;
    Ok(revocation == Revocation::Revoked)
}
