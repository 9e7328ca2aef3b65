//! The sweeper after an outage: of any length, and of any amount.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde_json::{Value, json};
use shared::{
    DeliveryId, Timestamp, WebhookSubscriptionId,
    ids::EventId,
    time::{HOUR, MINUTE},
};

use crate::app::{App, resources::text};

const DAY: i64 = 24 * HOUR;

/// An item of an attempt that is due at this time, as `store/due_deliveries.rs` writes it.
fn due(at: Timestamp) -> Value {
    let (subscription, event) = (WebhookSubscriptionId::new(at), EventId::new(at));
    let delivery = DeliveryId::of(&subscription, &event).to_string();
    let shard = delivery.bytes().last().unwrap() % 4;
    let minute = at.as_millis() / MINUTE;
    json!({
        "pk": { "S": format!("DUE#{}#{shard}", minute / 60) },
        "sk": { "S": format!("{minute:09}#{delivery}#2") },
        "accountId": { "S": "acc_a" },
        "subscriptionId": { "S": subscription.to_string() },
        "eventId": { "S": event.to_string() },
        "attempt": { "N": "2" },
        "dueAt": { "N": at.as_millis().to_string() },
    })
}

/// The events of the messages that were sent.
fn sent(app: &App) -> Vec<String> {
    let bodies = app.queued().into_iter();
    let bodies = bodies.map(|entry| serde_json::from_str::<Value>(&text(&entry, "MessageBody")));
    bodies.map(|body| text(&body.unwrap(), "eventId")).collect()
}

fn events(items: &[Value]) -> BTreeSet<String> {
    let events = items.iter().map(|item| item["eventId"]["S"].as_str());
    events.map(|event| event.unwrap().to_owned()).collect()
}

/// Its sweeper has as much time as the template gives it.
async fn app() -> App {
    App::builder()
        .timeout(Duration::from_secs(55))
        .start()
        .await
}

async fn tick(app: &App) -> Result<Value, Value> {
    app.work("webhooks-due", &json!({})).await
}

#[tokio::test]
async fn an_attempt_that_was_due_four_weeks_ago_is_sent_after_any_outage() {
    for has_watermark in [true, false] {
        let app = app().await;
        let now = Timestamp::now();
        if has_watermark {
            app.set_watermark(now.plus_millis(-29 * DAY).as_millis());
        }
        let items: Vec<_> = [28 * DAY, 8 * HOUR, 0]
            .map(|ago| due(now.plus_millis(-ago)))
            .into();
        app.put_all(items.clone());
        // On a busy machine, one sweep may not come to the end.
        for _ in 0..5 {
            tick(&app).await.unwrap();
        }
        let sent = sent(&app);
        assert_eq!(sent.len(), 3, "with a watermark: {has_watermark}");
        assert_eq!(sent.into_iter().collect::<BTreeSet<_>>(), events(&items));
        assert!(app.watermark() > now.as_millis() / MINUTE);
    }
}

#[tokio::test]
async fn a_sweep_that_fails_in_the_middle_of_an_hour_does_not_begin_it_again() {
    let app = app().await;
    let now = Timestamp::now();
    let hour = now.as_millis() / HOUR - 2;
    let start = Timestamp::from_millis(hour * HOUR);
    app.set_watermark(start.as_millis() - MINUTE);
    // 100 in each minute, and in one minute more than the sweeper reads at once.
    let minutes = (0..60).flat_map(|minute| std::iter::repeat_n(minute, 100));
    let minutes = minutes.chain(std::iter::repeat_n(30, 2500));
    let items: Vec<_> = minutes
        .map(|minute| due(start.plus_millis(minute * MINUTE)))
        .collect();
    app.put_all(items.clone());
    let takes = Arc::new(AtomicI64::new(2000));
    let left = Arc::clone(&takes);
    app.queue_refuses(move || left.fetch_sub(1, Relaxed) <= 0);
    let (mut all, mut most) = (BTreeSet::new(), 0);
    let mut watermark = app.watermark();
    for _ in 0..20 {
        let ended = tick(&app).await;
        let sent = sent(&app);
        most += sent.len();
        all.extend(sent);
        takes.store(2000, Relaxed);
        if ended.is_ok() {
            break;
        }
        assert!(app.watermark() >= watermark);
        watermark = app.watermark();
        takes.store(6000, Relaxed);
    }
    assert_eq!(all, events(&items));
    assert!(
        most < 2 * items.len(),
        "{most} messages for {}",
        items.len()
    );
}

#[tokio::test]
async fn a_due_attempt_that_cannot_be_read_keeps_back_no_other() {
    let app = App::start().await;
    let now = Timestamp::now();
    app.set_watermark(now.plus_millis(-HOUR).as_millis());
    let items = [
        due(now.plus_millis(-MINUTE)),
        due(now.plus_millis(-2 * MINUTE)),
    ];
    let mut broken = due(now.plus_millis(-2 * MINUTE));
    broken["attempt"] = json!({ "S": "x" });
    app.put_all([&items[..], &[broken]].concat());
    tick(&app).await.unwrap();
    let sent: BTreeSet<_> = sent(&app).into_iter().collect();
    assert_eq!(sent, events(&items));
    assert!(app.watermark() > now.as_millis() / MINUTE);
}
