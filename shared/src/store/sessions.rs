//! The portal's sessions: minted at the end of a sign-in, recognised and counted with every call, ended.

use std::time::Duration;

use aws_sdk_dynamodb::types::{Delete, Put};

use crate::{
    domain::session::{Lifetime, SessionHash, SessionId},
    ids::{Subject, WorkspaceId},
    store::{
        attributes::{self, Item},
        database::{Database, StoreError},
        transaction::Transaction,
        workspaces,
    },
    time::Timestamp,
};

/// The pauses between reads of a sign-in that another request may be about to finish, in milliseconds: 1.4 s in all.
/// Few, because anybody who has begun a sign-in can come back with a code that the issuer refuses.
const WAITS: [u64; 3] = [200, 400, 800];

/// Who signed in, as their tokens say. It has no `Debug`.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) workspace: WorkspaceId,
    pub(crate) sub: Subject,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
}

/// What came of minting a session.
#[derive(Debug)]
pub(crate) enum Minting {
    /// It works from now on.
    Minted(SessionId),
    /// The sign-in has been used already; nothing was done.
    UsedAlready,
}

pub(super) fn session_key(hash: &SessionHash) -> Item {
    attributes::key(&format!("SESSION#{}", hash.as_str()), "SESSION")
}

fn sign_in_key(state: &str) -> Item {
    attributes::key(&format!("SIGNIN#{state}"), "SIGNIN")
}

/// A sign-in that a session is minted for.
pub(crate) struct DoneSignIn {
    /// A hash of its state, which is good for one session.
    pub(crate) state: String,
    /// When it could not be used any more; until then the table remembers that it was.
    pub(crate) ends: Timestamp,
    /// The session that the browser had before, and then has no longer.
    pub(crate) replaces: Option<SessionHash>,
}

/// Mints a session for who signed in, ends the one that it replaces, and makes their workspace known.
pub(crate) async fn mint(
    database: &Database,
    whose: &SignedIn,
    lifetime: Lifetime,
    sign_in: &DoneSignIn,
    now: Timestamp,
) -> Result<Minting, StoreError> {
    let id = SessionId::generate();
    let expires = now.plus_millis(lifetime.idle).as_secs_ceil();
    let mut session = Put::builder()
        .set_item(Some(session_key(&id.hash())))
        .item("accountId", attributes::text(whose.workspace.as_str()))
        .item("sub", attributes::text(whose.sub.as_str()))
        .item("createdAt", attributes::moment(now))
        .item("lastSeenAt", attributes::moment(now))
        // The window that this opens is over: the first call leases.
        .item("opened", attributes::moment(Timestamp::EPOCH))
        .item("calls", attributes::number(0))
        .item("leased", attributes::number(0))
        .item("userRemaining", attributes::number(0))
        .item("expiresAt", attributes::number(expires))
        .condition_expression("attribute_not_exists(pk)");
    for (name, value) in [("email", &whose.email), ("name", &whose.name)] {
        if let Some(value) = value {
            session = session.item(name, attributes::text(value));
        }
    }
    // An instance whose clock is behind takes the sign-in for good a little longer.
    let kept = sign_in.ends.plus_millis(crate::time::HOUR).as_secs_ceil();
    let used = Put::builder()
        .set_item(Some(sign_in_key(&sign_in.state)))
        .item("expiresAt", attributes::number(kept))
        .condition_expression("attribute_not_exists(pk)");
    let mut minting = Transaction::new(database, "mint a session")
        .put(used)?
        .put(session)?
        .update(workspaces::make_known(&whose.workspace, now))?;
    if let Some(replaced) = &sign_in.replaces {
        minting = minting.delete(Delete::builder().set_key(Some(session_key(replaced))))?;
    }
    match minting.commit().await? {
        Ok(()) => Ok(Minting::Minted(id)),
        Err(failed) if failed.contains(&0) => Ok(Minting::UsedAlready),
        Err(_) => Err(StoreError::because("mint a session", "its hash is taken")),
    }
}

/// Whether a session was minted for the sign-in of which this is the state's hash.
pub(crate) async fn is_minted(database: &Database, state: &str) -> Result<bool, StoreError> {
    let found = database.get("find a sign-in", sign_in_key(state)).await?;
    Ok(found.is_some())
}

/// The same, where another request may be about to mint it: reads up to four times, while this request has time.
pub(crate) async fn is_soon_minted(database: &Database, state: &str) -> Result<bool, StoreError> {
    for wait in [0].into_iter().chain(WAITS).map(Duration::from_millis) {
        if !database.has_time_after(wait) {
            break;
        }
        tokio::time::sleep(wait).await;
        if is_minted(database, state).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Ends a session: a call that starts from now on is refused. One that is not there stays so.
pub(crate) async fn end(database: &Database, hash: &SessionHash) -> Result<(), StoreError> {
    let session = Delete::builder().set_key(Some(session_key(hash)));
    // A transaction of one: it is tried again where it meets the one that draws.
    let ended = Transaction::new(database, "end a session").delete(session)?;
    ended.commit().await.map(drop)
}
