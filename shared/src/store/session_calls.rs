//! Authenticating a portal session and counting its call, in one write.
//!
//! # The steady state: one request
//!
//! ```text
//! UpdateItem  SESSION#{hash}   ADD calls 1  SET lastSeenAt = now
//!             IF opened > now - 60 s AND calls < leased
//!                AND lastSeenAt > now - 12 h AND createdAt > now - 7 d AND expiresAt >= now
//!             returns the item: whose session it is, and how they stand
//! ```
//!
//! As with a key, the write is the authentication: a session that was ended has no item, and nothing can bring it back.
//!
//! # The limit is the user's
//!
//! A user has one limit in a workspace, whatever they call with (contract, section 5), and may have a session in each
//! of several browsers, and access tokens. So a session admits no calls of its own: it *leases* them from the user's
//! window (see [`rate_windows`]) and gives them out one by one: at first a two-hundredth of the limit, then a twentieth at a
//! time. Most sessions make a few calls a minute, and a person may have many.
//!
//! | the session's item | then |
//! |---|---|
//! | is not there, idle or too old | no such session: refused |
//! | its window is over, or all that it drew is given out | it leases, and gives out the first |
//! | the same, and the user's window has nothing left | over the limit: that is noted, and the call refused |
//! | it was noted, and that window is not over | over the limit: refused |
//!
//! To lease is two requests more, at 2,000 a minute for the first call, the eleventh, and every hundredth after that:
//! the user's item is read, and one transaction takes from it and adds to the session's, on condition that nobody has
//! done so meanwhile. Of calls that find the session empty at once, one leases and the others go back to the steady
//! state. What was leased and not given out when the window ends is lost to the user's other sessions and tokens; all of
//! them together never get more than the limit.
//!
//! That the user's window has nothing left is noted in the session's item, with the window: so a session over the limit
//! is refused by the one write that would have counted its call, whoever used the limit up.

use crate::{
    domain::{
        rate_limit::{Decision, Policy, RateLimit, RateLimitStatus, Window},
        session::{Lifetime, SessionHash},
    },
    ids::{Subject, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        caller_windows,
        conditional_update::{self, Count, Expressions},
        database::{Database, StoreError},
        rate_windows::ATTEMPTS,
        retry::pause,
        sessions::{SignedIn, session_key},
        transaction::Transaction,
    },
    time::Timestamp,
};

/// What share of the limit a session leases at first in a window: one in so many…
const FIRST_SHARE: u32 = 200;

/// …and what share from then on.
const SHARE: u32 = 20;

/// A session that the table knows. It has no `Debug`.
pub(crate) struct KnownSession {
    pub(crate) whose: SignedIn,
    /// When it ends, unless it is used again.
    pub(crate) expires_at: Timestamp,
}

/// Recognises a session and counts its call; `None` where there is no such session, or no longer.
pub(crate) async fn count(
    database: &Database,
    hash: &SessionHash,
    lifetime: Lifetime,
    limit: RateLimit,
    now: Timestamp,
) -> Result<Option<(KnownSession, Decision)>, StoreError> {
    let session = Counting {
        database,
        key: session_key(hash),
        lifetime,
        limit,
        now,
    };
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            pause(attempt).await;
        }
        let found = match session.use_lease().await? {
            Count::InTheWay => continue,
            Count::Failed(None) => return Ok(None),
            Count::Done(item) => {
                let status = session.status(&item)?;
                return Ok(Some((session.known(&item)?, Decision::Allowed(status))));
            }
            Count::Failed(Some(item)) => item,
        };
        if !session.is_alive(&found)? {
            return Ok(None);
        }
        let known = session.known(&found)?;
        if let Some(status) = session.exhausted(&found)? {
            return Ok(Some((known, Decision::Limited(status))));
        }
        match session.lease(&found, &known.whose).await? {
            Lease::Granted(status) => return Ok(Some((known, Decision::Allowed(status)))),
            Lease::Exhausted(status) => return Ok(Some((known, Decision::Limited(status)))),
            Lease::Lost => {}
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
enum Lease {
    /// The session has some again, less the one that is being made.
    Granted(RateLimitStatus),
    /// The window has none left, which is noted.
    Exhausted(RateLimitStatus),
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
            (":now", attributes::moment(self.now)),
            (":expires", attributes::number(expires)),
            (":nowInSeconds", attributes::number(self.now.as_secs_ceil())),
            (
                ":seenAfter",
                attributes::moment(self.lifetime.seen_after(self.now)),
            ),
            (
                ":createdAfter",
                attributes::moment(self.lifetime.created_after(self.now)),
            ),
        ] {
            write.value(name.to_owned(), value);
        }
        write
    }

    /// The steady state's write.
    async fn use_lease(&self) -> Result<Count, StoreError> {
        let mut write = self.write();
        write.add.push("calls :one".to_owned());
        write.value(":one".to_owned(), attributes::number(1));
        let has_some = "opened > :ended AND calls < leased";
        write.conditions.push(has_some.to_owned());
        let ended = attributes::moment(self.limit.ended_before(self.now));
        write.value(":ended".to_owned(), ended);
        conditional_update::send(self.database, &self.key, write).await
    }

    /// Takes a part of what the user's window has left, or all of it where that is less, and gives out one.
    async fn lease(&self, session: &Item, whose: &SignedIn) -> Result<Lease, StoreError> {
        let user = caller_windows::user_key(&whose.workspace, &whose.sub);
        let found = self.database.get("read a user", user.clone()).await?;
        let window = caller_windows::user_window(found.as_ref(), self.limit, self.now)?;
        let used = window.map_or(0, |window| window.calls);
        let has_leased = match window {
            Some(window) => window.opened == session.moment("opened")?,
            None => false,
        };
        let share = if has_leased { SHARE } else { FIRST_SHARE };
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
        let status = window.status(Policy::User, self.limit);

        let mut write = self.write();
        if has_leased {
            write.add.push("leased :leased, calls :one".to_owned());
        } else {
            let anew = "opened = :opened, leased = :leased, calls = :one";
            write.set.push(anew.to_owned());
            write.value(":opened".to_owned(), attributes::moment(window.opened));
        }
        write.set.push("userRemaining = :left".to_owned());
        for (name, value) in [
            (":leased", attributes::number(calls)),
            (":left", attributes::number(status.remaining)),
            (":one", attributes::number(1)),
        ] {
            write.value(name.to_owned(), value);
        }
        if_not_leased_since(session, &mut write)?;
        let leasing = caller_windows::leasing(found.as_ref(), self.limit, calls, self.now)?;
        let written = Transaction::new(self.database, "lease a session's calls")
            .update(conditional_update::in_transaction(user, leasing))?
            .update(conditional_update::in_transaction(self.key.clone(), write))?;
        Ok(match written.send().await? {
            Ok(()) => Lease::Granted(RateLimitStatus {
                remaining: status.remaining + calls - 1,
                ..status
            }),
            Err(_) => Lease::Lost,
        })
    }

    /// Notes in the session's item that the user's window has nothing left. Where the session is in an older window, it
    /// enters the user's, with nothing leased. `lastSeenAt` stays: a refused call does not keep a session alive.
    ///
    /// Nothing is noted if another call of the session has leased meanwhile: there may be something to give out.
    async fn note_exhausted(&self, session: &Item, window: Window) -> Result<Lease, StoreError> {
        let mut write = Expressions::default();
        write.set.push("userRemaining = :none".to_owned());
        write.value(":none".to_owned(), attributes::number(0));
        if window.opened != session.moment("opened")? {
            let anew = "opened = :opened, leased = :none, calls = :none";
            write.set.push(anew.to_owned());
            write.value(":opened".to_owned(), attributes::moment(window.opened));
        }
        if_not_leased_since(session, &mut write)?;
        Ok(
            match conditional_update::send(self.database, &self.key, write).await? {
                Count::Done(_) => Lease::Exhausted(window.status(Policy::User, self.limit)),
                Count::Failed(_) | Count::InTheWay => Lease::Lost,
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
    fn status(&self, session: &Item) -> Result<RateLimitStatus, StoreError> {
        let number = |name: &str| session.number(name);
        let remaining = number("userRemaining")? + number("leased")? - number("calls")?;
        let opened = session.moment("opened")?;
        Ok(RateLimitStatus {
            policy: Policy::User,
            window_millis: self.limit.window_millis,
            limit: self.limit.calls,
            remaining: u32::try_from(remaining).unwrap_or(0).min(self.limit.calls),
            resets_at: opened.plus_millis(self.limit.window_millis),
        })
    }

    /// How the user stands, where it is known that nothing is to be leased until their window is over.
    fn exhausted(&self, session: &Item) -> Result<Option<RateLimitStatus>, StoreError> {
        let status = self.status(session)?;
        let is_open = session.moment("opened")? > self.limit.ended_before(self.now);
        Ok((is_open && status.remaining == 0).then_some(status))
    }

    fn known(&self, session: &Item) -> Result<KnownSession, StoreError> {
        let text_if_any = |name: &str| Ok(session.text_if_any(name)?.map(str::to_owned));
        let workspace = WorkspaceId::parse(session.text("accountId")?);
        let sub = Subject::parse(session.text("sub")?.to_owned());
        Ok(KnownSession {
            whose: SignedIn {
                workspace: workspace.ok_or_else(|| attributes::broken("accountId"))?,
                sub: sub.ok_or_else(|| attributes::broken("sub"))?,
                email: text_if_any("email")?,
                name: text_if_any("name")?,
            },
            expires_at: self.lifetime.ends_at(session.moment("createdAt")?, self.now),
        })
    }
}

/// Has a write fail where the session has leased, or ended, since its item was read.
fn if_not_leased_since(session: &Item, write: &mut Expressions) -> Result<(), StoreError> {
    let unchanged = "opened = :openedBefore AND leased = :leasedBefore";
    write.conditions.push(unchanged.to_owned());
    let opened = attributes::moment(session.moment("opened")?);
    let leased = attributes::number(session.number("leased")?);
    write.value(":openedBefore".to_owned(), opened);
    write.value(":leasedBefore".to_owned(), leased);
    Ok(())
}
