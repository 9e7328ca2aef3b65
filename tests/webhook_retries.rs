//! Webhook deliveries that are sent again (Webhooks in openapi.yaml).

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::{DeliveryId, Timestamp, time::HOUR};

use crate::{
    app::{
        App, Call,
        receiver::Receiver,
        resources::{NO_RECEIVER, text},
        workers::Workers,
    },
    webhook_deliveries::{ids, number},
};

impl App {
    pub fn recover(&self, token: &str, id: &str, since: &str) -> Call<'_> {
        let call = self.subscription("POST", id, "recover").bearer(token);
        call.json(&json!({ "since": since }))
    }
}

#[tokio::test]
async fn a_delivery_is_sent_again_once_while_it_is_pending() {
    let app = App::builder().instances(2).start().await;
    let (_, key) = app.new_key("acc_a").await;
    let made = app.new_delivery("acc_a").await;
    let id = text(&made, "id");
    let again = [0, 1].map(|instance| app.retry(&key, &id).on(instance).send());
    let mut answers = join_all(again).await;
    answers.sort_by_key(|answer| answer.status);
    let [queued, refused] = &answers[..] else {
        panic!("two answers");
    };
    assert_eq!((queued.status, refused.status), (202, 409));
    assert_eq!(refused.code(), "CONFLICT");
    let mut expected = made.clone();
    for (name, value) in [
        ("status", json!("pending")),
        ("nextRetryAt", queued.data()["nextRetryAt"].clone()),
        ("updatedAt", queued.data()["updatedAt"].clone()),
    ] {
        assert!(!value.is_null());
        expected[name] = value;
    }
    assert_eq!(queued.data(), &expected);
    let kept = app.delivery(&key, &id).await_status(200).await;
    assert_eq!(kept.data(), &expected);
    let refused = app.retry(&key, &id).await_status(409).await;
    assert_eq!(refused.message(), "The delivery is pending already.");
    assert_eq!(
        messages(&app),
        [json!({
            "type": "deliver.v1",
            "accountId": "acc_a",
            "subscriptionId": made["subscriptionId"],
            "eventId": made["eventId"],
            "attempt": 2,
        })]
    );
}

#[tokio::test]
async fn a_delivery_is_attempted_at_most_100_times() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let made = app.new_delivery("acc_a").await;
    let now = Timestamp::now();
    for (attempts, status) in [("99", 202), ("100", 409)] {
        let attempts = json!({ "attempts": { "N": attempts } });
        let id = app.copy_delivery(&made, now, &attempts);
        app.retry(&token, &id).await_status(status).await;
    }
    assert_eq!(messages(&app).len(), 1);
}

#[tokio::test]
async fn a_test_is_not_sent_again() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let receiver = Receiver::start(500).await;
    let (id, _) = app.subscribed(&token, receiver.url()).await;
    let failed = app.tested(&token, &id).await;
    let retry = app.retry(&token, &text(&failed, "id"));
    assert_eq!(
        retry.await_status(409).await.message(),
        "The delivery is a test, which is sent once. Send another test."
    );
    let since = Timestamp::now().plus_millis(-HOUR).to_string();
    let recovered = app.recover(&token, &id, &since).await_status(202).await;
    assert_eq!(recovered.data(), &json!({ "queued": 0 }));
    assert_eq!(messages(&app), [] as [Value; 0]);
    assert_eq!(app.page(&token, "").await.data(), &json!([failed]));
}

/// The bodies of the messages in the queue.
fn messages(app: &App) -> Vec<Value> {
    let bodies = app.queued().into_iter().map(|entry| {
        let body: Value = serde_json::from_str(&text(&entry, "MessageBody")).unwrap();
        assert_eq!(entry["MessageGroupId"], body["subscriptionId"]);
        body
    });
    bodies.collect()
}

#[tokio::test]
async fn nothing_is_sent_again_to_a_subscription_that_is_not_active() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let receiver = Receiver::start(200).await;
    let (id, _) = app.subscribed(&token, receiver.url()).await;
    let tested = app.tested(&token, &id).await;
    let delivery = text(&app.as_delivery_of_ticket(&token, &tested).await, "id");
    let an_hour_ago = Timestamp::now().plus_millis(-HOUR).to_string();
    let set = |active: bool| {
        let change = app.subscription("PATCH", &id, "").bearer(&token);
        change.json(&json!({ "active": active })).await_status(200)
    };
    set(false).await;
    let refused = app.retry(&token, &delivery).await_status(409).await;
    assert_eq!(
        refused.message(),
        "The delivery's subscription is paused, switched off or deleted. Set its `active` to true first."
    );
    let recover = app.recover(&token, &id, &an_hour_ago);
    let refused = recover.await_status(409).await;
    assert_eq!(
        refused.message(),
        "The subscription is paused or switched off. Set its `active` to true first."
    );
    set(true).await;
    // One that has succeeded can be sent again, too.
    app.retry(&token, &delivery).await_status(202).await;
    assert_eq!(messages(&app).len(), 1);

    let tested = app.tested(&token, &id).await;
    let other = text(&app.as_delivery_of_ticket(&token, &tested).await, "id");
    let delete = app.subscription("DELETE", &id, "").bearer(&token);
    delete.await_status(200).await;
    app.retry(&token, &other).await_status(409).await;
    assert_eq!(messages(&app), [] as [Value; 0]);
}

#[tokio::test]
async fn everything_that_failed_since_then_is_sent_again() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(500).await;
    let (id, _) = app.subscribed(&key, receiver.url()).await;
    let (other, _) = app.subscribed(&key, receiver.url()).await;
    let failed = app.tested(&key, &id).await;
    let failed = app.as_delivery_of_ticket(&key, &failed).await;
    let of_other = app.tested(&key, &other).await;
    app.as_delivery_of_ticket(&key, &of_other).await;
    receiver.answer_with(200);
    let succeeded = app.tested(&key, &id).await;
    app.as_delivery_of_ticket(&key, &succeeded).await;
    let now = Timestamp::now();
    let (mut recent, mut older) = (vec![text(&failed, "id")], Vec::new());
    for number in 1..=12 {
        let event = |at| json!({ "eventId": { "S": event_at(at) } });
        let at = now.plus_millis(-HOUR + number * 1000);
        recent.push(app.copy_delivery(&failed, at, &event(at)));
        let at = now.plus_millis(-2 * HOUR - number * 1000);
        older.push(app.copy_delivery(&failed, at, &event(at)));
    }
    // One whose event is older than `since`, and whose last attempt failed after it.
    let at = now.plus_millis(-20 * HOUR);
    let late = json!({ "updatedAt": number(now), "eventId": { "S": event_at(at) } });
    recent.push(app.copy_delivery(&failed, at, &late));

    let since = now.plus_millis(-HOUR).to_string();
    let recovered = app.recover(&key, &id, &since).await_status(202).await;
    assert_eq!(recovered.data(), &json!({ "queued": 14 }));
    let sent = messages(&app);
    assert_eq!(sent.len(), 14);
    assert!(
        sent.iter()
            .all(|one| one["subscriptionId"] == *id && one["attempt"] == 2)
    );
    let with = async |status: &str| {
        let query = format!("subscriptionId={id}&limit=100&status={status}");
        let mut found = ids(&app.page(&key, &query).await);
        found.sort();
        found
    };
    recent.sort();
    older.sort();
    assert_eq!(
        (with("pending").await, with("failed").await),
        (recent, older)
    );

    // There is nothing left since then, but something before.
    let recovered = app.recover(&key, &id, &since).await_status(202).await;
    assert_eq!(recovered.data(), &json!({ "queued": 0 }));
    let day = now.plus_millis(-24 * HOUR).to_string();
    let recovered = app.recover(&key, &id, &day).await_status(202).await;
    assert_eq!(recovered.data(), &json!({ "queued": 12 }));
}

/// An id of an event of this time.
fn event_at(at: Timestamp) -> String {
    DeliveryId::new(at).to_string().replace("whd_", "evt_")
}

#[tokio::test]
async fn the_time_to_recover_from_is_at_most_7_days_ago() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let (id, _) = app.subscribed(&token, NO_RECEIVER).await;
    let now = Timestamp::now();
    let at = |millis: i64| now.plus_millis(millis).to_string();
    let with_offset = format!("{}+00:00", at(-HOUR).trim_end_matches('Z'));
    for fine in [at(0), at(-7 * 24 * HOUR), with_offset] {
        let recovered = app.recover(&token, &id, &fine).await_status(202).await;
        assert_eq!(recovered.data(), &json!({ "queued": 0 }), "{fine}");
    }
    let range = "`since` must be at most 7 days ago, and not in the future.";
    let form = "`since` must be a time, such as `2026-06-11T03:00:00.000Z`.";
    for (since, message) in [
        (json!(at(-7 * 24 * HOUR - HOUR)), range),
        (json!(at(HOUR)), range),
        (json!("yesterday"), form),
        (json!("2026-06-11"), form),
        (json!(""), form),
        (json!(now.as_millis()), "`since` must be a string."),
        (Value::Null, "`since` is required."),
    ] {
        let call = app.subscription("POST", &id, "recover").bearer(&token);
        let refused = call
            .json(&json!({ "since": since }))
            .await_status(400)
            .await;
        assert_eq!(
            (refused.message(), refused.param()),
            (message, Some("since"))
        );
    }
}

#[tokio::test]
async fn a_failed_delivery_is_sent_once_each_time_and_one_with_attempts_left_is_retried() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(500).await;
    app.subscribed(&key, receiver.url()).await;
    let mut workers = Workers::new(&app);
    workers.new_events();
    workers.forget_records();
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    while let Some(next) = workers.next_attempt() {
        workers.advance_to(next + 1000);
        workers.tick().await;
        workers.do_all_that_is_due().await;
    }
    let log = app.page(&key, "").await;
    let failed = &log.data()[0];
    assert_eq!(
        (&failed["status"], &failed["attempts"]),
        (&json!("failed"), &json!(6))
    );
    let id = text(failed, "id");
    let again = async |workers: &mut Workers<'_>| {
        let queued = app.retry(&key, &id).await_status(202).await;
        assert_eq!(queued.data()["status"], "pending");
        workers.receive_messages();
        workers.do_all_that_is_due().await;
        app.delivery(&key, &id)
            .await_status(200)
            .await
            .data()
            .clone()
    };
    let failed = again(&mut workers).await;
    assert_eq!(
        (&failed["status"], &failed["attempts"]),
        (&json!("failed"), &json!(7))
    );
    assert!(failed["nextRetryAt"].is_null());

    receiver.answer_with(200);
    let succeeded = again(&mut workers).await;
    assert_eq!(
        (&succeeded["status"], &succeeded["attempts"]),
        (&json!("succeeded"), &json!(8))
    );

    // Another one, which succeeds at once, has attempts left.
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    let first = text(&app.page(&key, "").await.data()[0], "id");
    receiver.answer_with(500);
    app.retry(&key, &first).await_status(202).await;
    workers.receive_messages();
    workers.do_all_that_is_due().await;
    let waits = app.delivery(&key, &first).await_status(200).await;
    assert_eq!(
        (&waits.data()["status"], &waits.data()["attempts"]),
        (&json!("pending"), &json!(2))
    );
}
