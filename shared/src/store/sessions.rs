//! Creates and ends portal sessions. [`crate::store::session_calls`] authenticates and counts their calls. See
//! docs/architecture.md, Sessions.

use std::time::Duration;

use aws_sdk_dynamodb::types::{Delete, Put};

use crate::{
    domain::session::{Lifetime, SessionHash, SessionId},
    ids::{Subject, WorkspaceId},
    store::{
        attributes::{self, Item},
        database::Database,
        store_error::StoreError,
        transaction::Transaction,
        workspaces,
    },
    time::Timestamp,
};

/// The pauses between reads while another request may be about to complete the sign-in, in milliseconds: 1.4 s in all.
/// There are few, because anybody who has begun a sign-in can return with a code that the issuer refuses.
const WAITS: [u64; 3] = [200, 400, 800];

/// The user that the issuer's tokens name. Has no `Debug`: it holds personal data.
#[derive(Clone)]
pub(crate) struct SignedInUser {
    pub(crate) workspace: WorkspaceId,
    pub(crate) sub: Subject,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
}

#[derive(Debug)]
pub(crate) enum SessionCreation {
    Created(SessionId),
    /// The sign-in already has its session. Nothing was done.
    SignInAlreadyUsed,
}

pub(super) fn session_key(hash: &SessionHash) -> Item {
    attributes::key(&format!("SESSION#{}", hash.as_str()), "SESSION")
}

fn sign_in_key(state: &str) -> Item {
    attributes::key(&format!("SIGNIN#{state}"), "SIGNIN")
}

pub(crate) struct CompletedSignIn {
    /// The hash of its state. One state is good for one session.
    pub(crate) state: String,
    /// From then on the state is refused anyway. Until then the table remembers that it was used.
    pub(crate) expires_at: Timestamp,
    /// The browser's previous session, which ends.
    pub(crate) replaces: Option<SessionHash>,
}

/// Creates a session, ends the one that it replaces, and creates the workspace's item if it does not exist.
pub(crate) async fn create(
    database: &Database,
    user: &SignedInUser,
    lifetime: Lifetime,
    sign_in: &CompletedSignIn,
    now: Timestamp,
) -> Result<SessionCreation, StoreError> {
    let id = SessionId::generate();
    let expires = now.plus_millis(lifetime.idle).as_secs_ceil();
    let mut session = Put::builder()
        .set_item(Some(session_key(&id.hash())))
        .item("accountId", attributes::text(user.workspace.as_str()))
        .item("sub", attributes::text(user.sub.as_str()))
        .item("createdAt", attributes::moment(now))
        .item("lastSeenAt", attributes::moment(now))
        // This window is already over, so the first call leases.
        .item("opened", attributes::moment(Timestamp::EPOCH))
        .item("calls", attributes::number(0))
        .item("leased", attributes::number(0))
        .item("userRemaining", attributes::number(0))
        .item("expiresAt", attributes::number(expires))
        .condition_expression("attribute_not_exists(pk)");
    for (name, value) in [("email", &user.email), ("name", &user.name)] {
        if let Some(value) = value {
            session = session.item(name, attributes::text(value));
        }
    }
    // An instance whose clock is behind accepts the state a little longer.
    let kept = sign_in
        .expires_at
        .plus_millis(crate::time::HOUR)
        .as_secs_ceil();
    let used = Put::builder()
        .set_item(Some(sign_in_key(&sign_in.state)))
        .item("expiresAt", attributes::number(kept))
        .condition_expression("attribute_not_exists(pk)");
    let mut creation = Transaction::new(database, "create a session")
        .put(used)?
        .put(session)?
        .update(workspaces::ensure_exists(&user.workspace, now))?;
    if let Some(replaced) = &sign_in.replaces {
        creation = creation.delete(Delete::builder().set_key(Some(session_key(replaced))))?;
    }
    match creation.commit().await? {
        Ok(()) => Ok(SessionCreation::Created(id)),
        Err(failed) if failed.contains(&0) => Ok(SessionCreation::SignInAlreadyUsed),
        Err(_) => Err(StoreError::because("create a session", "its hash is taken")),
    }
}

/// Whether the sign-in with this hash of its state has a session.
pub(crate) async fn is_created(database: &Database, state: &str) -> Result<bool, StoreError> {
    let found = database.get("find a sign-in", sign_in_key(state)).await?;
    Ok(found.is_some())
}

/// Like [`is_created`], when another request may be about to create the session. Reads up to four times, while this
/// request has time.
pub(crate) async fn wait_until_created(
    database: &Database,
    state: &str,
) -> Result<bool, StoreError> {
    for wait in [0].into_iter().chain(WAITS).map(Duration::from_millis) {
        if !database.has_time_after(wait) {
            break;
        }
        tokio::time::sleep(wait).await;
        if is_created(database, state).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Every call of the session that starts from now on is refused. Ending a session that does not exist is no error.
pub(crate) async fn end(database: &Database, hash: &SessionHash) -> Result<(), StoreError> {
    let session = Delete::builder().set_key(Some(session_key(hash)));
    // A transaction, although it has one write: `commit` retries when it meets a lease.
    let ended = Transaction::new(database, "end a session").delete(session)?;
    ended.commit().await.map(drop)
}
