//! The refund of a submission that came to nothing.
//!
//! An address is counted before what it sends is read, so that one over its limit costs no work: a submission is
//! counted as one in all its windows, in the one write that a call costs anyway (see [`crate::store::rate_windows`]). Where
//! the form then turns out to be wrong it was a call and no submission (contract, section 5), and is refunded:
//!
//! ```text
//! UpdateItem  ADDRESS#{hash}   ADD submissionsIn10Minutes -1, submissionsInAnHour -1
//!                              IF openedFor10Minutes = {the one counted in} AND openedForAnHour = {…}
//! ```
//!
//! Where another window has begun meanwhile, the submission is forgotten there, and only the other window refunds it.
//!
//! # Never more than the limit
//!
//! A submission that is refunded was counted and created nothing, and is refunded once: where the answer to this write
//! is lost, it is not sent again, as the SDK sends others. Then the submission may stay counted, and the limit admits
//! one less until its windows end.
//!
//! # What can be seen of it
//!
//! - A wrong form takes up a place for the milliseconds in which it is read. Was it the last one, a good form that
//!   comes just then is refused with a `429`.
//! - Over the limit of submissions a wrong form is a `429`, too, because nobody reads it.
//! - A wrong form opens the windows of submissions, as a good one does: they end that much earlier.

use crate::{
    domain::rate_limit::RateLimitStatus,
    log,
    store::{
        attributes::{self, Item},
        conditional_update::{Count, Expressions, send_once},
        database::{Database, StoreError},
        rate_windows::{ATTEMPTS, Quota},
    },
    time::Timestamp,
};

/// A submission that was counted.
pub(crate) struct Submission {
    /// Of the address's item.
    key: Item,
    /// The windows that it was counted in, by when they opened.
    windows: Vec<(Quota, Timestamp)>,
    calls: Quota,
    /// How the address stands as a caller.
    status: RateLimitStatus,
}

impl Submission {
    /// What the write that counted it left of the item tells.
    pub(super) fn of(
        key: Item,
        item: &Item,
        calls: Quota,
        submissions: &[Quota],
    ) -> Result<Self, StoreError> {
        let window = |quota: &Quota| {
            let window = quota.window(item)?;
            window.ok_or_else(|| attributes::broken(quota.opened))
        };
        let mut windows = Vec::with_capacity(submissions.len());
        for quota in submissions {
            windows.push((*quota, window(quota)?.opened));
        }
        Ok(Self {
            windows,
            status: calls.status(window(&calls)?),
            key,
            calls,
        })
    }

    /// Makes it a call and no submission. Says how the address stands as a caller.
    ///
    /// Where that fails the submission stays counted, and the log says so: whoever filled in the form has to learn what
    /// is wrong with it.
    pub(crate) async fn refund(mut self, database: &Database) -> RateLimitStatus {
        for attempt in 1..=ATTEMPTS {
            match send_once(database, &self.key, self.expressions()).await {
                Ok(Count::Done(item)) => {
                    let window = self.calls.window(&item).ok().flatten();
                    return window.map_or(self.status, |window| self.calls.status(window));
                }
                Ok(Count::Failed(found)) => {
                    let item = found.unwrap_or_default();
                    let is_open = |quota: &Quota, opened| {
                        let window = quota.window(&item).ok().flatten();
                        window.is_some_and(|window| window.opened == opened && window.calls > 0)
                    };
                    self.windows
                        .retain(|(quota, opened)| is_open(quota, *opened));
                    if self.windows.is_empty() {
                        return self.status;
                    }
                }
                Ok(Count::InTheWay) => {
                    if !database.pause_to_try_again(attempt).await {
                        break;
                    }
                }
                Err(error) => {
                    log::warn(&format!(
                        "a submission may not have been given back: {error}"
                    ));
                    return self.status;
                }
            }
        }
        log::warn("a submission was not given back: other writes were always in the way");
        self.status
    }

    fn expressions(&self) -> Expressions {
        let mut less = Expressions::default();
        less.value(":less".to_owned(), attributes::number(-1));
        less.value(":none".to_owned(), attributes::number(0));
        for (n, (quota, opened)) in self.windows.iter().enumerate() {
            let Quota {
                opened: at, calls, ..
            } = quota;
            less.add.push(format!("{calls} :less"));
            less.conditions
                .push(format!("{at} = :opened{n} AND {calls} > :none"));
            less.value(format!(":opened{n}"), attributes::moment(*opened));
        }
        less
    }
}
