//! `POST /api/v1/leaked-keys`.

use local::proxy::Fault;
use serde_json::{Value, json};
use shared::{ExposeSecret, domain::api_key::PlaintextKey};

use crate::{
    app::{App, Call, response::Response},
    public_limits::{MINUTE, standing},
};

impl App {
    fn leaked(&self, keys: &Value) -> Call<'_> {
        self.call("POST", "/api/v1/leaked-keys")
            .json(&json!({ "keys": keys }))
    }
}

/// Sends the call as a page of another origin does.
fn page(call: Call<'_>) -> Call<'_> {
    call.header("origin", "https://shop.example")
}

fn made_up() -> String {
    PlaintextKey::generate().expose_secret().to_owned()
}

#[tokio::test]
async fn the_answer_is_the_same_whatever_the_keys_are() {
    let app = App::start().await;
    let (_, live) = app.new_key("acc_a").await;
    let (id, revoked) = app.new_key("acc_a").await;
    app.revoke(&id).bearer(&live).await_status(200).await;
    let shown = |answer: &Response| {
        let mut envelope = answer.envelope().clone();
        envelope["meta"] = Value::Null;
        let names: Vec<_> = answer.headers().keys().cloned().collect();
        (envelope.to_string(), names)
    };
    let mut answers = Vec::new();
    for key in [&live, &live, &revoked, &made_up(), "some_token", ""] {
        let answer = app.leaked(&json!([key])).await_status(202).await;
        assert_eq!(answer.data(), &json!({ "received": 1 }));
        answers.push(shown(&answer));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    app.list().bearer(&live).await_status(401).await;
}

#[tokio::test]
async fn all_of_up_to_100_keys_are_revoked_wherever_they_belong() {
    let app = App::start().await;
    let (_, one) = app.new_key("acc_a").await;
    let (_, other) = app.new_key("acc_b").await;
    let (_, kept) = app.new_key("acc_b").await;
    let mut keys: Vec<_> = (0..97).map(|_| made_up()).collect();
    keys.extend([one.clone(), format!(" {other}\n"), one.clone()]);
    let answer = app.leaked(&json!(keys)).await_status(202).await;
    assert_eq!(answer.data(), &json!({ "received": 100 }));
    for key in [&one, &other] {
        app.list().bearer(key).await_status(401).await;
    }
    app.list().bearer(&kept).await_status(200).await;
    let none = app.leaked(&json!([])).await_status(202).await;
    assert_eq!(none.data(), &json!({ "received": 0 }));
}

#[tokio::test]
async fn a_malformed_body_is_refused_and_revokes_nothing() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    for (keys, message) in [
        (Value::Null, "`keys` is required."),
        (json!(key), "`keys` must be a list of strings."),
        (json!([key, 7]), "`keys` must be a list of strings."),
        (json!([[key]]), "`keys` must be a list of strings."),
        (json!({ "0": key }), "`keys` must be a list of strings."),
        (
            json!(vec![&key; 101]),
            "`keys` must have at most 100 entries.",
        ),
    ] {
        let refused = app.leaked(&keys).await_status(400).await;
        assert_eq!(
            (refused.message(), refused.param()),
            (message, Some("keys"))
        );
        assert!(!refused.message().contains(&key));
    }
    for body in ["", "{", "[]", &format!("[\"{key}\"]")] {
        let refused = app.call("POST", "/api/v1/leaked-keys").body(body);
        refused.await_status(400).await;
    }
    app.list().bearer(&key).await_status(200).await;
}

#[tokio::test]
async fn an_address_is_limited_as_on_the_public_form_but_no_page_may_read_the_answer() {
    let app = App::builder().setting("PUBLIC_LIMIT", 2).start().await;
    let (_, key) = app.new_key("acc_a").await;
    let found = json!([key]);
    let refused = app.leaked(&json!(7)).await_status(400).await;
    assert_eq!(standing(&refused), (2, 1));
    let view = app.call("GET", "/api/v1/public/tickets/x");
    assert_eq!(standing(&view.await_status(404).await), (2, 0));
    let limited = app.leaked(&found);
    let limited = page(limited).await_status(429).await;
    assert_eq!(limited.header("access-control-allow-origin"), None);
    app.list().bearer(&key).await_status(200).await;
    // Another address, and the same one later.
    let other = app.leaked(&json!(["x"])).from("192.0.2.2");
    let other = page(other).await_status(202).await;
    assert_eq!(standing(&other), (2, 1));
    assert_eq!(other.header("access-control-allow-origin"), None);
    app.step_clock(0, MINUTE);
    app.leaked(&found).await_status(202).await;
    app.list().bearer(&key).await_status(401).await;
}

#[tokio::test]
async fn a_text_that_cannot_be_a_key_costs_only_the_count() {
    let app = App::start().await;
    app.leaked(&json!(["x"])).await_status(202).await;
    drop(app.operations());
    let wrong = "sk_live_".to_owned() + &"0".repeat(48);
    app.leaked(&json!([wrong, "x", ""])).await_status(202).await;
    assert_eq!(app.operations().len(), 1);
    let key = made_up();
    app.leaked(&json!([key, key, made_up()]))
        .await_status(202)
        .await;
    assert_eq!(app.operations().len(), 3);
}

#[tokio::test]
async fn what_could_not_be_revoked_is_a_500_and_nothing_of_it_is_logged() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let failing = app
        .sibling()
        .faults(|operation| match operation.name.as_str() {
            "TransactWriteItems" => Fault::Fail,
            _ => Fault::None,
        });
    let failing = failing.start().await;
    let answer = failing.leaked(&json!([key])).await_status(500).await;
    assert_eq!(answer.limit_header("limit"), Some(60));
    let log = [failing.log(), app.log()].concat().join("\n");
    for secret in [&*key, &key[8..], "sk_live_", "192.0.2.1"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    assert!(log.contains("revoke a key"), "{log}");
}
