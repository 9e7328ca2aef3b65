//! An instance that made all counts of a caller's last window opens the next one without the write that must fail. What
//! it remembers decides nothing.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

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
async fn reads_start_with_the_write_that_opens_a_window() {
    // Whether opening the next window fails. Reads that come all the same were made ahead.
    let is_held = Arc::new(AtomicBool::new(false));
    let app = App::builder().failing_while(&is_held, "TransactWriteItems");
    let app = app.start().await;
    let (id, key) = app.new_key("acc_a").await;
    tags(&app).bearer(&key).await_status(200).await;
    app.step_clock(0, A_MINUTE);
    is_held.store(true, Relaxed);
    let (_, tried) = names(&app, tags(&app).bearer(&key), 500).await;
    assert!(tried.contains(&"Query".to_owned()), "{tried:?}");
    is_held.store(false, Relaxed);

    tags(&app).bearer(&key).await_status(200).await;
    app.step_clock(0, 2 * A_MINUTE);
    let (_, mut made) = names(&app, tags(&app).bearer(&key), 200).await;
    made.sort();
    assert_eq!(made, ["Query", "TransactWriteItems"]);

    // A list of keys shows its own call, so it is read again.
    let list = || app.call("GET", "/api/v1/api-keys").bearer(&key);
    let used = |answer: &Response| {
        let keys = answer.data()["apiKeys"].as_array().unwrap().clone();
        let key = keys.into_iter().find(|key| key["id"] == id.as_str());
        key.unwrap()["lastUsedAt"].clone()
    };
    app.step_clock(0, 3 * A_MINUTE);
    let before = list().await_status(200).await;
    app.step_clock(0, 4 * A_MINUTE);
    let (first, mut made) = names(&app, list(), 200).await;
    made.sort();
    assert_eq!(made, ["Query", "Query", "TransactWriteItems"]);
    assert_ne!(used(&first), used(&before));
    let (second, mut made) = names(&app, list(), 200).await;
    made.sort();
    assert_eq!(made, ["Query", "UpdateItem"]);
    assert_eq!(used(&second), used(&first));
}

#[tokio::test]
async fn an_instance_tries_in_vain_once_for_a_caller_that_others_count_too() {
    let app = App::builder().instances(2).start().await;
    let (_, key) = app.new_key("acc_a").await;
    let session = app.sign_in("acc_a").await;
    let token = app
        .issuer
        .token(&json!({ "sub": "usr_2", "accountId": "acc_a" }));
    for call in [
        me(&app).bearer(&key),
        me(&app).bearer(&token),
        me(&app).session(&session),
    ] {
        let mut requests = Vec::new();
        for window in 0..5 {
            for instance in 0..2 {
                app.step_clock(instance, window * A_MINUTE);
            }
            let instance = usize::try_from(window % 2).unwrap();
            let (_, names) = names(&app, call.clone().on(instance), 200).await;
            requests.push(names.len());
        }
        for instance in 0..2 {
            app.step_clock(instance, 0);
        }
        let (usual, tried) = (requests[1], [requests[2], requests[3]]);
        assert!(tried.iter().all(|tried| *tried > usual), "{requests:?}");
        assert!(
            requests[4..].iter().all(|made| *made == usual),
            "{requests:?}"
        );
    }
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
