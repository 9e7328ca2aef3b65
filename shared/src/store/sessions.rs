//! The portal's sessions: minted at the end of a sign-in, recognised and counted with every call, ended.
//!
//! # The steady state: one request
//!
//! ```text
//! UpdateItem  SESSION#{hash}   ADD calls 1  SET lastSeenAt = now
//!             IF opened > now - 60 s AND calls < drawn
//!                AND lastSeenAt > now - 12 h AND createdAt > now - 7 d AND expiresAt >= now
//!             returns the item: whose session it is, and how they stand
//! ```
//!
//! As with a key, the write is the authentication: a session that was ended has no item, and nothing can bring it back.
//!
//! # The limit is the user's
//!
//! A user has one limit in a workspace, whatever they call with (contract, section 5), and may have a session in each
//! of several browsers, and access tokens. So a session admits no calls of its own: it *draws* them from the user's
//! window (see [`windows`]) and gives them out one by one: at first a two-hundredth of the limit, then a twentieth at a
//! time. Most sessions make a few calls a minute, and a person may have many.
//!
//! | the session's item | then |
//! |---|---|
//! | is not there, idle or too old | no such session: refused |
//! | its window is over, or all that it drew is given out | it draws, and gives out the first |
//! | the same, and the user's window has nothing left | over the limit: that is noted, and the call refused |
//! | it was noted, and that window is not over | over the limit: refused |
//!
//! To draw is two requests more, at 2,000 a minute for the first call, the eleventh, and every hundredth after that:
//! the user's item is read, and one transaction takes from it and adds to the session's, on condition that nobody has
//! done so meanwhile. Of calls that find the session empty at once, one draws and the others go back to the steady
//! state. What was drawn and not given out when the window ends is lost to the user's other sessions and tokens; all of
//! them together never get more than the limit.
//!
//! That the user's window has nothing left is noted in the session's item, with the window: so a session over the limit
//! is refused by the one write that would have counted its call, whoever used the limit up.

use std::time::Duration;

use aws_sdk_dynamodb::types::{Delete, Put};

use crate::{
    ids::{Subject, WorkspaceId},
    limits::{Policy, RateLimit, Standing, Verdict, Window},
    session::{Lifetime, SessionHash, SessionId},
    store::{
        Database, StoreError,
        item::{self, Item, Read},
        transaction::{Transaction, pause},
        windows::{self, ATTEMPTS, Count, Expressions},
        workspaces,
    },
    time::Timestamp,
};

/// What share of the limit a session draws at first in a window: one in so many…
const FIRST_SHARE: u32 = 200;

/// …and what share from then on.
const SHARE: u32 = 20;

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

/// A session that the table knows. It has no `Debug`.
pub(crate) struct KnownSession {
    pub(crate) whose: SignedIn,
    /// When it ends, unless it is used again.
    pub(crate) expires_at: Timestamp,
}

/// What came of minting a session.
#[derive(Debug)]
pub(crate) enum Minting {
    /// It works from now on.
    Minted(SessionId),
    /// The sign-in has been used already; nothing was done.
    UsedAlready,
}

fn key(hash: &SessionHash) -> Item {
    item::key(&format!("SESSION#{}", hash.as_str()), "SESSION")
}

fn sign_in_key(state: &str) -> Item {
    item::key(&format!("SIGNIN#{state}"), "SIGNIN")
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
        .set_item(Some(key(&id.hash())))
        .item("accountId", item::text(whose.workspace.as_str()))
        .item("sub", item::text(whose.sub.as_str()))
        .item("createdAt", item::moment(now))
        .item("lastSeenAt", item::moment(now))
        // The window that this opens is over: the first call draws.
        .item("opened", item::moment(Timestamp::EPOCH))
        .item("calls", item::number(0))
        .item("drawn", item::number(0))
        .item("userHasLeft", item::number(0))
        .item("expiresAt", item::number(expires))
        .condition_expression("attribute_not_exists(pk)");
    for (name, value) in [("email", &whose.email), ("name", &whose.name)] {
        if let Some(value) = value {
            session = session.item(name, item::text(value));
        }
    }
    // An instance whose clock is behind takes the sign-in for good a little longer.
    let kept = sign_in.ends.plus_millis(crate::time::HOUR).as_secs_ceil();
    let used = Put::builder()
        .set_item(Some(sign_in_key(&sign_in.state)))
        .item("expiresAt", item::number(kept))
        .condition_expression("attribute_not_exists(pk)");
    let mut minting = Transaction::new(database, "mint a session")
        .put(used)?
        .put(session)?
        .update(workspaces::make_known(&whose.workspace, now))?;
    if let Some(replaced) = &sign_in.replaces {
        minting = minting.delete(Delete::builder().set_key(Some(key(replaced))))?;
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
    let session = Delete::builder().set_key(Some(key(hash)));
    // A transaction of one: it is tried again where it meets the one that draws.
    let ended = Transaction::new(database, "end a session").delete(session)?;
    ended.commit().await.map(drop)
}

/// Recognises a session and counts its call; `None` where there is no such session, or no longer.
pub(crate) async fn count(
    database: &Database,
    hash: &SessionHash,
    lifetime: Lifetime,
    limit: RateLimit,
    now: Timestamp,
) -> Result<Option<(KnownSession, Verdict)>, StoreError> {
    let session = Counting {
        database,
        key: key(hash),
        lifetime,
        limit,
        now,
    };
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            pause(attempt).await;
        }
        let found = match session.give_out().await? {
            Count::InTheWay => continue,
            Count::Failed(None) => return Ok(None),
            Count::Done(item) => {
                let standing = session.standing(&item)?;
                return Ok(Some((session.known(&item)?, Verdict::Admitted(standing))));
            }
            Count::Failed(Some(item)) => item,
        };
        if !session.is_alive(&found)? {
            return Ok(None);
        }
        let known = session.known(&found)?;
        if let Some(standing) = session.nothing_left(&found)? {
            return Ok(Some((known, Verdict::Exceeded(standing))));
        }
        match session.draw(&found, &known.whose).await? {
            Draw::Drawn(standing) => return Ok(Some((known, Verdict::Admitted(standing)))),
            Draw::Exhausted(standing) => return Ok(Some((known, Verdict::Exceeded(standing)))),
            Draw::Lost => {}
        }
    }
    Err(StoreError::because(
        "count a session's call",
        "other writes were always in the way",
    ))
}

/// A call being counted.
struct Counting<'a> {
    database: &'a Database,
    key: Item,
    lifetime: Lifetime,
    limit: RateLimit,
    now: Timestamp,
}

/// What came of drawing calls from the user's window.
enum Draw {
    /// The session has some again, less the one that is being made.
    Drawn(Standing),
    /// The window has none left, which is noted.
    Exhausted(Standing),
    /// Somebody else was first, or in the way.
    Lost,
}

impl Counting<'_> {
    /// A write that also notes that the session was seen, and fails where it has ended.
    fn write(&self) -> Expressions {
        let mut write = Expressions::default();
        let expires = self.now.plus_millis(self.lifetime.idle).as_secs_ceil();
        write
            .set
            .push("lastSeenAt = :now, expiresAt = :expires".to_owned());
        // The last is for when sessions are allowed to last longer than those that have ended: they stay so.
        let alive =
            "lastSeenAt > :seenAfter AND createdAt > :createdAfter AND expiresAt >= :nowInSeconds";
        write.conditions.push(alive.to_owned());
        for (name, value) in [
            (":now", item::moment(self.now)),
            (":expires", item::number(expires)),
            (":nowInSeconds", item::number(self.now.as_secs_ceil())),
            (
                ":seenAfter",
                item::moment(self.lifetime.seen_after(self.now)),
            ),
            (
                ":createdAfter",
                item::moment(self.lifetime.created_after(self.now)),
            ),
        ] {
            write.value(name.to_owned(), value);
        }
        write
    }

    /// The steady state's write.
    async fn give_out(&self) -> Result<Count, StoreError> {
        let mut write = self.write();
        write.add.push("calls :one".to_owned());
        write.value(":one".to_owned(), item::number(1));
        let has_some = "opened > :ended AND calls < drawn";
        write.conditions.push(has_some.to_owned());
        let ended = item::moment(self.limit.ended_before(self.now));
        write.value(":ended".to_owned(), ended);
        windows::send(self.database, &self.key, write).await
    }

    /// Takes a part of what the user's window has left, or all of it where that is less, and gives out one.
    async fn draw(&self, session: &Item, whose: &SignedIn) -> Result<Draw, StoreError> {
        let user = windows::user_key(&whose.workspace, &whose.sub);
        let found = self.database.get("read a user", user.clone()).await?;
        let window = windows::user_window(found.as_ref(), self.limit, self.now)?;
        let used = window.map_or(0, |window| window.calls);
        let has_drawn = match window {
            Some(window) => window.opened == session.moment("opened")?,
            None => false,
        };
        let share = if has_drawn { SHARE } else { FIRST_SHARE };
        let calls = (self.limit.calls / share)
            .max(1)
            .min(self.limit.calls.saturating_sub(used));
        if let (0, Some(window)) = (calls, window) {
            return self.note_exhausted(session, window).await;
        }
        let window = Window {
            opened: window.map_or(self.now, |window| window.opened),
            calls: used + calls,
        };
        let standing = window.standing(Policy::User, self.limit);

        let mut write = self.write();
        if has_drawn {
            write.add.push("drawn :drawn, calls :one".to_owned());
        } else {
            let anew = "opened = :opened, drawn = :drawn, calls = :one";
            write.set.push(anew.to_owned());
            write.value(":opened".to_owned(), item::moment(window.opened));
        }
        write.set.push("userHasLeft = :left".to_owned());
        for (name, value) in [
            (":drawn", item::number(calls)),
            (":left", item::number(standing.remaining)),
            (":one", item::number(1)),
        ] {
            write.value(name.to_owned(), value);
        }
        if_not_drawn_since(session, &mut write)?;
        let drawing = windows::drawing(found.as_ref(), self.limit, calls, self.now)?;
        let written = Transaction::new(self.database, "draw a session's calls")
            .update(windows::in_transaction(user, drawing))?
            .update(windows::in_transaction(self.key.clone(), write))?;
        Ok(match written.send().await? {
            Ok(()) => Draw::Drawn(Standing {
                remaining: standing.remaining + calls - 1,
                ..standing
            }),
            Err(_) => Draw::Lost,
        })
    }

    /// Notes in the session's item that the user's window has nothing left. Where the session is in an older window, it
    /// enters the user's, with nothing drawn. `lastSeenAt` stays: a refused call does not keep a session alive.
    ///
    /// Nothing is noted if another call of the session has drawn meanwhile: there may be something to give out.
    async fn note_exhausted(&self, session: &Item, window: Window) -> Result<Draw, StoreError> {
        let mut write = Expressions::default();
        write.set.push("userHasLeft = :none".to_owned());
        write.value(":none".to_owned(), item::number(0));
        if window.opened != session.moment("opened")? {
            let anew = "opened = :opened, drawn = :none, calls = :none";
            write.set.push(anew.to_owned());
            write.value(":opened".to_owned(), item::moment(window.opened));
        }
        if_not_drawn_since(session, &mut write)?;
        Ok(
            match windows::send(self.database, &self.key, write).await? {
                Count::Done(_) => Draw::Exhausted(window.standing(Policy::User, self.limit)),
                Count::Failed(_) | Count::InTheWay => Draw::Lost,
            },
        )
    }

    fn is_alive(&self, session: &Item) -> Result<bool, StoreError> {
        Ok(
            session.moment("lastSeenAt")? > self.lifetime.seen_after(self.now)
                && session.moment("createdAt")? > self.lifetime.created_after(self.now)
                && session.number("expiresAt")? >= self.now.as_secs_ceil(),
        )
    }

    /// How the user stands, as the session knows it: what their window had left after the last draw, and what the
    /// session has left of that.
    fn standing(&self, session: &Item) -> Result<Standing, StoreError> {
        let number = |name: &str| session.number(name);
        let remaining = number("userHasLeft")? + number("drawn")? - number("calls")?;
        let opened = session.moment("opened")?;
        Ok(Standing {
            policy: Policy::User,
            window_millis: self.limit.window_millis,
            limit: self.limit.calls,
            remaining: u32::try_from(remaining).unwrap_or(0).min(self.limit.calls),
            resets_at: opened.plus_millis(self.limit.window_millis),
        })
    }

    /// How the user stands, where it is known that nothing is to be drawn until their window is over.
    fn nothing_left(&self, session: &Item) -> Result<Option<Standing>, StoreError> {
        let standing = self.standing(session)?;
        let is_open = session.moment("opened")? > self.limit.ended_before(self.now);
        Ok((is_open && standing.remaining == 0).then_some(standing))
    }

    fn known(&self, session: &Item) -> Result<KnownSession, StoreError> {
        let text_if_any = |name: &str| Ok(session.text_if_any(name)?.map(str::to_owned));
        let workspace = WorkspaceId::parse(session.text("accountId")?);
        let sub = Subject::parse(session.text("sub")?.to_owned());
        Ok(KnownSession {
            whose: SignedIn {
                workspace: workspace.ok_or_else(|| item::broken("accountId"))?,
                sub: sub.ok_or_else(|| item::broken("sub"))?,
                email: text_if_any("email")?,
                name: text_if_any("name")?,
            },
            expires_at: self.lifetime.ends(session.moment("createdAt")?, self.now),
        })
    }
}

/// Has a write fail where the session has drawn, or ended, since its item was read.
fn if_not_drawn_since(session: &Item, write: &mut Expressions) -> Result<(), StoreError> {
    let unchanged = "opened = :openedBefore AND drawn = :drawnBefore";
    write.conditions.push(unchanged.to_owned());
    let opened = item::moment(session.moment("opened")?);
    let drawn = item::number(session.number("drawn")?);
    write.value(":openedBefore".to_owned(), opened);
    write.value(":drawnBefore".to_owned(), drawn);
    Ok(())
}
