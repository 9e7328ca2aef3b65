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
//! | window open, has room | someone turned it in between, or a limit was raised: once more |
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

use aws_sdk_dynamodb::{
    config::{Config, retry::RetryConfig},
    error::SdkError,
    operation::update_item::{
        UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder,
    },
    types::{
        AttributeValue, ReturnConsumedCapacity, ReturnValue,
        ReturnValuesOnConditionCheckFailure as OnFailure, Update, builders::UpdateBuilder,
    },
};
use sha2::{Digest, Sha256};

use crate::{
    api_key::KeyHash,
    client_address::AddressHash,
    config::PublicLimits,
    ids::{ApiKeyId, Subject, WorkspaceId},
    limits::{Policy, RateLimit, Standing, Verdict, Window},
    store::{
        Database, StoreError,
        api_keys::{KEY_SORT, key_partition, listing_key},
        item::{self, Item, Read},
        submissions::Submission,
        transaction::{Transaction, pause},
        workspaces,
    },
    time::{MINUTE, Timestamp},
};

/// How often a count is tried before the call fails.
pub(super) const ATTEMPTS: u32 = 8;

/// A user's window is forgotten a day after its end; nothing hangs on when exactly.
const USER_KEPT_MILLIS: i64 = 24 * 60 * MINUTE;

/// An address is forgotten two hours after it last opened a window, of which the longest lasts one.
const ADDRESS_KEPT_MILLIS: i64 = 2 * 60 * MINUTE;

/// An API key that the table knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KnownKey {
    pub(crate) id: ApiKeyId,
    pub(crate) workspace: WorkspaceId,
}

/// What an address does, as its limits tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PublicAct {
    /// Anything.
    Call,
    /// It submits a ticket, which is also a call.
    Submission,
}

/// What counting an address's act came to.
pub(crate) struct CountedAct {
    pub(crate) verdict: Verdict,
    /// The submission, where one was counted.
    pub(crate) submission: Option<Submission>,
}

/// A limit, and the attributes that hold its window in the caller's item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    policy: Policy,
    pub(super) opened: &'static str,
    pub(super) calls: &'static str,
    limit: RateLimit,
    /// How many calls are counted at once.
    weight: u32,
}

impl Quota {
    /// Of everything that a caller does.
    fn of_calls(policy: Policy, limit: RateLimit) -> Self {
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
            u32::try_from(item.number(self.calls)?).map_err(|_| item::broken(self.calls))?;
        Ok(Some(Window { opened, calls }))
    }

    /// How many calls a window may have admitted for these to have room.
    fn room(&self) -> AttributeValue {
        item::number(i64::from(self.limit.calls) - i64::from(self.weight))
    }

    /// The window, if calls made `now` count into it.
    fn open_window(&self, item: &Item, now: Timestamp) -> Result<Option<Window>, StoreError> {
        let window = self.window(item)?;
        Ok(window.filter(|window| window.is_open(self.limit, now)))
    }

    pub(super) fn standing(&self, window: Window) -> Standing {
        window.standing(self.policy, self.limit)
    }
}

/// How one attempt to count came out.
pub(super) enum Count {
    /// Counted; the item as it is now.
    Done(Item),
    /// Not counted, because the condition failed; the item as it is, if there is one.
    Failed(Option<Item>),
    /// Not counted: another write was under way, or the service too busy.
    InTheWay,
}

/// What came of opening a caller's next window, or windows.
enum Turn {
    /// With the item as it is now, where the write told.
    Opened(Standing, Option<Item>),
    /// Somebody else was first, or in the way.
    Lost,
    /// There is no such caller.
    NobodyThere,
}

/// Recognises a key and counts its call; `None` where there is no such key.
pub(crate) async fn count_key(
    database: &Database,
    hash: &KeyHash,
    limit: RateLimit,
    now: Timestamp,
) -> Result<Option<(KnownKey, Verdict)>, StoreError> {
    let key = item::key(&key_partition(hash), KEY_SORT);
    let quota = Quota::of_calls(Policy::ApiKey, limit);
    let turn = async |seen: Option<&Item>| match seen {
        None => Ok(Turn::NobodyThere),
        Some(seen) => turn_key(database, key.clone(), seen, quota, now).await,
    };
    match count(database, &key, &[quota], now, turn).await? {
        None => Ok(None),
        Some((item, verdict)) => Ok(Some((known_key(&item)?, verdict))),
    }
}

/// Counts the call of a user in a workspace.
pub(crate) async fn count_user(
    database: &Database,
    workspace: &WorkspaceId,
    subject: &Subject,
    limit: RateLimit,
    now: Timestamp,
) -> Result<Verdict, StoreError> {
    let key = user_key(workspace, subject);
    let quota = Quota::of_calls(Policy::User, limit);
    let turn = async |seen: Option<&Item>| {
        turn_user(database, key.clone(), workspace, seen, quota, now).await
    };
    always(count(database, &key, &[quota], now, turn).await?)
}

/// A user's window as their item has it, if calls made `now` count into it.
pub(super) fn user_window(
    user: Option<&Item>,
    limit: RateLimit,
    now: Timestamp,
) -> Result<Option<Window>, StoreError> {
    let quota = Quota::of_calls(Policy::User, limit);
    let window = user.map(|item| quota.open_window(item, now));
    Ok(window.transpose()?.flatten())
}

/// The write that counts so many calls of a user at once, in the window that was seen or in the next: see
/// [`crate::store::sessions`].
pub(super) fn drawing(
    seen: Option<&Item>,
    limit: RateLimit,
    calls: u32,
    now: Timestamp,
) -> Result<Expressions, StoreError> {
    let quota = Quota {
        weight: calls,
        ..Quota::of_calls(Policy::User, limit)
    };
    turn(seen, &[quota], Some(user_kept(limit)), now)
}

/// How long a user's item is kept after a window was opened.
fn user_kept(limit: RateLimit) -> i64 {
    limit.window_millis + USER_KEPT_MILLIS
}

/// Counts what a client address does.
pub(crate) async fn count_address(
    database: &Database,
    address: &AddressHash,
    act: PublicAct,
    limits: &PublicLimits,
    now: Timestamp,
) -> Result<CountedAct, StoreError> {
    let key = item::key(&format!("ADDRESS#{}", address.as_str()), "ADDRESS");
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
    let turn = async |seen: Option<&Item>| turn_address(database, &key, seen, quotas, now).await;
    let counted = count(database, &key, quotas, now, turn).await?;
    let (item, verdict) = counted.ok_or_else(no_first_window)?;
    let submission = match (act, &verdict) {
        (PublicAct::Submission, Verdict::Admitted(_)) => {
            Some(Submission::of(key, &item, calls, &submissions)?)
        }
        _ => None,
    };
    Ok(CountedAct {
        verdict,
        submission,
    })
}

/// The verdict on a caller who is made where they are not there.
fn always(counted: Option<(Item, Verdict)>) -> Result<Verdict, StoreError> {
    let counted = counted.map(|(_, verdict)| verdict);
    counted.ok_or_else(no_first_window)
}

fn no_first_window() -> StoreError {
    StoreError::because("count a call", "a first window did not open")
}

/// Counts a call, by the table of this module's documentation. Gives the caller's item, as it was found or is now, and
/// the verdict; `None` where there is no item and `turn` does not make one.
async fn count(
    database: &Database,
    key: &Item,
    quotas: &[Quota],
    now: Timestamp,
    turn: impl AsyncFn(Option<&Item>) -> Result<Turn, StoreError>,
) -> Result<Option<(Item, Verdict)>, StoreError> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            pause(attempt).await;
        }
        let found = match add(database, key, quotas, now).await? {
            Count::Done(item) => {
                let standing = standing(&item, quotas, now)?;
                return Ok(Some((item, Verdict::Admitted(standing))));
            }
            Count::InTheWay => continue,
            Count::Failed(found) => found,
        };
        if let Some(item) = &found {
            let mut windows = Vec::with_capacity(quotas.len());
            for quota in quotas {
                let window = quota.open_window(item, now)?;
                windows.push(window.map(|window| quota.standing(window)));
            }
            let full = windows.iter().zip(quotas).filter_map(|(standing, quota)| {
                standing.filter(|standing| standing.remaining < quota.weight)
            });
            if let Some(standing) = Standing::tightest(full) {
                return Ok(found.map(|item| (item, Verdict::Exceeded(standing))));
            }
            if windows.iter().all(Option::is_some) {
                continue;
            }
        }
        match turn(found.as_ref()).await? {
            Turn::Opened(standing, opened) => {
                let item = opened.or(found).unwrap_or_default();
                return Ok(Some((item, Verdict::Admitted(standing))));
            }
            Turn::Lost => {}
            Turn::NobodyThere => return Ok(None),
        }
    }
    Err(StoreError::because(
        "count a call",
        "other writes were always in the way",
    ))
}

/// How a caller stands whose call was counted in these windows.
fn standing(item: &Item, quotas: &[Quota], now: Timestamp) -> Result<Standing, StoreError> {
    let mut standings = Vec::with_capacity(quotas.len());
    for quota in quotas {
        let window = quota.open_window(item, now)?;
        standings.extend(window.map(|window| quota.standing(window)));
    }
    Standing::tightest(standings).ok_or_else(|| item::broken("opened"))
}

/// An update, as its expressions and their values.
#[derive(Default)]
pub(super) struct Expressions {
    pub(super) set: Vec<String>,
    pub(super) add: Vec<String>,
    pub(super) conditions: Vec<String>,
    values: Vec<(String, AttributeValue)>,
}

impl Expressions {
    pub(super) fn value(&mut self, name: String, value: AttributeValue) {
        self.values.push((name, value));
    }

    fn update(&self) -> String {
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        clause("SET", &self.set) + &clause("ADD", &self.add)
    }

    fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }
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
        more.value(format!(":calls{n}"), item::number(*weight));
        more.value(format!(":ended{n}"), item::moment(limit.ended_before(now)));
        more.value(format!(":room{n}"), quota.room());
    }
    send(database, key, more).await
}

/// The write that opens the windows that are over, and counts on in the others.
fn turn(
    seen: Option<&Item>,
    quotas: &[Quota],
    kept_millis: Option<i64>,
    now: Timestamp,
) -> Result<Expressions, StoreError> {
    let mut turned = Expressions::default();
    for (n, quota) in quotas.iter().enumerate() {
        let Quota {
            opened,
            calls,
            limit,
            weight,
            ..
        } = quota;
        turned.value(format!(":calls{n}"), item::number(*weight));
        let window = seen.map(|item| quota.window(item)).transpose()?.flatten();
        match window {
            Some(window) if window.is_open(*limit, now) => {
                turned.add.push(format!("{calls} :calls{n}"));
                turned.conditions.push(format!("{calls} <= :room{n}"));
                turned.value(format!(":room{n}"), quota.room());
            }
            _ => {
                turned
                    .set
                    .push(format!("{opened} = :now, {calls} = :calls{n}"));
                turned.value(":now".to_owned(), item::moment(now));
            }
        }
        match window {
            Some(window) => {
                turned.conditions.push(format!("{opened} = :seen{n}"));
                turned.value(format!(":seen{n}"), item::moment(window.opened));
            }
            None => turned
                .conditions
                .push(format!("attribute_not_exists({opened})")),
        }
    }
    if let Some(kept) = kept_millis {
        turned.set.push("expiresAt = :expires".to_owned());
        let expires = now.plus_millis(kept).as_secs_ceil();
        turned.value(":expires".to_owned(), item::number(expires));
    }
    Ok(turned)
}

/// Opens a key's next window and stamps its listing.
async fn turn_key(
    database: &Database,
    key: Item,
    seen: &Item,
    quota: Quota,
    now: Timestamp,
) -> Result<Turn, StoreError> {
    let known = known_key(seen)?;
    let stamp = Update::builder()
        .set_key(Some(listing_key(&known.workspace, &known.id)))
        .update_expression("SET lastUsedAt = :now")
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_values(":now", item::moment(now));
    let turned = Transaction::new(database, "turn a key's window")
        .update(in_transaction(key, turn(Some(seen), &[quota], None, now)?))?
        .update(stamp)?;
    Ok(turned_alone(turned.send().await?.is_ok(), quota, now))
}

/// Opens a user's next window; or their first, which makes the workspace known.
async fn turn_user(
    database: &Database,
    key: Item,
    workspace: &WorkspaceId,
    seen: Option<&Item>,
    quota: Quota,
    now: Timestamp,
) -> Result<Turn, StoreError> {
    let opening = turn(seen, &[quota], Some(user_kept(quota.limit)), now)?;
    let done = if seen.is_some() {
        matches!(send(database, &key, opening).await?, Count::Done(_))
    } else {
        let first = Transaction::new(database, "open a user's first window")
            .update(in_transaction(key, opening))?
            .update(workspaces::make_known(workspace, now))?;
        first.send().await?.is_ok()
    };
    Ok(turned_alone(done, quota, now))
}

/// What came of the turn of one window. Where it was lost, whatever became of it, the steady state's write tells.
fn turned_alone(done: bool, quota: Quota, now: Timestamp) -> Turn {
    if done {
        let window = Window {
            opened: now,
            calls: quota.weight,
        };
        Turn::Opened(quota.standing(window), None)
    } else {
        Turn::Lost
    }
}

/// Opens those of an address's windows that are over.
async fn turn_address(
    database: &Database,
    key: &Item,
    seen: Option<&Item>,
    quotas: &[Quota],
    now: Timestamp,
) -> Result<Turn, StoreError> {
    let opening = turn(seen, quotas, Some(ADDRESS_KEPT_MILLIS), now)?;
    Ok(match send(database, key, opening).await? {
        Count::Done(item) => Turn::Opened(standing(&item, quotas, now)?, Some(item)),
        Count::Failed(_) | Count::InTheWay => Turn::Lost,
    })
}

pub(super) fn in_transaction(key: Item, expressions: Expressions) -> UpdateBuilder {
    Update::builder()
        .set_key(Some(key))
        .update_expression(expressions.update())
        .condition_expression(expressions.condition())
        .set_expression_attribute_values(Some(expressions.values.into_iter().collect()))
}

/// Sends a conditional write that counts something.
pub(super) async fn send(
    database: &Database,
    key: &Item,
    expressions: Expressions,
) -> Result<Count, StoreError> {
    let update = update(database, key, expressions);
    done(database, database.meter.call(update.send()).await)
}

/// The same, and never a second time: where its answer is lost, it may have been done or not.
pub(super) async fn send_once(
    database: &Database,
    key: &Item,
    expressions: Expressions,
) -> Result<Count, StoreError> {
    let once = Config::builder().retry_config(RetryConfig::disabled());
    let update = update(database, key, expressions).customize();
    let update = update.config_override(once).send();
    done(database, database.meter.call(update).await)
}

fn update(database: &Database, key: &Item, expressions: Expressions) -> UpdateItemFluentBuilder {
    database
        .client
        .update_item()
        .table_name(&*database.table)
        .set_key(Some(key.clone()))
        .update_expression(expressions.update())
        .condition_expression(expressions.condition())
        .set_expression_attribute_values(Some(expressions.values.into_iter().collect()))
        .return_values(ReturnValue::AllNew)
        .return_values_on_condition_check_failure(OnFailure::AllOld)
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
}

fn done(
    database: &Database,
    answer: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
) -> Result<Count, StoreError> {
    match answer {
        Ok(updated) => {
            database.meter.write(updated.consumed_capacity());
            Ok(Count::Done(updated.attributes.unwrap_or_default()))
        }
        Err(error) => not_counted(database, &error),
    }
}

fn not_counted(
    database: &Database,
    error: &SdkError<UpdateItemError>,
) -> Result<Count, StoreError> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
            database.meter.failed_write(1);
            Ok(Count::Failed(failed.item().cloned()))
        }
        Some(
            UpdateItemError::TransactionConflictException(_)
            | UpdateItemError::ProvisionedThroughputExceededException(_)
            | UpdateItemError::ThrottlingException(_),
        ) => Ok(Count::InTheWay),
        _ => Err(StoreError::new("count a call", error)),
    }
}

fn known_key(item: &Item) -> Result<KnownKey, StoreError> {
    Ok(KnownKey {
        id: ApiKeyId::parse(item.text("keyId")?).ok_or_else(|| item::broken("keyId"))?,
        workspace: WorkspaceId::parse(item.text("accountId")?)
            .ok_or_else(|| item::broken("accountId"))?,
    })
}

/// A subject may be long and personal; its item needs neither. A workspace id has no `#`, so that two
/// pairs never read the same.
pub(super) fn user_key(workspace: &WorkspaceId, subject: &Subject) -> Item {
    let hash = Sha256::digest(format!("{}#{}", workspace.as_str(), subject.as_str()));
    let partition = format!("USER#{}", base16ct::lower::encode_string(&hash));
    item::key(&partition, "USER")
}
