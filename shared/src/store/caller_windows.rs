//! The windows of users: see [`crate::store::rate_windows`].

use sha2::{Digest, Sha256};

use crate::{
    domain::rate_limit::{Decision, Policy, RateLimit, Window},
    ids::{Subject, WorkspaceId},
    store::{
        attributes::{self, Item},
        conditional_update::{Expressions, UpdateResult, in_transaction, send},
        database::Database,
        last_counts::{LastCounts, in_window},
        rate_windows::{Quota, Rollover, count, open_next_windows},
        store_error::StoreError,
        transaction::Transaction,
        workspaces,
    },
    time::{MINUTE, Timestamp},
};

/// A user's item is kept for a day after the window's end. The exact time does not matter.
const USER_KEPT_MILLIS: i64 = 24 * 60 * MINUTE;

pub(crate) async fn count_user(
    database: &Database,
    last_counts: &LastCounts,
    workspace: &WorkspaceId,
    user: &UserPartition,
    limit: RateLimit,
    now: Timestamp,
) -> Result<Decision, StoreError> {
    let key = user.key();
    let quota = Quota::of_calls(Policy::User, limit);
    let roll_over = async |seen: Option<&Item>| {
        let opened = roll_over_user(database, key.clone(), workspace, seen, quota, now).await?;
        if let Rollover::Opened(..) = opened {
            last_counts.opened(in_window(&key, now, quota.weight))?;
        }
        Ok(opened)
    };
    let is_over = |item: &Item| Ok(quota.open_window(item, now)?.is_none());
    if let Some(last) = last_counts.take_if(&key, is_over)? {
        if let Rollover::Opened(status, _) = roll_over(Some(&last)).await? {
            return Ok(Decision::Allowed(status));
        }
        last_counts.missed(&key)?;
    }
    let (item, decision) = count(database, &key, &[quota], now, &roll_over).await?;
    // If this call opened the window, the item is the one before.
    let is_counted = matches!(decision, Decision::Allowed(_)) && !is_over(&item)?;
    if is_counted {
        last_counts.counted(&item)?;
    }
    Ok(decision)
}

/// The user's window, if it is open at `now`.
pub(super) fn user_window(
    user: Option<&Item>,
    limit: RateLimit,
    now: Timestamp,
) -> Result<Option<Window>, StoreError> {
    let quota = Quota::of_calls(Policy::User, limit);
    let window = user.map(|item| quota.open_window(item, now));
    Ok(window.transpose()?.flatten())
}

/// The write that counts `calls` of a user at once, in the window that was read or in the next one: see
/// [`crate::store::session_calls`].
pub(super) fn leasing(
    seen: Option<&Item>,
    limit: RateLimit,
    calls: u32,
    now: Timestamp,
) -> Result<Expressions, StoreError> {
    let quota = Quota {
        weight: calls,
        ..Quota::of_calls(Policy::User, limit)
    };
    open_next_windows(seen, &[quota], Some(user_kept(limit)), now)
}

/// How long a user's item is kept after a window opens, in milliseconds.
fn user_kept(limit: RateLimit) -> i64 {
    limit.window_millis + USER_KEPT_MILLIS
}

/// Opens a user's next window. The first one also creates the workspace's item, if it does not exist.
async fn roll_over_user(
    database: &Database,
    key: Item,
    workspace: &WorkspaceId,
    seen: Option<&Item>,
    quota: Quota,
    now: Timestamp,
) -> Result<Rollover, StoreError> {
    let opening = open_next_windows(seen, &[quota], Some(user_kept(quota.limit)), now)?;
    let done = if seen.is_some() {
        matches!(send(database, &key, opening).await?, UpdateResult::Done(_))
    } else {
        let first = Transaction::new(database, "open a user's first window")
            .update(in_transaction(key, opening))?
            .update(workspaces::ensure_exists(workspace, now))?;
        first.send().await?.is_ok()
    };
    Ok(rollover_of_one(done, quota, now))
}

/// After a lost rollover the caller's call is counted again, whatever the reason was.
fn rollover_of_one(done: bool, quota: Quota, now: Timestamp) -> Rollover {
    if done {
        let window = Window {
            opened: now,
            calls: quota.weight,
        };
        Rollover::Opened(quota.status(window), None)
    } else {
        Rollover::Lost
    }
}

/// The partition of a user in a workspace. It has a hash, because a subject may be long and personal.
pub(crate) struct UserPartition(String);

impl UserPartition {
    /// A workspace id has no `#`, so two different pairs never give the same text.
    pub(crate) fn new(workspace: &WorkspaceId, subject: &Subject) -> Self {
        let hash = Sha256::digest(format!("{}#{}", workspace.as_str(), subject.as_str()));
        Self(format!("USER#{}", base16ct::lower::encode_string(&hash)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn key(&self) -> Item {
        attributes::key(&self.0, "USER")
    }
}
