//! Tests of webhook subscriptions, and the secrets that sign what is sent (Webhooks in openapi.yaml).

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use local::proxy::{Fault, Operation};
use serde_json::{Value, json};
use shared::{Timestamp, time::HOUR};

use crate::app::{
    App,
    receiver::{Received, Receiver},
    resources::{NO_RECEIVER, text},
    response::keys,
};

impl App {
    /// Sends a test, and returns its delivery.
    pub async fn tested(&self, token: &str, id: &str) -> Value {
        let tested = self.subscription("POST", id, "test").bearer(token);
        let tested = tested.await_status(200).await;
        assert_eq!(keys(tested.data()), ["delivery"]);
        tested.data()["delivery"].clone()
    }

    /// Sends a test to the receiver, and returns what it received.
    async fn received(&self, token: &str, id: &str, receiver: &Receiver) -> Received {
        self.tested(token, id).await;
        let [received] = &receiver.take()[..] else {
            panic!("not one request");
        };
        received.clone()
    }

    /// Replaces the secret, and returns the new one.
    async fn rotated(&self, token: &str, id: &str, body: &Value) -> String {
        let rotate = self.subscription("POST", id, "rotate-secret").json(body);
        let rotated = rotate.bearer(token).await_status(200).await;
        text(rotated.data(), "secret")
    }
}

#[tokio::test]
async fn a_test_is_sent_once_and_at_once_whatever_the_subscription_has_chosen() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(204).await;
    let (id, secret) = app.subscribed(&key, receiver.url()).await;
    let other = json!({ "active": false, "events": ["suppuo.ticket.*"] });
    let pause = app.subscription("PATCH", &id, "").json(&other).bearer(&key);
    let paused = pause.await_status(200).await.data().clone();

    let delivery = app.tested(&key, &id).await;
    let [received] = &receiver.take()[..] else {
        panic!("not one request");
    };
    assert_eq!(
        (received.method.as_str(), &*received.path),
        ("POST", "/hooks?from=suppuo")
    );
    let event = received.event();
    let expected = format!(
        r#"{{"id":"{}","type":"suppuo.test.v1","occurredAt":"{}","data":{{}}}}"#,
        text(&event, "id"),
        text(&event, "occurredAt")
    );
    assert_eq!(received.body, expected);
    for (name, value) in [
        ("content-type", "application/json"),
        ("user-agent", "Suppuo-Webhooks/1.0"),
        ("suppuo-event-id", &text(&event, "id")),
        ("suppuo-event-type", "suppuo.test.v1"),
        ("suppuo-delivery-id", &text(&delivery, "id")),
        ("suppuo-delivery-attempt", "1"),
        ("webhook-id", &text(&event, "id")),
    ] {
        assert_eq!(received.header(name), value, "{name}");
    }
    let signed_at: i64 = received.header("webhook-timestamp").parse().unwrap();
    let now = Timestamp::now().as_millis() / 1000;
    assert!((now - 60..=now).contains(&signed_at));
    assert!(received.is_signed_by(&[&secret]));

    assert!(text(&delivery, "id").starts_with("whd_"));
    for (name, value) in [
        ("subscriptionId", json!(id)),
        ("eventId", event["id"].clone()),
        ("type", json!("suppuo.test.v1")),
        ("body", json!(received.body)),
        ("status", json!("succeeded")),
        ("attempts", json!(1)),
        ("nextRetryAt", Value::Null),
        ("responseCode", json!(204)),
        ("lastError", Value::Null),
    ] {
        assert_eq!(delivery[name], value, "{name}");
    }
    let attempt = json!({
        "attemptNumber": 1,
        "status": "succeeded",
        "responseCode": 204,
        "durationMs": delivery["durationMs"],
        "error": null,
        "nextRetryAt": null,
        "attemptedAt": delivery["lastAttemptAt"],
    });
    assert_eq!(delivery["attemptLog"], json!([attempt]));
    assert!(text(&delivery, "deliveredAt") >= text(&delivery, "lastAttemptAt"));
    assert_eq!(app.subscriptions(&key).await, [paused]);
    assert_eq!(app.queued(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_test_that_fails_is_not_sent_again_and_counts_for_nothing() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let receiver = Receiver::start(500).await;
    let (id, _) = app.subscribed(&token, receiver.url()).await;
    let before = app.subscriptions(&token).await;
    for (status, error) in [
        (500, "The receiver answered with the status 500."),
        (
            302,
            "The receiver answered with the redirect 302, which is not followed.",
        ),
    ] {
        receiver.answer_with(status);
        let delivery = app.tested(&token, &id).await;
        assert_eq!(receiver.take().len(), 1);
        assert_eq!(
            (
                &delivery["status"],
                &delivery["responseCode"],
                &delivery["lastError"]
            ),
            (&json!("failed"), &json!(status), &json!(error))
        );
        for none in ["nextRetryAt", "deliveredAt"] {
            assert!(delivery[none].is_null(), "{none}");
        }
        assert_eq!(delivery["attemptLog"][0]["error"], error);
    }
    let (nobody, _) = app.subscribed(&token, NO_RECEIVER).await;
    let delivery = app.tested(&token, &nobody).await;
    assert_eq!(
        (
            &delivery["status"],
            &delivery["responseCode"],
            &delivery["lastError"]
        ),
        (
            &json!("failed"),
            &Value::Null,
            &json!("The receiver did not accept the connection.")
        )
    );
    assert_eq!(app.subscriptions(&token).await[1..], before);
    assert_eq!(app.queued(), [] as [Value; 0]);
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_until_the_overlap_ends() {
    let app = App::start().await;
    // A key, which does not expire.
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(200).await;
    let (id, first) = app.subscribed(&key, receiver.url()).await;
    let second = app.rotated(&key, &id, &json!({})).await;
    assert!(second.starts_with("whsec_") && second.len() == 54 && second != first);
    // A day is the default.
    for (hours, secrets) in [
        (0, &[&*second, &*first][..]),
        (23, &[&second, &first]),
        (25, &[&second]),
    ] {
        app.step_clock(0, hours * HOUR);
        let received = app.received(&key, &id, &receiver).await;
        assert!(received.is_signed_by(secrets), "after {hours} hours");
    }

    // Of three secrets, the two newer ones sign.
    let third = app
        .rotated(&key, &id, &json!({ "overlapSeconds": 604_800 }))
        .await;
    let fourth = app
        .rotated(&key, &id, &json!({ "overlapSeconds": 60 }))
        .await;
    let received = app.received(&key, &id, &receiver).await;
    assert!(received.is_signed_by(&[&fourth, &third]));
    let last = app
        .rotated(&key, &id, &json!({ "overlapSeconds": 0 }))
        .await;
    let received = app.received(&key, &id, &receiver).await;
    assert!(received.is_signed_by(&[&last]));
}

/// The SDK repeats a write whose response it did not get, and finds the subscription changed: by itself.
#[tokio::test]
async fn a_rotation_whose_response_from_the_table_is_lost_keeps_the_old_secret() {
    let lost = Arc::new(AtomicU32::new(0));
    let loses = Arc::clone(&lost);
    let faults = move |operation: &Operation| match operation.name.as_str() {
        // The second one after the counter is set: the first counts the call.
        "UpdateItem" if loses.load(Relaxed) > 0 && loses.fetch_sub(1, Relaxed) == 1 => {
            Fault::LoseAnswer
        }
        _ => Fault::None,
    };
    let app = App::builder().faults(faults).start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(200).await;
    let (id, first) = app.subscribed(&key, receiver.url()).await;
    lost.store(2, Relaxed);
    let second = app.rotated(&key, &id, &json!({})).await;
    assert_eq!(lost.load(Relaxed), 0);
    let received = app.received(&key, &id, &receiver).await;
    assert!(received.is_signed_by(&[&second, &first]));
}

#[tokio::test]
async fn a_rotation_answers_with_the_subscription_and_its_body_may_be_left_out() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let (id, _) = app.subscribed(&token, NO_RECEIVER).await;
    let rotate = || {
        app.subscription("POST", &id, "rotate-secret")
            .bearer(&token)
    };
    for body in [None, Some("{}"), Some(r#"{"overlapSeconds":null}"#)] {
        let rotate = match body {
            None => rotate(),
            Some(body) => rotate().body(body),
        };
        let mut rotated = rotate.await_status(200).await.data().clone();
        rotated.as_object_mut().unwrap().remove("secret").unwrap();
        assert_eq!(app.subscriptions(&token).await, [rotated]);
    }
    for wrong in [
        json!(-1),
        json!(604_801),
        json!(1.5),
        json!("60"),
        json!(true),
    ] {
        let body = json!({ "overlapSeconds": wrong });
        let refused = rotate().json(&body).await_status(400).await;
        let rule = "`overlapSeconds` must be a whole number from 0 to 604800.";
        assert_eq!(
            (refused.message(), refused.param()),
            (rule, Some("overlapSeconds"))
        );
    }
}

#[tokio::test]
async fn neither_the_table_nor_the_log_has_a_secret_in_clear() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let receiver = Receiver::start(500).await;
    let (id, first) = app.subscribed(&token, receiver.url()).await;
    app.tested(&token, &id).await;
    let second = app.rotated(&token, &id, &json!({})).await;
    app.tested(&token, &id).await;
    let kept = app.items().iter().map(Value::to_string).collect::<String>();
    let log = app.log().concat();
    for secret in [first, second] {
        let hex = &secret["whsec_".len()..];
        assert!(!kept.contains(hex) && !log.contains(hex));
    }
    assert!(!log.contains("thanks"), "what the receiver answered");
}
