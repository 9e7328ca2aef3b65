//! An instance that made all counts of a caller's last window opens the next one without the write that must fail. What
//! it remembers decides nothing.

use serde_json::{Value, json};

use crate::app::{App, Call, response::Response};

const A_MINUTE: i64 = 61_000;

fn tags(app: &App) -> Call<'_> {
    app.call("GET", "/api/v1/tickets/tags")
}

fn me(app: &App) -> Call<'_> {
    app.call("GET", "/api/v1/me")
}

async fn names(app: &App, call: Call<'_>, status: u16) -> (Response, Vec<String>) {
    drop(app.operations());
    let answer = call.await_status(status).await;
    let names = app.operations().into_iter().map(|one| one.name).collect();
    (answer, names)
}

fn remaining(answer: &Response) -> Option<i64> {
    answer.limit_header("remaining")
}

/// The calls of a key on all days, by its usage.
async fn used(app: &App, id: &str) -> i64 {
    let usage = app.call("GET", &format!("/api/v1/api-keys/{id}/usage"));
    let usage = usage.bearer(&app.token("acc_a")).await_status(200).await;
    let days = usage.data()["days"].as_array().unwrap();
    days.iter().map(|day| day["calls"].as_i64().unwrap()).sum()
}

async fn change(app: &App, id: &str, change: &Value) {
    let call = app.call("PATCH", &format!("/api/v1/api-keys/{id}"));
    let call = call.json(change).bearer(&app.token("acc_a"));
    call.await_status(200).await;
}

#[tokio::test]
async fn the_next_window_of_every_kind_of_caller_takes_one_request_less() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    let session = app.sign_in("acc_a").await;
    let token = app
        .issuer
        .token(&json!({ "sub": "usr_2", "accountId": "acc_a" }));
    for (call, first, next) in [
        (
            me(&app).bearer(&key),
            &["UpdateItem", "TransactWriteItems"][..],
            &["TransactWriteItems"][..],
        ),
        (
            me(&app).bearer(&token),
            &["UpdateItem", "TransactWriteItems"],
            &["UpdateItem"],
        ),
        (
            me(&app).session(&session),
            &["UpdateItem", "GetItem", "TransactWriteItems"],
            &["GetItem", "TransactWriteItems"],
        ),
    ] {
        for window in 0..4 {
            app.step_clock(0, window * A_MINUTE);
            let (answer, names) = names(&app, call.clone(), 200).await;
            assert_eq!(names, if window == 0 { first } else { next }, "{window}");
            let left = remaining(&answer).unwrap();
            let answer = call.clone().await_status(200).await;
            assert_eq!(remaining(&answer), Some(left - 1));
        }
        app.step_clock(0, 0);
    }
    app.step_clock(0, 3 * A_MINUTE);
    assert_eq!(used(&app, &id).await, 8);
}

#[tokio::test]
async fn a_key_that_was_changed_meanwhile_is_judged_as_it_is() {
    let app = App::start().await;
    for (changed, status) in [
        (json!({ "scopes": ["canned_replies:read"] }), 403),
        (json!({ "enabled": false }), 401),
        (
            json!({ "allowedIps": ["203.0.113.0/24"], "force": true }),
            403,
        ),
        (json!({ "limit": 7 }), 200),
    ] {
        app.step_clock(0, 0);
        let (id, key) = app.new_key("acc_a").await;
        for _ in 0..2 {
            tags(&app).bearer(&key).await_status(200).await;
        }
        change(&app, &id, &changed).await;
        app.step_clock(0, A_MINUTE);
        let answer = tags(&app).bearer(&key).await_status(status).await;
        if status == 200 {
            assert_eq!(remaining(&answer), Some(6));
        }
    }
    app.step_clock(0, 0);
    let (id, key) = app.new_key("acc_a").await;
    for _ in 0..2 {
        tags(&app).bearer(&key).await_status(200).await;
    }
    let revoke = app.revoke(&id).bearer(&app.token("acc_a"));
    revoke.await_status(200).await;
    app.step_clock(0, A_MINUTE);
    tags(&app).bearer(&key).await_status(401).await;
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_is_refused() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    for _ in 0..2 {
        me(&app).session(&session).await_status(200).await;
    }
    let logout = app.call("POST", "/api/v1/auth/logout").session(&session);
    logout.await_status(200).await;
    app.step_clock(0, A_MINUTE);
    me(&app).session(&session).await_status(401).await;
}

#[tokio::test]
async fn instances_that_share_a_caller_count_every_call() {
    let app = App::builder().instances(2).caller_limit(5).start().await;
    let (id, key) = app.new_key("acc_a").await;
    for window in 0..3 {
        for instance in 0..2 {
            app.step_clock(instance, window * A_MINUTE);
        }
        for (number, instance) in [0, 0, 1, 0, 1].into_iter().enumerate() {
            let answer = me(&app).bearer(&key).on(instance).await_status(200).await;
            let left = 4 - i64::try_from(number).unwrap();
            assert_eq!(remaining(&answer), Some(left), "{window}");
        }
        me(&app).bearer(&key).on(0).await_status(429).await;
    }
    assert_eq!(used(&app, &id).await, 15);
}
