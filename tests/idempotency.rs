//! Calls with an idempotency key (Doing a thing once in openapi.yaml). Webhooks and the public form have files of their
//! own.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use futures_util::future::join_all;
use local::proxy::{Fault, Operation};
use serde_json::{Value, json};
use shared::time::{HOUR, MINUTE};

use crate::app::{
    App, Call,
    resources::{text, ticket},
    response::Response,
};

const CANNED: &str = "/api/v1/canned-replies";
const TICKETS: &str = "/api/v1/tickets";

impl App {
    fn create_refunds(&self, token: &str) -> Call<'_> {
        let body = json!({ "title": "Refunds", "body": "Within 14 days." });
        self.call("POST", CANNED).json(&body).bearer(token)
    }

    async fn canned_ids(&self, token: &str) -> Vec<String> {
        let listed = self.call("GET", CANNED).bearer(token).await_status(200);
        let listed = listed.await;
        let replies = listed.data()["cannedReplies"].as_array().unwrap();
        replies.iter().map(|reply| text(reply, "id")).collect()
    }

    /// The records of calls that were done.
    pub fn records(&self) -> Vec<Value> {
        let mut items = self.items();
        items.retain(|item| item["sk"]["S"] == "ONCE");
        items
    }

    /// How many events were raised.
    pub fn events_raised(&self) -> usize {
        let items = self.items();
        items.iter().filter(|item| !item["type"].is_null()).count()
    }
}

/// Asserts that a call is answered as another one was, by a response of its own.
pub fn assert_replay(replay: &Response, first: &Response) {
    assert!(!first.is_replayed() && replay.is_replayed(), "{replay:?}");
    assert_eq!((replay.status, replay.data()), (first.status, first.data()));
    assert_ne!(replay.request_id(), first.request_id());
}

/// Asserts that a call with a key that was used is refused, and returns the message.
pub async fn refused(call: Call<'_>) -> String {
    let refused = call.await_status(409).await;
    assert_eq!(
        (refused.code(), refused.param(), refused.is_replayed()),
        ("CONFLICT", Some("Idempotency-Key"), false)
    );
    refused.message().to_owned()
}

#[tokio::test]
async fn the_same_call_with_the_same_key_is_done_once() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let first = app.create_refunds(&key).once("order-7");
    let first = first.await_status(201).await;
    // With quotes or without, and with any credential of the workspace.
    for (name, token) in [
        ("order-7", key),
        ("\"order-7\"", app.token("acc_a")),
        (" order-7 ", app.new_key("acc_a").await.1),
    ] {
        let again = app.create_refunds(&token).once(name).send().await;
        assert_replay(&again, &first);
        assert_eq!(again.limit_header("limit"), Some(2000));
    }
    let token = app.token("acc_a");
    assert_eq!(app.canned_ids(&token).await.len(), 1);

    // Another workspace has keys of its own.
    let other = app.token("acc_b");
    let elsewhere = app.create_refunds(&other).once("order-7").await_status(201);
    assert!(!elsewhere.await.is_replayed());
    // Without a key, or with another one, it is another call.
    for call in [
        app.create_refunds(&token),
        app.create_refunds(&token).once("Order-7"),
    ] {
        assert!(!call.await_status(201).await.is_replayed());
    }
    assert_eq!(app.canned_ids(&token).await.len(), 3);
}

#[tokio::test]
async fn a_key_is_good_for_one_call_only() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let first = app.create_refunds(&token).once("k");
    let id = text(first.await_status(201).await.data(), "id");
    let with = |method: &str, path: &str, body: &str| {
        app.call(method, path).body(body).bearer(&token).once("k")
    };
    for (method, path, body) in [
        // The same fields in other bytes, another body, and one that is malformed.
        (
            "POST",
            CANNED,
            r#"{"body":"Within 14 days.","title":"Refunds" }"#,
        ),
        ("POST", CANNED, r#"{"title":"x","body":"x"}"#),
        ("POST", CANNED, "{"),
        ("POST", TICKETS, &ticket("x").to_string()),
        ("PATCH", &format!("{CANNED}/{id}"), r#"{"title":"x"}"#),
        ("PATCH", &format!("{CANNED}/x"), r#"{"title":"x"}"#),
    ] {
        let message = refused(with(method, path, body)).await;
        assert!(message.starts_with("Another call was done"), "{message}");
    }
    assert_eq!(app.canned_ids(&token).await, [&*id]);
    // Other methods are idempotent by themselves, and need no key.
    with("GET", CANNED, "").await_status(200).await;
    with("DELETE", &format!("{CANNED}/{id}"), "")
        .await_status(200)
        .await;
}

#[tokio::test]
async fn a_malformed_key_is_refused_after_authentication() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    app.list().bearer(&key).await_status(200).await;
    for wrong in ["", "a b", "é", "\"\"", "\"a", "a\"", &"x".repeat(256)] {
        drop(app.operations());
        let refused = app.create_refunds(&key).once(wrong).await_status(400).await;
        assert_eq!(
            (refused.code(), refused.param()),
            ("VALIDATION_ERROR", Some("Idempotency-Key"))
        );
        assert!(refused.limit_header("remaining").is_some());
        // It was counted, and nothing else was done.
        assert_eq!(app.operations().len(), 1, "{wrong}");
        let nobody = app.call("POST", CANNED).once(wrong).await_status(401).await;
        assert_eq!(nobody.code(), "AUTH_REQUIRED");
        // Where nothing is written, no key is read.
        app.list().bearer(&key).once(wrong).await_status(200).await;
    }
    assert_eq!(app.canned_ids(&key).await, [""; 0]);
    let longest = "x".repeat(255);
    app.create_refunds(&key)
        .once(&longest)
        .await_status(201)
        .await;
}

#[tokio::test]
async fn of_calls_at_the_same_time_one_is_done() {
    let app = App::builder().instances(6).start().await;
    let token = app.token("acc_a");
    let reply = app.new_canned_reply("acc_a").await;
    let id = text(&app.new_ticket("acc_a").await, "id");
    let events = app.events_raised();
    for (method, path, body) in [
        (
            "POST",
            CANNED.to_owned(),
            json!({ "title": "a", "body": "b" }),
        ),
        (
            "PATCH",
            format!("{CANNED}/{reply}"),
            json!({ "title": "c" }),
        ),
        ("POST", TICKETS.to_owned(), ticket("One")),
        (
            "POST",
            format!("{TICKETS}/{id}/messages"),
            json!({ "body": "x" }),
        ),
        (
            "PATCH",
            format!("{TICKETS}/{id}"),
            json!({ "status": "closed", "tags": ["t"] }),
        ),
    ] {
        let calls = (0..6).map(|n| {
            let call = app.call(method, &path).json(&body).bearer(&token);
            call.once(&format!("{method} {path}").replace(' ', "-"))
                .on(n)
                .send()
        });
        let answers = join_all(calls).await;
        let (replays, first): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.is_replayed());
        assert_eq!((first.len(), replays.len()), (1, 5), "{path}: {answers:?}");
        for replay in replays {
            assert_replay(replay, first[0]);
        }
    }
    assert_eq!(app.canned_ids(&token).await.len(), 2);
    // A ticket, a message with a change of the status, and another change of the status.
    assert_eq!(app.events_raised() - events, 4);
    let thread = app.call("GET", &format!("{TICKETS}/{id}")).bearer(&token);
    let thread = thread.await_status(200).await;
    assert_eq!(thread.data()["messages"].as_array().unwrap().len(), 2);
}

/// An answer that shows a secret is not given again.
#[tokio::test]
async fn of_several_calls_at_once_that_make_a_secret_one_is_done_and_the_others_name_the_key() {
    let app = App::builder().instances(4).start().await;
    let token = app.token("acc_a");
    let (id, older) = app.new_key("acc_a").await;
    let rotate = app.call("POST", &format!("/api/v1/api-keys/{id}/rotate"));
    for (call, status) in [(app.create("x"), 201), (rotate, 200)] {
        let call = call.bearer(&token).once(&format!("k{status}"));
        let answers = join_all((0..4).map(|n| call.clone().on(n).send())).await;
        let (done, others): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == status);
        let ([done], 3) = (&done[..], others.len()) else {
            panic!("{answers:?}")
        };
        let (id, secret) = (text(done.data(), "id"), text(done.data(), "key"));
        for other in others {
            let told = (other.status, other.code(), other.param());
            assert_eq!(told, (409, "CONFLICT", Some("Idempotency-Key")));
            let message = other.message();
            assert!(message.contains(&format!("`{id}`")) && !message.contains(&secret));
        }
        app.list().bearer(&secret).await_status(200).await;
    }
    let listed = app.list().bearer(&older).await_status(200).await;
    assert_eq!(listed.key_ids().len(), 2);
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let wrong = app
        .call("POST", CANNED)
        .json(&json!({ "title": "Refunds" }));
    wrong.bearer(&token).once("k").await_status(400).await;
    let created = app.create_refunds(&token).once("k").await_status(201).await;
    assert!(!created.is_replayed());

    let path = format!("{CANNED}/{}", text(created.data(), "id"));
    let change = |path: &str| {
        let call = app.call("PATCH", path).json(&json!({ "title": "x" }));
        call.bearer(&token).once("other")
    };
    let missing = format!("{CANNED}/cnr_01k2m3n4p5q6r7s8t9v0w1x2y3");
    change(&missing).await_status(404).await;
    change(&missing).await_status(404).await;
    assert!(!change(&path).await_status(200).await.is_replayed());
    // What was done is answered, even if it could not be done any more.
    let deletion = app.call("DELETE", &path).bearer(&token);
    deletion.await_status(200).await;
    assert!(change(&path).await_status(200).await.is_replayed());
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day_by_the_clock() {
    let app = App::start().await;
    // Tokens of the tests are valid for an hour.
    let (_, key) = app.new_key("acc_a").await;
    let first = app.create_refunds(&key).once("k").await_status(201).await;
    app.step_clock(0, 24 * HOUR - MINUTE);
    let again = app.create_refunds(&key).once("k").send().await;
    assert_replay(&again, &first);
    // The table has not deleted the record yet.
    app.step_clock(0, 24 * HOUR + MINUTE);
    assert_eq!(app.records().len(), 1);
    let second = app.create_refunds(&key).once("k").await_status(201).await;
    assert!(!second.is_replayed());
    assert_ne!(second.data()["id"], first.data()["id"]);
    let again = app.create_refunds(&key).once("k").send().await;
    assert_replay(&again, &second);
    assert_eq!(app.records().len(), 1);
}

#[tokio::test]
async fn an_answer_that_was_too_large_is_not_given_again() {
    let app = App::start().await;
    let token = app.token("acc_a");
    app.create_refunds(&token).once("k").await_status(201).await;
    // No answer is that large today.
    let mut records = app.records();
    let record = records[0].as_object_mut().unwrap();
    for name in ["answer", "status"] {
        assert!(record.remove(name).is_some());
    }
    app.put_all(records);
    let message = refused(app.create_refunds(&token).once("k")).await;
    assert!(message.contains("too large to be kept"), "{message}");
    assert_eq!(app.canned_ids(&token).await.len(), 1);
}

#[tokio::test]
async fn a_change_whose_response_was_lost_is_answered() {
    static LOSES: AtomicBool = AtomicBool::new(false);
    let faults = |operation: &Operation| {
        let is_change = operation.name == "TransactWriteItems";
        if is_change && LOSES.load(Relaxed) {
            Fault::LoseAnswer
        } else {
            Fault::None
        }
    };
    let app = App::builder().faults(faults).start().await;
    let (_, key) = app.new_key("acc_a").await;
    app.list().bearer(&key).await_status(200).await;
    LOSES.store(true, Relaxed);
    // Without a key, nobody can know.
    app.create_refunds(&key).await_status(500).await;
    let found = app.create_refunds(&key).once("k").await_status(201).await;
    assert!(found.is_replayed());
    LOSES.store(false, Relaxed);
    let again = app.create_refunds(&key).once("k").await_status(201).await;
    assert_eq!(again.data(), found.data());
    assert_eq!(app.canned_ids(&key).await.len(), 2);
}

#[tokio::test]
async fn without_a_key_a_call_costs_what_it_did() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    app.list().bearer(&key).await_status(200).await;
    drop(app.operations());
    let names = || {
        let operations = app.operations();
        let units: f64 = operations.iter().map(|operation| operation.units).sum();
        let names = operations.into_iter().map(|operation| operation.name);
        (names.collect::<Vec<_>>().join(" "), units)
    };
    app.create_refunds(&key).await_status(201).await;
    let (without, cost) = names();
    assert_eq!(without, "UpdateItem TransactWriteItems");
    app.create_refunds(&key).once("k").await_status(201).await;
    let (with, dearer) = names();
    assert_eq!(with, "UpdateItem GetItem TransactWriteItems");
    // The record is written in two units, and looked for in one.
    assert!((dearer - cost - 3.0).abs() < 0.1, "{cost} and {dearer}");
    app.create_refunds(&key).once("k").await_status(201).await;
    assert_eq!(names().0, "UpdateItem GetItem");
}

#[tokio::test]
async fn a_call_that_is_answered_again_counts() {
    let app = App::builder().caller_limit(3).start().await;
    let (_, key) = app.new_key("acc_a").await;
    for left in [2, 1, 0] {
        let answer = app.create_refunds(&key).once("k").await_status(201).await;
        assert_eq!(answer.limit_header("remaining"), Some(left));
        assert_eq!(answer.is_replayed(), left < 2);
    }
    let refused = app.create_refunds(&key).once("k").await_status(429).await;
    assert!(!refused.is_replayed());
}

#[tokio::test]
async fn no_record_has_the_key_in_clear() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let name = "kim@example.com-7";
    app.create_refunds(&token)
        .once(name)
        .await_status(201)
        .await;
    for seen in [
        app.items().iter().map(Value::to_string).collect(),
        app.log(),
    ] {
        assert!(!seen.is_empty());
        assert!(seen.iter().all(|text: &String| !text.contains(name)));
    }
}
