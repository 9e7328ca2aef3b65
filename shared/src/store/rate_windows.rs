//! Counts a caller's call in one conditional write. For an API key, the same write authenticates it: see
//! [`crate::store::key_calls`].
//!
//! docs/architecture.md, Rate limits, has the write, what each failure of its condition means, and the rollover. Keys
//! and users have one window; a session leases calls from its user's (see [`crate::store::session_calls`]). A client
//! address has up to three windows in one item, and one write counts in all of them, or in none. When some of them are
//! over, the write that opens the next ones also counts in the others. A counted submission can be refunded (see
//! [`crate::store::submission_refund`]).
//!
//! A revoked key has no item. So the conditions of both writes fail, because they name its attributes, and neither
//! write can create the item again.
//!
//! When a transaction and another write meet at an item, DynamoDB refuses one of them, and nothing of that one is
//! done. The count is tried again after a short random pause, up to [`ATTEMPTS`] times; then the request fails with a
//! `500`. The same applies when the service is too busy: a thousand calls of one key just when its window ends are a
//! thousand writes that fail and as many transactions of which one wins, which is more than a partition takes in a
//! second.
//!
//! The SDK sends a write again when its response was lost, so the call may count twice. The limit then admits one call
//! less.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    domain::rate_limit::{Decision, Policy, RateLimit, RateLimitStatus, Window},
    store::{
        attributes::{self, Item, Read},
        conditional_update::{Expressions, UpdateResult, send},
        database::Database,
        retry::pause,
        store_error::StoreError,
    },
    time::Timestamp,
};

/// How often a count is tried before the request fails.
pub(super) const ATTEMPTS: u32 = 8;

/// A limit, and the attributes of its window in the caller's item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    pub(super) policy: Policy,
    pub(super) opened: &'static str,
    pub(super) calls: &'static str,
    pub(super) limit: RateLimit,
    /// How many calls one write counts.
    pub(super) weight: u32,
}

impl Quota {
    /// The quota of all calls of a caller.
    pub(super) fn of_calls(policy: Policy, limit: RateLimit) -> Self {
        Self {
            policy,
            opened: "opened",
            calls: "calls",
            limit,
            weight: 1,
        }
    }

    /// The last window, open or over. `None` before the first.
    pub(super) fn window(&self, item: &Item) -> Result<Option<Window>, StoreError> {
        let Some(opened) = item.moment_if_any(self.opened)? else {
            return Ok(None);
        };
        let calls =
            u32::try_from(item.number(self.calls)?).map_err(|_| attributes::broken(self.calls))?;
        Ok(Some(Window { opened, calls }))
    }

    /// The window admits [`Quota::weight`] more calls if it has admitted at most this many.
    pub(super) fn room(&self) -> AttributeValue {
        attributes::number(i64::from(self.limit.calls) - i64::from(self.weight))
    }

    /// The window, if it is open at `now`.
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

/// The result of opening the next windows of a caller.
pub(super) enum Rollover {
    /// With the new item, if the write returned it.
    Opened(RateLimitStatus, Option<Item>),
    /// Another instance opened them first, or another write was in the way.
    Lost,
}

/// Counts a call. Returns the caller's item, as it was found or as it is now, and the decision. `roll_over` opens the
/// next windows, also the first ones.
pub(super) async fn count(
    database: &Database,
    key: &Item,
    quotas: &[Quota],
    now: Timestamp,
    roll_over: impl AsyncFn(Option<&Item>) -> Result<Rollover, StoreError>,
) -> Result<(Item, Decision), StoreError> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            pause(attempt).await;
        }
        let found = match send(database, key, add(quotas, now)).await? {
            UpdateResult::Done(item) => {
                let status = status(&item, quotas, now)?;
                return Ok((item, Decision::Allowed(status)));
            }
            UpdateResult::Contended => continue,
            UpdateResult::ConditionFailed(found) => found,
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
                return Ok((item.clone(), Decision::Limited(status)));
            }
            if windows.iter().all(Option::is_some) {
                continue;
            }
        }
        match roll_over(found.as_ref()).await? {
            Rollover::Opened(status, opened) => {
                let item = opened.or(found).unwrap_or_default();
                return Ok((item, Decision::Allowed(status)));
            }
            Rollover::Lost => {}
        }
    }
    Err(StoreError::because(
        "count a call",
        "other writes were always in the way",
    ))
}

/// The tightest of the limits that a counted call met.
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

/// The write that counts a call if all windows are open and have room.
pub(super) fn add(quotas: &[Quota], now: Timestamp) -> Expressions {
    let mut write = Expressions::default();
    for (n, quota) in quotas.iter().enumerate() {
        let Quota {
            opened,
            calls,
            limit,
            weight,
            ..
        } = quota;
        write.add.push(format!("{calls} :calls{n}"));
        let has_room = format!("{opened} > :ended{n} AND {calls} <= :room{n}");
        write.conditions.push(has_room);
        write.value(format!(":calls{n}"), attributes::number(*weight));
        write.value(
            format!(":ended{n}"),
            attributes::moment(limit.ended_before(now)),
        );
        write.value(format!(":room{n}"), quota.room());
    }
    write
}

/// The write that opens the next window for each that is over, and counts in the others. Its condition is that each
/// window is still the one in `seen`, so of two instances one fails.
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
