//! Calls of the public form with an idempotency key (Doing a thing once in openapi.yaml).

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    app::{App, Call, resources::text},
    idempotency::{assert_replay, refused},
    public_form::form,
    public_limits::standing,
};

impl App {
    fn submit_once(&self, key: &str) -> Call<'_> {
        self.submit(&form("acc_a")).once(key)
    }

    fn reply_once(&self, token: &str, key: &str) -> Call<'_> {
        let path = format!("/api/v1/public/tickets/{token}/messages");
        let call = self.call("POST", &path);
        call.json(&json!({ "body": "Any update?" })).once(key)
    }

    async fn tickets_of(&self, workspace: &str) -> usize {
        let listed = self.call("GET", "/api/v1/tickets");
        let listed = listed.bearer(&self.token(workspace)).await_status(200);
        let listed = listed.await;
        listed.data()["tickets"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn a_submission_is_done_once_and_counts_once() {
    let app = App::known(1).await;
    app.list()
        .bearer(&app.token("acc_b"))
        .await_status(200)
        .await;
    let first = app.submit_once("k").await_status(201).await;
    for n in 1..=7 {
        let again = app.submit_once("k").send().await;
        assert_replay(&again, &first);
        // It is a call, and not one of the five submissions.
        assert_eq!(standing(&again), (60, 59 - n));
    }
    // Four are left.
    for n in 0..4 {
        let other = app.submit_once(&format!("other-{n}")).await_status(201);
        assert!(!other.await.is_replayed());
    }
    app.submit_once("sixth").await_status(429).await;
    assert_eq!(app.tickets_of("acc_a").await, 5);

    // Another address, and another workspace, have keys of their own.
    let elsewhere = app.submit_once("k").from("192.0.2.2").await_status(201);
    assert!(!elsewhere.await.is_replayed());
    let other_shop = app.submit(&form("acc_b")).from("192.0.2.2").once("k");
    assert!(!other_shop.await_status(201).await.is_replayed());
    assert_eq!(app.tickets_of("acc_b").await, 1);
    // So has the workspace's own side.
    let agent = app.call("POST", "/api/v1/canned-replies").once("k");
    let agent = agent.json(&json!({ "title": "a", "body": "b" }));
    let agent = agent.bearer(&app.token("acc_a")).await_status(201).await;
    assert!(!agent.is_replayed());
}

#[tokio::test]
async fn a_key_of_another_submission_is_a_conflict_and_no_submission() {
    let app = App::known(1).await;
    app.submit_once("k").await_status(201).await;
    let mut other = form("acc_a");
    other["subject"] = "Another question".into();
    for _ in 0..7 {
        let message = refused(app.submit(&other).once("k")).await;
        assert!(message.starts_with("Another call was done"), "{message}");
    }
    for _ in 0..4 {
        app.submit(&other).await_status(201).await;
    }
    assert_eq!(app.tickets_of("acc_a").await, 5);
}

#[tokio::test]
async fn a_malformed_key_is_refused_as_a_call() {
    let app = App::known(1).await;
    for n in 1..=7 {
        let refused = app.submit_once("a b").await_status(400).await;
        assert_eq!(refused.param(), Some("Idempotency-Key"));
        assert_eq!(standing(&refused), (60, 60 - n));
    }
    let refused = app.reply_once("x", "").await_status(400).await;
    assert_eq!(refused.param(), Some("Idempotency-Key"));
    app.submit_once("k").await_status(201).await;
}

#[tokio::test]
async fn a_requesters_reply_is_done_once() {
    let app = App::builder().instances(4).start().await;
    let ticket = app.new_ticket("acc_a").await;
    let token = text(&ticket, "accessToken");
    let calls = (0..4).map(|n| app.reply_once(&token, "k").on(n).send());
    let answers = join_all(calls).await;
    let (replays, first): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.is_replayed());
    assert_eq!((first.len(), replays.len()), (1, 3), "{answers:?}");
    for replay in replays {
        assert_replay(replay, first[0]);
    }
    let seen = app.view(&token).await_status(200).await;
    assert_eq!(seen.data()["messages"].as_array().unwrap().len(), 2);

    // The key is of the workspace: another ticket of it is another path.
    let other = text(&app.new_ticket("acc_a").await, "accessToken");
    refused(app.reply_once(&other, "k")).await;
    let elsewhere = text(&app.new_ticket("acc_b").await, "accessToken");
    let elsewhere = app.reply_once(&elsewhere, "k").await_status(201).await;
    assert!(!elsewhere.is_replayed());
}

#[tokio::test]
async fn submissions_at_the_same_time_are_one() {
    let app = App::known(4).await;
    let calls = (0..4).map(|n| app.submit_once("k").on(n).send());
    let answers = join_all(calls).await;
    let first: Vec<_> = answers.iter().filter(|one| !one.is_replayed()).collect();
    assert_eq!(first.len(), 1, "{answers:?}");
    for replay in answers.iter().filter(|one| one.is_replayed()) {
        assert_replay(replay, first[0]);
    }
    assert_eq!(app.tickets_of("acc_a").await, 1);
    for n in 0..4 {
        app.submit_once(&format!("other-{n}"))
            .await_status(201)
            .await;
    }
}

#[tokio::test]
async fn a_bot_cannot_tell_that_nothing_is_created() {
    let app = App::known(1).await;
    let mut bots = form("acc_a");
    bots["company"] = "Bots Ltd".into();
    let first = app.submit(&bots).once("k").await_status(201).await;
    assert_replay(&app.submit(&bots).once("k").send().await, &first);
    refused(app.submit(&form("acc_a")).once("k")).await;
    assert_eq!(app.tickets_of("acc_a").await, 0);

    let token = text(&app.new_ticket("acc_a").await, "accessToken");
    let path = format!("/api/v1/public/tickets/{token}/messages");
    let body = json!({ "body": "Buy this.", "company": "Bots Ltd" });
    let reply = || app.call("POST", &path).json(&body).once("reply").send();
    let first = reply().await;
    assert_replay(&reply().await, &first);
    assert_eq!(first.status, 201);
}

#[tokio::test]
async fn a_page_of_any_origin_may_send_a_key_and_read_that_it_was_a_replay() {
    let app = App::known(1).await;
    let preflight = app.call("OPTIONS", "/api/v1/public/tickets");
    let preflight = preflight
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type,idempotency-key",
        )
        .await_status(200)
        .await;
    // Without credentials, `*` is any header but `Authorization` ("CORS protocol", WHATWG's fetch standard).
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    assert!(allowed.split(", ").any(|name| name == "*"));
    let with_origin = || {
        app.submit_once("k")
            .header("origin", "https://shop.example")
    };
    with_origin().await_status(201).await;
    let again = with_origin().await_status(201).await;
    assert!(again.is_replayed());
    assert_eq!(again.header("access-control-expose-headers"), Some("*"));
}

#[tokio::test]
async fn a_report_of_leaked_keys_is_done_once() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let report = |keys: &[&str]| {
        let call = app.call("POST", "/api/v1/leaked-keys").once("k");
        call.json(&json!({ "keys": keys }))
    };
    let first = report(&[&key]).await_status(202).await;
    assert!(!first.is_replayed());
    app.list().bearer(&key).await_status(401).await;
    assert_replay(&report(&[&key]).send().await, &first);
    let (_, other) = app.new_key("acc_a").await;
    refused(report(&[&other])).await;
    app.list().bearer(&other).await_status(200).await;
    // Another client has keys of its own.
    let elsewhere = report(&[&other]).from("192.0.2.2").await_status(202).await;
    assert!(!elsewhere.is_replayed());
    app.list().bearer(&other).await_status(401).await;
}
