//! Receivers that do not answer are held, those that are slow get few deliveries at once, and clocks may differ
//! (Webhooks, Retries, in openapi.yaml).

use std::time::Duration;

use futures_util::future::join;
use serde_json::{Value, json};
use shared::time::MINUTE;

use crate::{
    app::{
        App,
        receiver::{NO_ANSWER, Receiver},
        workers::Workers,
    },
    webhook_attempts::{at, is_well, with_receiver},
};

async fn delivery_of(app: &App, key: &str, number: usize) -> Value {
    let log = app.page(key, "").await;
    // The log is newest first.
    let deliveries = log.data().as_array().unwrap();
    deliveries[deliveries.len() - number].clone()
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_held_longer_each_time_and_probed_once() {
    let (app, key, receiver, id) = with_receiver(App::builder(), NO_ANSWER).await;
    let mut workers = Workers::new(&app);
    for minutes in [1, 2, 4] {
        let before = workers.now();
        app.raise(&key).await;
        workers.do_all_that_is_due().await;
        assert_eq!(receiver.take().len(), 1, "the probe");
        let held = app.subscribed_as(&key, &id).await;
        let until = at(&held, "heldUntil");
        assert!((before..=workers.now()).contains(&(until - minutes * MINUTE)));

        // Another delivery waits, without an attempt.
        app.raise(&key).await;
        workers.do_all_that_is_due().await;
        assert_eq!(receiver.take().len(), 0);
        let waits = app.page(&key, "limit=1").await.data()[0].clone();
        assert_eq!(
            (&waits["status"], &waits["attempts"]),
            (&json!("pending"), &json!(0))
        );
        assert!(
            (until..=until + minutes * MINUTE / 10).contains(&at(&waits, "nextRetryAt")),
            "{waits}"
        );
        workers.advance_to(until);
        workers.forget_messages();
    }
}

#[tokio::test]
async fn a_receiver_that_hangs_is_held_while_it_does_and_gets_everything_when_it_is_back() {
    let builder = App::builder().timeout(Duration::from_secs(30));
    let (app, key, receiver, id) = with_receiver(builder, 200).await;
    let mut workers = Workers::new(&app);
    let before = workers.now();
    app.raise(&key).await;
    workers.fan_out_all().await;
    receiver.hold_next(1);
    let meanwhile = async {
        receiver.until_arrived(1).await;
        // Nobody else says so: the attempt itself does, after a second.
        while app.subscribed_as(&key, &id).await["heldUntil"].is_null() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(app.subscribed_as(&key, &id).await["consecutiveFailures"], 0);
    };
    join(workers.deliver_all(), meanwhile).await;
    let failed = delivery_of(&app, &key, 1).await;
    assert_eq!(
        failed["lastError"],
        "The receiver did not answer in full within 10 seconds."
    );
    assert!(failed["durationMs"].as_i64().unwrap() >= 10_000);
    let held = app.subscribed_as(&key, &id).await;
    assert_eq!(held["consecutiveFailures"], 1);
    let until = at(&held, "heldUntil");
    assert!((before..=workers.now()).contains(&(until - MINUTE)));

    for _ in 0..3 {
        app.raise(&key).await;
    }
    workers.do_all_that_is_due().await;
    receiver.release();
    receiver.take();
    while let Some(next) = workers.next_attempt() {
        workers.advance_to(next + 1000);
        workers.tick().await;
        workers.do_all_that_is_due().await;
    }
    assert_eq!(receiver.take().len(), 4);
    assert!(is_well(&app.subscribed_as(&key, &id).await));
    for number in 1..=4 {
        assert_eq!(delivery_of(&app, &key, number).await["status"], "succeeded");
    }
}

#[tokio::test]
async fn an_instance_makes_at_most_five_attempts_to_one_subscription_at_once() {
    let (app, key, receiver, _) = with_receiver(App::builder(), 200).await;
    let other = Receiver::start(200).await;
    app.subscribed(&key, other.url()).await;
    let mut workers = Workers::new(&app);
    for _ in 0..8 {
        app.raise(&key).await;
    }
    workers.fan_out_all().await;
    receiver.hold_next(8);
    let meanwhile = async {
        receiver.until_arrived(5).await;
        // The others' deliveries of the same batch do not wait.
        other.until_arrived(8).await;
        assert_eq!(receiver.arrived(), 5);
        receiver.release();
    };
    join(workers.deliver_all(), meanwhile).await;
    while let Some(next) = workers.next_attempt() {
        workers.advance_to(next + 1000);
        workers.do_all_that_is_due().await;
    }
    assert_eq!(receiver.arrived(), 8);
}

#[tokio::test]
async fn a_message_that_comes_early_by_the_deliverers_clock_is_not_lost() {
    let (app, key, receiver, _) = with_receiver(App::builder(), 503).await;
    receiver.ask_to_wait(600);
    let mut workers = Workers::new(&app);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    receiver.answer_with(200);
    // Only the sweeper sends such a late attempt. Its clock is right.
    let next = workers.next_attempt().unwrap();
    workers.advance_to(next - 30_000);
    workers.tick().await;
    // The deliverer's clock is half a minute behind.
    workers.show_all_messages();
    assert_eq!(workers.deliver_all().await, 0, "the message is done");
    assert_eq!(receiver.arrived(), 1);
    // The sweeper does not come to this minute again.
    workers.advance_to(next + 1000);
    workers.do_all_that_is_due().await;
    assert_eq!(receiver.arrived(), 2);
    assert_eq!(delivery_of(&app, &key, 1).await["status"], "succeeded");
}
