//! Counting a caller's call, and with it recognising an API key, in one write.
//!
//! A key and a user have one window, of a minute; a portal session draws on its user's, see [`crate::store::sessions`].
//! A client address has up to three in one item: of its calls, and two of its submissions; a submission is counted in
//! all three by the same write, or in none, and can be refunded: see [`crate::store::submissions`].
//!
//! # The steady state: one request
//!
//! ```text
//! UpdateItem  KEY#{hash}   ADD calls 1   IF opened > now - 60 s AND calls <= limit - 1
//!             returns the item: whose key it is, and how many calls the window has admitted
//! ```
//!
//! The write is the authentication. A key that was deleted has no item, the condition on its
//! attributes fails, and the update cannot bring it back; there is no cache and no read that could be
//! stale between a revocation and its effect. The limit is exact for the same reason: DynamoDB applies
//! the writes to an item one after another, each against what the one before left.
//!
//! A condition that fails returns the item as it is (`ReturnValuesOnConditionCheckFailure`, DynamoDB
//! API reference), and that says which of the four it was:
//!
//! | the old item | then |
//! |---|---|
//! | is not there | no such key: refused. A user, an address: their first call, the window opens |
//! | window open, no room | over the limit: refused |
//! | window over | the window turns: the second request |
//! | window open, has room | someone write it in between, or a limit was raised: once more |
//!
//! # The turn: a second request, once a minute at most
//!
//! The first call after a window's end opens the next: `SET opened = now, calls = 1 IF opened = {the one
//! that was seen}`. Of two instances that turn at once, one finds the other's `opened`, fails, and goes
//! back to the steady state, where it counts into the window that the winner opened. The condition names
//! an `opened`, so that it, too, fails for a key that was revoked meanwhile.
//!
//! Where several windows are counted, those that are over open anew and the others count on, in one write.
//!
//! For a key, the turn stamps the listing's `lastUsedAt` in the same transaction: the two can never
//! disagree, and a list needs to read nothing but listings. A user's first turn makes the workspace known in the
//! same transaction: somebody has signed in to it, and the public form takes tickets for it from now on.
//!
//! # When writes meet
//!
//! A transaction and any other write to its items at the same moment: DynamoDB refuses one of them with
//! a conflict, which means that nothing was done. It is tried again after a short random pause, within
//! [`ATTEMPTS`]; then the call fails with a `500` and no harm done. The same goes for a service that is too
//! busy: a thousand calls of one key at the very turn of its window are a thousand writes that fail and as
//! many transactions of which one wins, which is more than a partition takes in a second.
//!
//! A write whose answer was lost is sent again by the SDK and may count twice; the limit then admits one
//! call less.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    domain::rate_limit::{Decision, Policy, RateLimit, RateLimitStatus, Window},
    store::{
        attributes::{self, Item, Read},
        conditional_update::{Count, Expressions, send},
        database::{Database, StoreError},
        retry::pause,
    },
    time::Timestamp,
};

/// How often a count is tried before the call fails.
pub(super) const ATTEMPTS: u32 = 8;

/// A limit, and the attributes that hold its window in the caller's item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    pub(super) policy: Policy,
    pub(super) opened: &'static str,
    pub(super) calls: &'static str,
    pub(super) limit: RateLimit,
    /// How many calls are counted at once.
    pub(super) weight: u32,
}

impl Quota {
    /// Of everything that a caller does.
    pub(super) fn of_calls(policy: Policy, limit: RateLimit) -> Self {
        Self {
            policy,
            opened: "opened",
            calls: "calls",
            limit,
            weight: 1,
        }
    }

    /// The window, if there has been one.
    pub(super) fn window(&self, item: &Item) -> Result<Option<Window>, StoreError> {
        let Some(opened) = item.moment_if_any(self.opened)? else {
            return Ok(None);
        };
        let calls =
            u32::try_from(item.number(self.calls)?).map_err(|_| attributes::broken(self.calls))?;
        Ok(Some(Window { opened, calls }))
    }

    /// How many calls a window may have admitted for these to have room.
    pub(super) fn room(&self) -> AttributeValue {
        attributes::number(i64::from(self.limit.calls) - i64::from(self.weight))
    }

    /// The window, if calls made `now` count into it.
    pub(super) fn open_window(
        &self,
        item: &Item,
        now: Timestamp,
    ) -> Result<Option<Window>, StoreError> {
        let window = self.window(item)?;
        Ok(window.filter(|window| window.is_open(self.limit, now)))
    }

    pub(super) fn status(&self, window: Window) -> RateLimitStatus {
        window.status(self.policy, self.limit)
    }
}

/// What came of opening a caller's next window, or windows.
pub(super) enum Rollover {
    /// With the item as it is now, where the write told.
    Opened(RateLimitStatus, Option<Item>),
    /// Somebody else was first, or in the way.
    Lost,
    /// There is no such caller.
    NobodyThere,
}

/// Counts a call, by the table of this module's documentation. Gives the caller's item, as it was found or is now, and
/// the decision; `None` where there is no item and `roll_over` does not make one.
pub(super) async fn count(
    database: &Database,
    key: &Item,
    quotas: &[Quota],
    now: Timestamp,
    roll_over: impl AsyncFn(Option<&Item>) -> Result<Rollover, StoreError>,
) -> Result<Option<(Item, Decision)>, StoreError> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            pause(attempt).await;
        }
        let found = match add(database, key, quotas, now).await? {
            Count::Done(item) => {
                let status = status(&item, quotas, now)?;
                return Ok(Some((item, Decision::Allowed(status))));
            }
            Count::InTheWay => continue,
            Count::Failed(found) => found,
        };
        if let Some(item) = &found {
            let mut windows = Vec::with_capacity(quotas.len());
            for quota in quotas {
                let window = quota.open_window(item, now)?;
                windows.push(window.map(|window| quota.status(window)));
            }
            let full = windows.iter().zip(quotas).filter_map(|(status, quota)| {
                status.filter(|status| status.remaining < quota.weight)
            });
            if let Some(status) = RateLimitStatus::tightest(full) {
                return Ok(found.map(|item| (item, Decision::Limited(status))));
            }
            if windows.iter().all(Option::is_some) {
                continue;
            }
        }
        match roll_over(found.as_ref()).await? {
            Rollover::Opened(status, opened) => {
                let item = opened.or(found).unwrap_or_default();
                return Ok(Some((item, Decision::Allowed(status))));
            }
            Rollover::Lost => {}
            Rollover::NobodyThere => return Ok(None),
        }
    }
    Err(StoreError::because(
        "count a call",
        "other writes were always in the way",
    ))
}

/// How a caller stands whose call was counted in these windows.
pub(super) fn status(
    item: &Item,
    quotas: &[Quota],
    now: Timestamp,
) -> Result<RateLimitStatus, StoreError> {
    let mut statuses = Vec::with_capacity(quotas.len());
    for quota in quotas {
        let window = quota.open_window(item, now)?;
        statuses.extend(window.map(|window| quota.status(window)));
    }
    RateLimitStatus::tightest(statuses).ok_or_else(|| attributes::broken("opened"))
}

/// The steady state's write.
async fn add(
    database: &Database,
    key: &Item,
    quotas: &[Quota],
    now: Timestamp,
) -> Result<Count, StoreError> {
    let mut more = Expressions::default();
    for (n, quota) in quotas.iter().enumerate() {
        let Quota {
            opened,
            calls,
            limit,
            weight,
            ..
        } = quota;
        more.add.push(format!("{calls} :calls{n}"));
        let has_room = format!("{opened} > :ended{n} AND {calls} <= :room{n}");
        more.conditions.push(has_room);
        more.value(format!(":calls{n}"), attributes::number(*weight));
        more.value(
            format!(":ended{n}"),
            attributes::moment(limit.ended_before(now)),
        );
        more.value(format!(":room{n}"), quota.room());
    }
    send(database, key, more).await
}

/// The write that opens the windows that are over, and counts on in the others.
pub(super) fn open_next_windows(
    seen: Option<&Item>,
    quotas: &[Quota],
    kept_millis: Option<i64>,
    now: Timestamp,
) -> Result<Expressions, StoreError> {
    let mut write = Expressions::default();
    for (n, quota) in quotas.iter().enumerate() {
        let Quota {
            opened,
            calls,
            limit,
            weight,
            ..
        } = quota;
        write.value(format!(":calls{n}"), attributes::number(*weight));
        let window = seen.map(|item| quota.window(item)).transpose()?.flatten();
        match window {
            Some(window) if window.is_open(*limit, now) => {
                write.add.push(format!("{calls} :calls{n}"));
                write.conditions.push(format!("{calls} <= :room{n}"));
                write.value(format!(":room{n}"), quota.room());
            }
            _ => {
                write
                    .set
                    .push(format!("{opened} = :now, {calls} = :calls{n}"));
                write.value(":now".to_owned(), attributes::moment(now));
            }
        }
        match window {
            Some(window) => {
                write.conditions.push(format!("{opened} = :seen{n}"));
                write.value(format!(":seen{n}"), attributes::moment(window.opened));
            }
            None => write
                .conditions
                .push(format!("attribute_not_exists({opened})")),
        }
    }
    if let Some(kept) = kept_millis {
        write.set.push("expiresAt = :expires".to_owned());
        let expires = now.plus_millis(kept).as_secs_ceil();
        write.value(":expires".to_owned(), attributes::number(expires));
    }
    Ok(write)
}

pub(super) fn no_first_window() -> StoreError {
    StoreError::because("count a call", "a first window did not open")
}
