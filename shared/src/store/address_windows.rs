//! The windows of client addresses, for calls and for submissions: see [`crate::store::rate_windows`].

use crate::{
    domain::{
        client_address::AddressHash,
        rate_limit::{Decision, Policy, PublicLimits},
    },
    store::{
        attributes::{self, Item},
        conditional_update::{UpdateResult, send},
        database::Database,
        rate_windows::{Quota, Rollover, count, open_next_windows, status},
        store_error::StoreError,
        submission_refund::Submission,
    },
    time::{MINUTE, Timestamp},
};

/// An address's item is kept for two hours after it last opened a window. The longest window lasts one hour.
const ADDRESS_KEPT_MILLIS: i64 = 2 * 60 * MINUTE;

/// Decides which limits of the address apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PublicAct {
    Call,
    /// The submission of a ticket, which is also a call.
    Submission,
}

pub(crate) struct CountedAct {
    pub(crate) decision: Decision,
    /// The submission that was counted, if any.
    pub(crate) submission: Option<Submission>,
}

pub(crate) async fn count_address(
    database: &Database,
    address: &AddressHash,
    act: PublicAct,
    limits: &PublicLimits,
    now: Timestamp,
) -> Result<CountedAct, StoreError> {
    let key = attributes::key(&format!("ADDRESS#{}", address.as_str()), "ADDRESS");
    let calls = Quota::of_calls(Policy::Address, limits.calls);
    let submissions = [
        Quota {
            policy: Policy::SubmissionsIn10Minutes,
            opened: "openedFor10Minutes",
            calls: "submissionsIn10Minutes",
            limit: limits.submissions_in_10_minutes,
            weight: 1,
        },
        Quota {
            policy: Policy::SubmissionsInAnHour,
            opened: "openedForAnHour",
            calls: "submissionsInAnHour",
            limit: limits.submissions_in_an_hour,
            weight: 1,
        },
    ];
    let all = [calls, submissions[0], submissions[1]];
    let quotas = match act {
        PublicAct::Call => &all[..1],
        PublicAct::Submission => &all,
    };
    let roll_over =
        async |seen: Option<&Item>| roll_over_address(database, &key, seen, quotas, now).await;
    let (item, decision) = count(database, &key, quotas, now, roll_over).await?;
    let submission = match (act, &decision) {
        (PublicAct::Submission, Decision::Allowed(_)) => {
            Some(Submission::of(key, &item, calls, &submissions)?)
        }
        _ => None,
    };
    Ok(CountedAct {
        decision,
        submission,
    })
}

/// Opens the next window for each that is over.
async fn roll_over_address(
    database: &Database,
    key: &Item,
    seen: Option<&Item>,
    quotas: &[Quota],
    now: Timestamp,
) -> Result<Rollover, StoreError> {
    let opening = open_next_windows(seen, quotas, Some(ADDRESS_KEPT_MILLIS), now)?;
    Ok(match send(database, key, opening).await? {
        UpdateResult::Done(item) => Rollover::Opened(status(&item, quotas, now)?, Some(item)),
        UpdateResult::ConditionFailed(_) | UpdateResult::Contended => Rollover::Lost,
    })
}
