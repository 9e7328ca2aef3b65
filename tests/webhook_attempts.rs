//! What the attempts of deliveries say of a receiver: failures in a row, holds, and the end of a subscription
//! (Webhooks, Retries, in openapi.yaml).

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use futures_util::future::join;
use local::proxy::{Fault, Operation};
use serde_json::{Value, json};
use shared::{
    Timestamp,
    time::{HOUR, MINUTE},
};

use crate::app::{
    App, Builder,
    receiver::{NO_ANSWER, Received, Receiver},
    resources::text,
    workers::Workers,
};

impl App {
    async fn set(&self, key: &str, id: &str, changes: &Value) {
        let change = self.subscription("PATCH", id, "").json(changes);
        change.bearer(key).await_status(200).await;
    }

    /// The subscription with this id.
    pub async fn subscribed_as(&self, key: &str, id: &str) -> Value {
        let mut all = self.subscriptions(key).await;
        all.retain(|one| one["id"] == *id);
        all.remove(0)
    }
}

/// When a field's time is, in milliseconds.
pub fn at(data: &Value, name: &str) -> i64 {
    Timestamp::parse(&text(data, name)).unwrap().as_millis()
}

pub fn is_well(subscription: &Value) -> bool {
    subscription["consecutiveFailures"] == 0
        && subscription["failingSince"].is_null()
        && subscription["heldUntil"].is_null()
}

/// An app, a key of `acc_a`, a receiver, and a subscription of all tickets' events that it gets.
pub async fn with_receiver(builder: Builder, status: u16) -> (App, String, Receiver, String) {
    let app = builder.start().await;
    // A key, because the clock moves past the end of any token.
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(status).await;
    let id = subscribed_to_tickets(&app, &key, receiver.url()).await;
    (app, key, receiver, id)
}

async fn subscribed_to_tickets(app: &App, key: &str, url: &str) -> String {
    let body = json!({ "url": url, "events": ["suppuo.ticket.*"] });
    let created = app.subscribe(&body).bearer(key).await_status(201).await;
    text(created.data(), "id")
}

#[tokio::test]
async fn an_answer_of_the_old_url_says_nothing_about_the_new_one() {
    for status in [410, 500, NO_ANSWER] {
        let (app, key, old, id) = with_receiver(App::builder(), status).await;
        let new = Receiver::start(200).await;
        let mut workers = Workers::new(&app);
        app.raise(&key).await;
        workers.fan_out_all().await;
        old.hold_next(1);
        let meanwhile = async {
            old.until_arrived(1).await;
            app.set(&key, &id, &json!({ "url": new.url() })).await;
            old.release();
        };
        join(workers.deliver_all(), meanwhile).await;
        let subscription = app.subscribed_as(&key, &id).await;
        assert_eq!(subscription["active"], true, "{status}");
        assert!(is_well(&subscription), "{status}: {subscription}");
        // The delivery goes on, to the new one.
        let next = workers.next_attempt().unwrap();
        workers.advance_to(next + 1000);
        workers.do_all_that_is_due().await;
        let received = new.take();
        assert_eq!(received.len(), 1, "{status}");
        assert_eq!(received[0].header("suppuo-delivery-attempt"), "2");
    }
}

#[tokio::test]
async fn a_failure_from_before_the_failures_were_forgotten_is_forgotten_too() {
    let (app, key, receiver, id) = with_receiver(App::builder(), 500).await;
    let mut workers = Workers::new(&app);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    app.raise(&key).await;
    workers.fan_out_all().await;
    receiver.hold_next(1);
    let meanwhile = async {
        receiver.until_arrived(2).await;
        app.set(&key, &id, &json!({ "active": true })).await;
        receiver.release();
    };
    join(workers.deliver_all(), meanwhile).await;
    assert!(is_well(&app.subscribed_as(&key, &id).await));
}

#[tokio::test]
async fn another_url_is_not_held_for_the_old_one() {
    let (app, key, _receiver, id) = with_receiver(App::builder(), NO_ANSWER).await;
    let mut workers = Workers::new(&app);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    assert!(app.subscribed_as(&key, &id).await["heldUntil"].is_string());
    let new = Receiver::start(200).await;
    app.set(&key, &id, &json!({ "url": new.url() })).await;
    let changed = app.subscribed_as(&key, &id).await;
    assert!(changed["heldUntil"].is_null());
    assert_eq!(changed["consecutiveFailures"], 1, "only `active` forgets");
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    assert_eq!(new.take().len(), 1);
}

#[tokio::test]
async fn a_success_ends_the_count() {
    let (app, key, receiver, id) = with_receiver(App::builder(), 500).await;
    let mut workers = Workers::new(&app);
    let before = workers.now();
    for failures in 1..=3 {
        app.raise(&key).await;
        workers.do_all_that_is_due().await;
        let failing = app.subscribed_as(&key, &id).await;
        assert_eq!(failing["consecutiveFailures"], failures);
        assert!((before..=workers.now()).contains(&at(&failing, "failingSince")));
    }
    receiver.answer_with(200);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    assert!(is_well(&app.subscribed_as(&key, &id).await));
}

/// Its attempt began before the failure of another one, which it has not seen.
#[tokio::test]
async fn a_success_ends_the_count_of_failures_that_came_while_it_was_under_way() {
    let (app, key, receiver, id) = with_receiver(App::builder(), 500).await;
    let mut workers = Workers::new(&app);
    app.raise(&key).await;
    app.raise(&key).await;
    workers.fan_out_all().await;
    receiver.hold_next(1);
    let meanwhile = async {
        receiver.until_arrived(2).await;
        while app.subscribed_as(&key, &id).await["consecutiveFailures"] == 0 {}
        receiver.answer_with(200);
        receiver.release();
    };
    join(workers.deliver_all(), meanwhile).await;
    assert!(is_well(&app.subscribed_as(&key, &id).await));
}

/// Loses the response to the `n`th `UpdateItem` after `lose` was set to `n`.
fn losing() -> (Arc<AtomicU32>, Builder) {
    let lose = Arc::new(AtomicU32::new(0));
    let left = Arc::clone(&lose);
    let faults = move |operation: &Operation| match operation.name.as_str() {
        "UpdateItem" if left.load(Relaxed) > 0 && left.fetch_sub(1, Relaxed) == 1 => {
            Fault::LoseAnswer
        }
        _ => Fault::None,
    };
    (lose, App::builder().faults(faults))
}

fn outcomes(app: &App) -> Vec<String> {
    let lines = app.log().into_iter();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let deliveries = lines.filter(|line| line["message"] == "delivery");
    deliveries.map(|line| text(&line, "outcome")).collect()
}

#[tokio::test]
async fn a_failure_counts_once_although_the_tables_response_is_lost() {
    let (lose, builder) = losing();
    let (app, key, _receiver, id) = with_receiver(builder, 500).await;
    let mut workers = Workers::new(&app);
    app.raise(&key).await;
    workers.fan_out_all().await;
    // The result is a transaction.
    lose.store(1, Relaxed);
    assert_eq!(workers.deliver_all().await, 0);
    assert_eq!(lose.load(Relaxed), 0);
    let failing = app.subscribed_as(&key, &id).await;
    assert_eq!(failing["consecutiveFailures"], 1);
    assert_eq!(outcomes(&app), ["failed"]);
}

#[tokio::test]
async fn a_success_counts_although_the_tables_response_is_lost() {
    let (lose, builder) = losing();
    let (app, key, receiver, id) = with_receiver(builder, 500).await;
    let mut workers = Workers::new(&app);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    receiver.answer_with(200);
    // The first one ends the count, the second one is the result.
    for lost in 1..=2 {
        app.raise(&key).await;
        workers.fan_out_all().await;
        lose.store(lost, Relaxed);
        workers.deliver_all().await;
        assert!(is_well(&app.subscribed_as(&key, &id).await), "{lost}");
        if lost == 1 {
            // A failure again, for the next turn.
            receiver.answer_with(500);
            app.raise(&key).await;
            workers.do_all_that_is_due().await;
            receiver.answer_with(200);
        }
    }
    assert_eq!(lose.load(Relaxed), 0);
    assert_eq!(
        outcomes(&app),
        ["failed", "succeeded", "failed", "succeeded"]
    );
}

/// Adds another subscription, which gets what happens to subscriptions.
async fn told_of_the_end(app: &App, key: &str) -> Receiver {
    let receiver = Receiver::start(200).await;
    let body = json!({ "url": receiver.url(), "events": ["suppuo.webhook_subscription.*"] });
    app.subscribe(&body).bearer(key).await_status(201).await;
    receiver
}

/// What the others are told is what the subscription shows.
fn is_told(event: &Value, of: &Value) -> bool {
    let data = event["data"].as_object().unwrap();
    let names = [
        "id",
        "url",
        "disabledAt",
        "disabledReason",
        "consecutiveFailures",
        "failingSince",
    ];
    data.len() == names.len()
        && event["type"] == "suppuo.webhook_subscription.disabled.v1"
        && names.iter().all(|name| data[*name] == of[*name])
}

#[tokio::test]
async fn a_410_switches_off_at_once_and_tells_the_others() {
    for by_a_test in [false, true] {
        let (app, key, _receiver, id) = with_receiver(App::builder(), 410).await;
        let told = told_of_the_end(&app, &key).await;
        let mut workers = Workers::new(&app);
        if by_a_test {
            app.tested(&key, &id).await;
        } else {
            app.raise(&key).await;
        }
        workers.do_all_that_is_due().await;
        let disabled = app.subscribed_as(&key, &id).await;
        for (name, value) in [
            ("active", json!(false)),
            ("disabledReason", json!("gone")),
            ("consecutiveFailures", json!(1)),
        ] {
            assert_eq!(disabled[name], value, "{name}, by a test: {by_a_test}");
        }
        assert!(disabled["failingSince"].is_string());
        let events: Vec<_> = told.take().iter().map(Received::event).collect();
        assert!(
            events.len() == 1 && is_told(&events[0], &disabled),
            "{events:?}"
        );
        assert_eq!(workers.next_attempt(), None);
    }
}

#[tokio::test]
async fn twenty_failures_in_a_row_over_a_day_switch_off_and_tell_the_others() {
    let (app, key, receiver, id) = with_receiver(App::builder(), 503).await;
    let told = told_of_the_end(&app, &key).await;
    let mut workers = Workers::new(&app);
    for _ in 0..5 {
        app.raise(&key).await;
    }
    workers.do_all_that_is_due().await;
    let since = at(&app.subscribed_as(&key, &id).await, "failingSince");
    while let Some(next) = workers.next_attempt() {
        workers.advance_to(next + 1000);
        workers.tick().await;
        workers.do_all_that_is_due().await;
    }
    let failing = app.subscribed_as(&key, &id).await;
    assert_eq!(
        (&failing["active"], &failing["consecutiveFailures"]),
        (&json!(true), &json!(30)),
        "not a day yet"
    );
    assert!(workers.now() < since + 24 * HOUR);
    workers.advance_to(since + 24 * HOUR);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    assert_eq!(receiver.take().len(), 31);
    let disabled = app.subscribed_as(&key, &id).await;
    for (name, value) in [
        ("active", json!(false)),
        ("disabledReason", json!("failing")),
        ("consecutiveFailures", json!(31)),
        ("failingSince", failing["failingSince"].clone()),
    ] {
        assert_eq!(disabled[name], value, "{name}");
    }
    let events: Vec<_> = told.take().iter().map(Received::event).collect();
    assert!(
        events.len() == 1 && is_told(&events[0], &disabled),
        "{events:?}"
    );
}

#[tokio::test]
async fn the_next_attempt_is_not_before_the_receivers_retry_after() {
    let (app, key, receiver, _) = with_receiver(App::builder(), 503).await;
    receiver.ask_to_wait(5400);
    let mut workers = Workers::new(&app);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    let log = app.page(&key, "").await;
    let delivery = &log.data()[0];
    let wait = at(delivery, "nextRetryAt") - at(delivery, "lastAttemptAt");
    assert!((5_400_000..5_460_000).contains(&wait), "{wait}");
    let logged = &delivery["attemptLog"][0];
    assert_eq!(logged["nextRetryAt"], delivery["nextRetryAt"]);
    let next = workers.next_attempt().unwrap();
    for (moment, received) in [(next - 2 * MINUTE, 1), (next + 1000, 2)] {
        workers.advance_to(moment);
        workers.tick().await;
        workers.do_all_that_is_due().await;
        receiver.until_arrived(received).await;
        assert_eq!(receiver.take().len(), 1, "after {moment}");
    }
}
