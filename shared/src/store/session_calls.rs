//! Authenticates a portal session and counts its call, in one conditional write.
//!
//! ```text
//! UpdateItem  SESSION#{hash}   ADD calls 1  SET lastSeenAt = now
//!             IF opened > now - 60 s AND calls < leased
//!                AND lastSeenAt > now - 12 h AND createdAt > now - 7 d AND expiresAt >= now
//!             returns the item: whose session it is, and what remains of the limit
//! ```
//!
//! A user has one limit in a workspace, whatever they call with (Rate limits in openapi.yaml). So a session *leases*
//! calls from its user's window (see [`crate::store::caller_windows`]) and gives them out one by one. Most sessions
//! make a few calls a minute, and a person may have many, so the first lease in a window is small.
//! docs/architecture.md, Sessions, has the cases.
//!
//! A session's `opened` is when its user's window opened, `leased` is how many calls it has leased in that window, and
//! `calls` how many of these it has given out. `userRemaining` is what its last lease left in the user's window. When
//! that window has nothing left, the session's item notes it. From then on one write is enough to refuse the session's
//! calls, whoever used up the limit.
//!
//! To lease takes two more requests. With a limit of 2,000 these are for the first call, the eleventh, and every
//! hundredth after that. The user's item is read, then one transaction adds the calls to the user's window and to the
//! session's lease. Its condition is that nobody else has done so since. Of several calls that find the lease used up,
//! one leases; the others count again. All sessions and tokens of a user together never get more than the limit.

use crate::{
    domain::{
        rate_limit::{Decision, Policy, RateLimit, RateLimitStatus, Window},
        session::{Lifetime, SessionHash},
    },
    ids::{Subject, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        caller_windows::{self, UserPartition},
        conditional_update::{self, Expressions, UpdateResult},
        database::Database,
        last_counts::LastCounts,
        rate_windows::ATTEMPTS,
        retry::pause,
        sessions::{SignedInUser, session_key},
        store_error::StoreError,
        transaction::Transaction,
    },
    time::Timestamp,
};

/// The first lease in a window is the limit divided by this…
const FIRST_SHARE: u32 = 200;

/// …and each further one is the limit divided by this.
const SHARE: u32 = 20;

/// Has no `Debug`: it holds personal data.
pub(crate) struct KnownSession {
    pub(crate) user: SignedInUser,
    /// When the session ends if it is not used again.
    pub(crate) expires_at: Timestamp,
}

/// Authenticates a session and counts its call. `None` if there is no such session, or if it has ended.
pub(crate) async fn count(
    database: &Database,
    last_counts: &LastCounts,
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
    let needs_lease = |item: &Item| session.needs_lease(item);
    if let Some(item) = last_counts.take_if(&session.key, needs_lease)? {
        if let Some(counted) = session.lease_after(&item, last_counts).await? {
            return Ok(Some(counted));
        }
        last_counts.missed(&session.key)?;
    }
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            pause(attempt).await;
        }
        let found = match session.use_lease().await? {
            UpdateResult::Contended => continue,
            UpdateResult::ConditionFailed(None) => return Ok(None),
            UpdateResult::Done(item) => {
                last_counts.counted(&item)?;
                let status = session.status(&item)?;
                return Ok(Some((session.known(&item)?, Decision::Allowed(status))));
            }
            UpdateResult::ConditionFailed(Some(item)) => item,
        };
        if !session.is_alive(&found)? {
            return Ok(None);
        }
        if let Some(status) = session.exhausted(&found)? {
            return Ok(Some((session.known(&found)?, Decision::Limited(status))));
        }
        if let Some(counted) = session.lease_after(&found, last_counts).await? {
            return Ok(Some(counted));
        }
    }
    Err(StoreError::because(
        "count a session's call",
        "other writes were always in the way",
    ))
}

struct Counting<'a> {
    database: &'a Database,
    key: Item,
    lifetime: Lifetime,
    limit: RateLimit,
    now: Timestamp,
}

enum Lease {
    /// The session has leased calls and given out the first one. Its item is now this one.
    Granted(RateLimitStatus, Item),
    /// The user's window has no calls left. The session's item notes it.
    Exhausted(RateLimitStatus),
    /// Another call leased first, or another write was in the way.
    Lost,
}

impl Counting<'_> {
    /// A write that updates `lastSeenAt` and `expiresAt`. It fails if the session has ended.
    fn write(&self) -> Expressions {
        let mut write = Expressions::default();
        let expires = self.now.plus_millis(self.lifetime.idle).as_secs_ceil();
        write
            .set
            .push("lastSeenAt = :now, expiresAt = :expires".to_owned());
        // The check of `expiresAt` keeps a session ended when a deployment makes the lifetime longer.
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

    /// Gives out a leased call, if there is one.
    async fn use_lease(&self) -> Result<UpdateResult, StoreError> {
        let mut write = self.write();
        write.add.push("calls :one".to_owned());
        write.value(":one".to_owned(), attributes::number(1));
        let has_leased_call = "opened > :ended AND calls < leased";
        write.conditions.push(has_leased_call.to_owned());
        let ended = attributes::moment(self.limit.ended_before(self.now));
        write.value(":ended".to_owned(), ended);
        conditional_update::send(self.database, &self.key, write).await
    }

    /// Leases calls if the session's item is this one. `None` if it no longer is, or if another write was in the way.
    async fn lease_after(
        &self,
        found: &Item,
        last_counts: &LastCounts,
    ) -> Result<Option<(KnownSession, Decision)>, StoreError> {
        let known = self.known(found)?;
        Ok(match self.lease(found, &known.user).await? {
            Lease::Granted(status, item) => {
                last_counts.opened(item)?;
                Some((known, Decision::Allowed(status)))
            }
            Lease::Exhausted(status) => Some((known, Decision::Limited(status))),
            Lease::Lost => None,
        })
    }

    /// Leases a share of the limit, or what the user's window has left if that is less, and gives out one call.
    async fn lease(&self, session: &Item, user: &SignedInUser) -> Result<Lease, StoreError> {
        let user_key = UserPartition::new(&user.workspace, &user.sub).key();
        let found = self.database.get("read a user", user_key.clone()).await?;
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
            let first_lease = "opened = :opened, leased = :leased, calls = :one";
            write.set.push(first_lease.to_owned());
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
        let leased = self.after_lease(session, has_leased, window, calls)?;
        let leasing = caller_windows::leasing(found.as_ref(), self.limit, calls, self.now)?;
        let written = Transaction::new(self.database, "lease a session's calls")
            .update(conditional_update::in_transaction(user_key, leasing))?
            .update(conditional_update::in_transaction(self.key.clone(), write))?;
        Ok(match written.send().await? {
            Ok(()) => {
                let status = RateLimitStatus {
                    remaining: status.remaining + calls - 1,
                    ..status
                };
                Lease::Granted(status, leased)
            }
            Err(_) => Lease::Lost,
        })
    }

    /// The session's item after a lease of so many calls in the user's window.
    fn after_lease(
        &self,
        session: &Item,
        has_leased: bool,
        window: Window,
        calls: u32,
    ) -> Result<Item, StoreError> {
        let before = |name: &str| {
            if has_leased {
                session.number(name)
            } else {
                Ok(0)
            }
        };
        let remaining = window.status(Policy::User, self.limit).remaining;
        let mut next = session.clone();
        for (name, value) in [
            ("opened", attributes::moment(window.opened)),
            (
                "leased",
                attributes::number(before("leased")? + i64::from(calls)),
            ),
            ("calls", attributes::number(before("calls")? + 1)),
            ("userRemaining", attributes::number(remaining)),
            ("lastSeenAt", attributes::moment(self.now)),
        ] {
            next.insert(name.to_owned(), value);
        }
        Ok(next)
    }

    /// Notes in the session's item that the user's window has no calls left. A session that is still in an older window
    /// moves to the user's, with nothing leased. `lastSeenAt` stays: a refused call does not keep a session alive.
    ///
    /// The write fails if another call of the session has leased in between, because there may be calls to give out.
    async fn note_exhausted(&self, session: &Item, window: Window) -> Result<Lease, StoreError> {
        let mut write = Expressions::default();
        write.set.push("userRemaining = :none".to_owned());
        write.value(":none".to_owned(), attributes::number(0));
        if window.opened != session.moment("opened")? {
            let empty_lease = "opened = :opened, leased = :none, calls = :none";
            write.set.push(empty_lease.to_owned());
            write.value(":opened".to_owned(), attributes::moment(window.opened));
        }
        if_not_leased_since(session, &mut write)?;
        Ok(
            match conditional_update::send(self.database, &self.key, write).await? {
                UpdateResult::Done(_) => Lease::Exhausted(window.status(Policy::User, self.limit)),
                UpdateResult::ConditionFailed(_) | UpdateResult::Contended => Lease::Lost,
            },
        )
    }

    /// Whether a call needs a lease first, and a live session would get one.
    fn needs_lease(&self, session: &Item) -> Result<bool, StoreError> {
        let is_open = session.moment("opened")? > self.limit.ended_before(self.now);
        let has_call = session.number("calls")? < session.number("leased")?;
        Ok(!(is_open && has_call) && self.is_alive(session)? && self.exhausted(session)?.is_none())
    }

    fn is_alive(&self, session: &Item) -> Result<bool, StoreError> {
        Ok(
            session.moment("lastSeenAt")? > self.lifetime.seen_after(self.now)
                && session.moment("createdAt")? > self.lifetime.created_after(self.now)
                && session.number("expiresAt")? >= self.now.as_secs_ceil(),
        )
    }

    /// What remains of the user's limit, as far as the session's item shows: what the last lease left in the user's
    /// window, and what the session has left of its lease.
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

    /// The status if the item says that the user's window is used up and that window is still open.
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
            user: SignedInUser {
                workspace: workspace.ok_or_else(|| attributes::broken("accountId"))?,
                sub: sub.ok_or_else(|| attributes::broken("sub"))?,
                email: text_if_any("email")?,
                name: text_if_any("name")?,
            },
            expires_at: self
                .lifetime
                .ends_at(session.moment("createdAt")?, self.now),
        })
    }
}

/// Adds the condition that the session has neither leased nor ended since its item was read.
fn if_not_leased_since(session: &Item, write: &mut Expressions) -> Result<(), StoreError> {
    let unchanged = "opened = :openedBefore AND leased = :leasedBefore";
    write.conditions.push(unchanged.to_owned());
    let opened = attributes::moment(session.moment("opened")?);
    let leased = attributes::number(session.number("leased")?);
    write.value(":openedBefore".to_owned(), opened);
    write.value(":leasedBefore".to_owned(), leased);
    Ok(())
}
