//! Counting a caller's call, and with it recognising an API key, in one write.
//!
//! # The steady state: one request
//!
//! ```text
//! UpdateItem  KEY#{hash}   ADD calls 1   IF opened > now - 60 s AND calls < limit
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
//! | is not there | no such key: refused. A user: their first call, the window opens |
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
//! For a key, the turn stamps the listing's `lastUsedAt` in the same transaction: the two can never
//! disagree, and a list needs to read nothing but listings.
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
    error::SdkError,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{
        ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
        Update,
    },
};
use sha2::{Digest, Sha256};

use crate::{
    api_key::KeyHash,
    ids::{ApiKeyId, Subject, WorkspaceId},
    limits::{RateLimit, Verdict, WINDOW_MILLIS, Window},
    store::{
        Database, StoreError,
        api_keys::{KEY_SORT, key_partition, listing_key},
        item::{self, Item, Read},
        transaction::{Refused, Transaction, pause},
    },
    time::Timestamp,
};

/// How often a count is tried before the call fails.
const ATTEMPTS: u32 = 8;

/// A user's window is forgotten a day after its end; nothing hangs on when exactly.
const USER_KEPT_SECS: i64 = 24 * 60 * 60;

/// An API key that the table knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KnownKey {
    pub(crate) id: ApiKeyId,
    pub(crate) workspace: WorkspaceId,
}

/// How one attempt to count came out.
enum Count {
    /// Counted; the item as it is now.
    Done(Item),
    /// Not counted, because the condition failed; the item as it is, if there is one.
    Failed(Option<Item>),
    /// Not counted: another write was under way, or the service too busy.
    InTheWay,
}

/// Recognises a key and counts its call; `None` where there is no such key.
pub(crate) async fn count_key(
    database: &Database,
    hash: &KeyHash,
    limit: RateLimit,
    now: Timestamp,
) -> Result<Option<(KnownKey, Verdict)>, StoreError> {
    let key = item::key(&key_partition(hash), KEY_SORT);
    let turn = async |seen: Option<&Item>| match seen {
        None => Ok(Turn::NobodyThere),
        Some(seen) => turn_key(database, hash, &known_key(seen)?, window(seen)?, now).await,
    };
    match count(database, key, limit, now, turn).await? {
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
    let key = item::key(&user_partition(workspace, subject), "USER");
    let turn = async |seen: Option<&Item>| {
        turn_user(database, key.clone(), seen.map(window).transpose()?, now).await
    };
    match count(database, key.clone(), limit, now, turn).await? {
        Some((_, verdict)) => Ok(verdict),
        None => Err(StoreError::because(
            "count a user's call",
            "a user's first window did not open",
        )),
    }
}

/// What came of opening a caller's next window.
enum Turn {
    Opened,
    /// Somebody else was first, or in the way.
    Lost,
    /// There is no such caller.
    NobodyThere,
}

/// Counts a call, by the table of this module's documentation. Gives the caller's item, as it was found, and the
/// verdict; `None` where there is no item and `turn` does not make one.
async fn count(
    database: &Database,
    key: Item,
    limit: RateLimit,
    now: Timestamp,
    turn: impl AsyncFn(Option<&Item>) -> Result<Turn, StoreError>,
) -> Result<Option<(Item, Verdict)>, StoreError> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            pause(attempt).await;
        }
        let found = match add_one(database, key.clone(), limit, now).await? {
            Count::Done(item) => {
                let standing = window(&item)?.standing(limit);
                return Ok(Some((item, Verdict::Admitted(standing))));
            }
            Count::InTheWay => continue,
            Count::Failed(found) => found,
        };
        if let Some(item) = &found {
            let seen = window(item)?;
            if seen.is_open(now) {
                if seen.calls >= limit.0 {
                    let standing = seen.standing(limit);
                    return Ok(found.map(|item| (item, Verdict::Exceeded(standing))));
                }
                continue;
            }
        }
        match turn(found.as_ref()).await? {
            Turn::Opened => {
                let standing = Window::opened_at(now).standing(limit);
                return Ok(Some((
                    found.unwrap_or_default(),
                    Verdict::Admitted(standing),
                )));
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

/// The steady state's write.
async fn add_one(
    database: &Database,
    key: Item,
    RateLimit(limit): RateLimit,
    now: Timestamp,
) -> Result<Count, StoreError> {
    let update = update(database, key)
        .update_expression("ADD calls :one")
        .condition_expression("opened > :ended AND calls < :limit")
        .expression_attribute_values(":one", item::number(1))
        .expression_attribute_values(":ended", item::moment(Window::ended_before(now)))
        .expression_attribute_values(":limit", item::number(limit))
        .return_values(ReturnValue::AllNew)
        .return_values_on_condition_check_failure(OnFailure::AllOld);
    send(database, update).await
}

/// Opens a key's next window and stamps its listing.
async fn turn_key(
    database: &Database,
    hash: &KeyHash,
    known: &KnownKey,
    seen: Window,
    now: Timestamp,
) -> Result<Turn, StoreError> {
    let open = Update::builder()
        .set_key(Some(item::key(&key_partition(hash), KEY_SORT)))
        .update_expression("SET opened = :now, calls = :one")
        .condition_expression("opened = :seen")
        .expression_attribute_values(":now", item::moment(now))
        .expression_attribute_values(":one", item::number(1))
        .expression_attribute_values(":seen", item::moment(seen.opened));
    let stamp = Update::builder()
        .set_key(Some(listing_key(&known.workspace, &known.id)))
        .update_expression("SET lastUsedAt = :now")
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_values(":now", item::moment(now));
    let turned = Transaction::new(database, "turn a key's window")
        .update(open)?
        .update(stamp)?
        .commit(1);
    match turned.await? {
        Ok(()) => Ok(Turn::Opened),
        // Whatever became of it, the steady state's write will tell.
        Err(Refused::Condition(_) | Refused::Conflict | Refused::Busy) => Ok(Turn::Lost),
    }
}

/// Opens a user's next window, or their first.
async fn turn_user(
    database: &Database,
    key: Item,
    seen: Option<Window>,
    now: Timestamp,
) -> Result<Turn, StoreError> {
    let expires = now.plus_millis(WINDOW_MILLIS).as_secs_ceil() + USER_KEPT_SECS;
    let update = update(database, key)
        .update_expression("SET opened = :now, calls = :one, expiresAt = :expires")
        .expression_attribute_values(":now", item::moment(now))
        .expression_attribute_values(":one", item::number(1))
        .expression_attribute_values(":expires", item::number(expires));
    let update = match seen {
        None => update.condition_expression("attribute_not_exists(pk)"),
        Some(seen) => update
            .condition_expression("opened = :seen")
            .expression_attribute_values(":seen", item::moment(seen.opened)),
    };
    Ok(match send(database, update).await? {
        Count::Done(_) => Turn::Opened,
        Count::Failed(_) | Count::InTheWay => Turn::Lost,
    })
}

fn update(database: &Database, key: Item) -> UpdateItemFluentBuilder {
    database
        .client
        .update_item()
        .table_name(&*database.table)
        .set_key(Some(key))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
}

async fn send(database: &Database, update: UpdateItemFluentBuilder) -> Result<Count, StoreError> {
    match database.meter.call(update.send()).await {
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

fn window(item: &Item) -> Result<Window, StoreError> {
    Ok(Window {
        opened: item.moment("opened")?,
        calls: u32::try_from(item.number("calls")?).map_err(|_| item::broken("calls"))?,
    })
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
fn user_partition(workspace: &WorkspaceId, subject: &Subject) -> String {
    let hash = Sha256::digest(format!("{}#{}", workspace.as_str(), subject.as_str()));
    format!("USER#{}", base16ct::lower::encode_string(&hash))
}
