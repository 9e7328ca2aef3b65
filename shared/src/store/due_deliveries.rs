//! Attempts that are due later. Each is an item in the partition of an hour, sorted by its minute, which the sweeper
//! reads shortly before.
//!
//! The item is written together with what it follows from, so that no crash loses an attempt. Attempts that are due
//! within [`SENT_AT_ONCE`] are sent to the queue by whoever writes them, too, because the sweeper may have passed their
//! minute already. Their items lie so long after they are due that the attempt has been made when the sweeper comes by:
//! they matter only if that message was never sent. A message that comes twice is harmless.
//!
//! The *watermark* is the last minute that was swept. After an outage, the sweeper continues there.

use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::{Put, builders::PutBuilder};
use futures_util::future::try_join_all;

use crate::{
    domain::webhook_delivery::DueAttempt,
    ids::{EventId, WebhookSubscriptionId, WorkspaceId},
    log,
    store::{
        attributes::{self, Item, Read},
        conditional_update::{self, Expressions},
        database::Database,
        store_error::StoreError,
    },
    time::{HOUR, MINUTE, Timestamp},
};

/// The partitions of an hour: each takes 1,000 write units a second.
const SHARDS: usize = 4;

/// In milliseconds.
const SENT_AT_ONCE: i64 = 3 * MINUTE;

/// As long as a delivery stays in the log: an outage of the sweeper may last that long.
pub(crate) const KEPT_MILLIS: i64 = 30 * 24 * HOUR;

/// How many items of a partition are read at once.
const PAGE: i32 = 500;

/// An attempt, and when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scheduled {
    pub(crate) attempt: DueAttempt,
    pub(crate) due_at: Timestamp,
}

impl Scheduled {
    /// Whether whoever wrote it must send it to the queue, too.
    pub(crate) fn is_sent_at_once(&self, now: Timestamp) -> bool {
        self.due_at <= now.plus_millis(SENT_AT_ONCE)
    }

    pub(super) fn put(&self, now: Timestamp) -> PutBuilder {
        let Self { attempt, due_at } = self;
        let delivery = attempt.delivery_id();
        let shard = delivery.as_str().bytes().last().map_or(0, usize::from) % SHARDS;
        let minute = minute_of(if self.is_sent_at_once(now) {
            (*due_at).max(now).plus_millis(SENT_AT_ONCE)
        } else {
            *due_at
        });
        let sort = format!("{}#{delivery}#{}", minute_sort(minute), attempt.attempt);
        let expires = due_at.plus_millis(KEPT_MILLIS).as_secs_ceil();
        Put::builder()
            .set_item(Some(attributes::key(
                &partition(hour_of(minute), shard),
                &sort,
            )))
            .item("accountId", attributes::text(attempt.account_id.as_str()))
            .item(
                "subscriptionId",
                attributes::text(attempt.subscription_id.as_str()),
            )
            .item("eventId", attributes::text(attempt.event_id.as_str()))
            .item("attempt", attributes::number(attempt.attempt))
            .item("dueAt", attributes::moment(*due_at))
            .item("expiresAt", attributes::number(expires))
    }

    fn read(item: &Item) -> Result<Self, StoreError> {
        let attempt = u32::try_from(item.number("attempt")?);
        Ok(Self {
            attempt: DueAttempt {
                account_id: WorkspaceId::parse(item.text("accountId")?)
                    .ok_or_else(|| attributes::broken("accountId"))?,
                subscription_id: WebhookSubscriptionId::parse(item.text("subscriptionId")?)
                    .ok_or_else(|| attributes::broken("subscriptionId"))?,
                event_id: EventId::parse(item.text("eventId")?)
                    .ok_or_else(|| attributes::broken("eventId"))?,
                attempt: attempt.map_err(|_| attributes::broken("attempt"))?,
            },
            due_at: item.moment("dueAt")?,
        })
    }
}

/// Minutes since the epoch.
pub(crate) fn minute_of(moment: Timestamp) -> i64 {
    moment.as_millis().div_euclid(MINUTE)
}

/// Hours since the epoch.
pub(crate) fn hour_of(minute: i64) -> i64 {
    minute.div_euclid(60)
}

fn partition(hour: i64, shard: usize) -> String {
    format!("DUE#{hour}#{shard}")
}

/// Sorts as the minutes do, until the year 3871.
fn minute_sort(minute: i64) -> String {
    format!("{minute:09}")
}

/// Attempts that are due.
#[derive(Debug)]
pub(crate) struct DuePart {
    pub(crate) attempts: Vec<Scheduled>,
    /// These are all up to this minute, from the one that was asked for.
    pub(crate) to: i64,
}

/// What is due in the first of these minutes, which are of one hour: all of them, if that is not much more than
/// [`PAGE`] in a partition.
pub(crate) async fn first_due(
    database: &Database,
    minutes: RangeInclusive<i64>,
) -> Result<DuePart, StoreError> {
    let shards = (0..SHARDS).map(|shard| first_of_shard(database, &minutes, shard));
    let shards = try_join_all(shards).await?;
    let ends = shards.iter().map(|(_, to)| *to);
    let to = ends.min().unwrap_or(*minutes.end());
    let items = shards.iter().flat_map(|(items, _)| items);
    let items = items.filter(|item| minute_in(item, &minutes) <= to);
    // One that cannot be read, now or later, must not keep back the others.
    let read = items.filter_map(|item| {
        let read = Scheduled::read(item);
        read.inspect_err(|error| log::warn(&format!("a due attempt: {error}")))
            .ok()
    });
    Ok(DuePart {
        attempts: read.collect(),
        to,
    })
}

/// The items of some minutes, and the last minute of which there are all: at least the first one of which there are
/// any.
async fn first_of_shard(
    database: &Database,
    minutes: &RangeInclusive<i64>,
    shard: usize,
) -> Result<(Vec<Item>, i64), StoreError> {
    let partition = partition(hour_of(*minutes.start()), shard);
    let ends = [*minutes.start(), minutes.end() + 1].map(minute_sort);
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let page = database
            .client
            .query()
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", attributes::text(&partition))
            .expression_attribute_values(":first", attributes::text(&ends[0]))
            .expression_attribute_values(":last", attributes::text(&ends[1]))
            .consistent_read(true)
            .set_exclusive_start_key(after)
            .limit(PAGE);
        let page = database.query("read due attempts", page).await?;
        items.extend(page.items.unwrap_or_default());
        after = page.last_evaluated_key;
        let minute = |item: Option<&Item>| item.map(|item| minute_in(item, minutes));
        match (minute(items.first()), minute(items.last()), &after) {
            (.., None) => return Ok((items, *minutes.end())),
            // The next page may have more of the last minute.
            (Some(first), Some(last), Some(_)) if first < last => return Ok((items, last - 1)),
            _ => {}
        }
    }
}

/// The minute of an item, by its sort key.
fn minute_in(item: &Item, minutes: &RangeInclusive<i64>) -> i64 {
    let sort = item.text("sk").unwrap_or_default();
    let minute = sort
        .split('#')
        .next()
        .and_then(|minute| minute.parse().ok());
    minute.unwrap_or(*minutes.start())
}

fn watermark_key() -> Item {
    attributes::key("DUE", "WATERMARK")
}

/// The last minute that was swept. `None` before the first sweep.
pub(crate) async fn watermark(database: &Database) -> Result<Option<i64>, StoreError> {
    let item = database.get("read the watermark", watermark_key()).await?;
    item.map(|item| item.number("sweptMinute")).transpose()
}

/// Moves the watermark forward, never back.
pub(crate) async fn set_watermark(database: &Database, minute: i64) -> Result<(), StoreError> {
    let mut write = Expressions::default();
    write.set.push("sweptMinute = :minute".to_owned());
    write
        .conditions
        .push("attribute_not_exists(sweptMinute) OR sweptMinute < :minute".to_owned());
    write.value(":minute".to_owned(), attributes::number(minute));
    conditional_update::send(database, &watermark_key(), write)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The start of a minute.
    const NOW: Timestamp = Timestamp::from_millis(1_781_146_800_000);

    /// The minute in whose partition an attempt lies that is due after this many milliseconds, in minutes from now.
    fn lies_in(now: Timestamp, due_after: i64) -> i64 {
        let scheduled = Scheduled {
            attempt: DueAttempt {
                account_id: WorkspaceId::parse("acc_a").unwrap(),
                subscription_id: WebhookSubscriptionId::new(now),
                event_id: EventId::new(now),
                attempt: 2,
            },
            due_at: now.plus_millis(due_after),
        };
        let put = scheduled.put(now).table_name("t").build().unwrap();
        assert_eq!(Scheduled::read(&put.item).unwrap(), scheduled);
        let part = |name, at| -> i64 {
            let text = put.item.text(name).unwrap();
            text.split('#').nth(at).unwrap().parse().unwrap()
        };
        let minute = part("sk", 0);
        assert_eq!(part("pk", 1), hour_of(minute));
        minute - minute_of(now)
    }

    #[test]
    fn no_item_lies_in_a_minute_that_may_have_been_swept() {
        for (due_after, minutes) in [(-1, 3), (1, 4), (3, 6), (4, 4), (720, 720)] {
            assert_eq!(lies_in(NOW, due_after * MINUTE), minutes, "{due_after}");
        }
    }

    /// Else it would be made twice at the same time, if the minute ends soon.
    #[test]
    fn an_attempt_that_is_sent_at_once_is_not_swept_when_it_is_due() {
        for second in 0..60 {
            let now = NOW.plus_millis(second * 1000 + 999);
            for due_after in (0..=SENT_AT_ONCE).step_by(1000) {
                let swept = minute_of(now.plus_millis(due_after)) + 1;
                let lies_in = minute_of(now) + lies_in(now, due_after);
                assert!(lies_in > swept, "at {second} s, due after {due_after} ms");
            }
        }
    }
}
