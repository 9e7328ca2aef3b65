//! The refund of a submission whose form was wrong.
//!
//! A submission is counted before the form is read, so that an address over its limit costs no work. A form that turns
//! out to be wrong was a call but not a submission (Rate limits in openapi.yaml), and is refunded:
//!
//! ```text
//! UpdateItem  ADDRESS#{hash}   ADD submissionsIn10Minutes -1, submissionsInAnHour -1
//!                              IF openedFor10Minutes = {the one counted in} AND openedForAnHour = {…}
//! ```
//!
//! If the next of these windows has opened by then, only the other one is refunded.
//!
//! A submission is refunded at most once, so the limits are never exceeded: if the response to this write is lost, it
//! is not sent again, unlike the SDK's other calls. The submission may then stay counted, and the limit admits one
//! less until its windows end. docs/architecture.md, Rate limits, says what clients can notice of all this.

use crate::{
    domain::rate_limit::RateLimitStatus,
    log,
    store::{
        attributes::{self, Item},
        conditional_update::{Expressions, UpdateResult, send_once},
        database::Database,
        rate_windows::{ATTEMPTS, Quota},
        store_error::StoreError,
    },
    time::Timestamp,
};

pub(crate) struct Submission {
    /// The key of the address's item.
    key: Item,
    /// The windows in which it was counted, and when they opened.
    windows: Vec<(Quota, Timestamp)>,
    calls: Quota,
    /// The status of the address's calls, without its submissions.
    status: RateLimitStatus,
}

impl Submission {
    /// `item` is the address's item after the write that counted the submission.
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

    /// Refunds the submission, so that only the call stays counted. Returns the status of the address's calls.
    ///
    /// A failure is only logged, and the submission stays counted: the response must still say what is wrong with the
    /// form.
    pub(crate) async fn refund(mut self, database: &Database) -> RateLimitStatus {
        for attempt in 1..=ATTEMPTS {
            match send_once(database, &self.key, self.expressions()).await {
                Ok(UpdateResult::Done(item)) => {
                    let window = self.calls.window(&item).ok().flatten();
                    return window.map_or(self.status, |window| self.calls.status(window));
                }
                Ok(UpdateResult::ConditionFailed(found)) => {
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
                Ok(UpdateResult::Contended) => {
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
        let mut write = Expressions::default();
        write.value(":minus".to_owned(), attributes::number(-1));
        write.value(":none".to_owned(), attributes::number(0));
        for (n, (quota, opened)) in self.windows.iter().enumerate() {
            let Quota {
                opened: opened_name,
                calls,
                ..
            } = quota;
            write.add.push(format!("{calls} :minus"));
            write
                .conditions
                .push(format!("{opened_name} = :opened{n} AND {calls} > :none"));
            write.value(format!(":opened{n}"), attributes::moment(*opened));
        }
        write
    }
}
