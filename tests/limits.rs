//! Rate limits of authenticated callers (Rate limits in openapi.yaml), and `lastUsedAt` (API keys).

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::app::{App, issuer::now, response::Response};

const MINUTE: i64 = 60_000;

fn remaining(answer: &Response) -> i64 {
    answer.limit_header("remaining").unwrap()
}

fn last_used(answer: &Response, id: &str) -> Option<String> {
    let keys = answer.data()["apiKeys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["id"] == id).unwrap();
    key["lastUsedAt"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn every_response_to_an_authenticated_caller_has_rate_limit_headers() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    let before = now();
    let answers = [
        app.list().bearer(&key).await_status(200).await,
        app.create("x").bearer(&key).await_status(201).await,
        app.create("").bearer(&key).await_status(400).await,
        app.revoke("x").bearer(&key).await_status(404).await,
        app.revoke(&id).bearer(&key).await_status(200).await,
    ];
    for (call, answer) in (1..).zip(&answers) {
        assert_eq!(answer.limit_header("limit"), Some(2000));
        assert_eq!(remaining(answer), 2000 - call);
        let reset = answer.limit_header("reset").unwrap();
        assert!((before + 60..=now() + 61).contains(&reset), "{reset}");
    }
    // A caller that was not authenticated has no limit to report.
    assert_eq!(
        app.list()
            .bearer(&key)
            .await_status(401)
            .await
            .limit_header("limit"),
        None
    );
    assert_eq!(app.list().send().await.limit_header("limit"), None);
}

#[tokio::test]
async fn a_burst_over_many_instances_is_allowed_exactly_up_to_the_limit() {
    let app = App::builder().instances(8).caller_limit(100).start().await;
    let (_, key) = app.new_key("acc_a").await;
    let user = app
        .issuer
        .token(&json!({ "sub": "usr_burst", "accountId": "acc_a" }));
    for credential in [key, user] {
        let calls = (0..150).map(|n| app.list().bearer(&credential).on(n % 8).send());
        let answers = join_all(calls).await;
        let (admitted, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((admitted.len(), refused.len()), (100, 50));
        // The allowed calls were counted one by one: their `remaining` values are 99 to 0, each once.
        let left: BTreeSet<_> = admitted.iter().map(|answer| remaining(answer)).collect();
        assert_eq!(left, (0..100).collect());
        for refused in refused {
            assert_eq!((refused.code(), remaining(refused)), ("RATE_LIMITED", 0));
            let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=61).contains(&wait));
        }
    }
}

#[tokio::test]
async fn a_429_names_the_limit_that_was_exceeded() {
    let app = App::builder().caller_limit(1).start().await;
    let (_, key) = app.new_key_of("acc_a", "usr_2").await;
    let session = app.sign_in("acc_a").await;
    let list = || app.list();
    let user = "You may make 1 call a minute in this workspace, ";
    for (call, what) in [
        (
            list().bearer(&key),
            "This API key may make 1 call a minute, and has. Try ",
        ),
        (list().bearer(&app.token("acc_a")), user),
        (list().session(&session), user),
    ] {
        // A session shares the limit of its user's tokens.
        let _ = call.clone().send().await;
        let over = call.await_status(429).await;
        assert!(over.message().starts_with(what), "{}", over.message());
        assert_eq!(over.header("ratelimit-policy"), Some("\"caller\";q=1;w=60"));
    }
    let many = App::start().await;
    let (_, key) = many.new_key("acc_a").await;
    let listed = many.list().bearer(&key).await_status(200).await;
    let policy = listed.header("ratelimit-policy");
    assert_eq!(policy, Some("\"caller\";q=2000;w=60"));
    let standing = listed.header("ratelimit").unwrap();
    assert!(standing.starts_with("\"caller\";r=1999;t="), "{standing}");
}

#[tokio::test]
async fn a_call_over_the_limit_changes_nothing() {
    let app = App::builder().caller_limit(2).start().await;
    let (id, key) = app.new_key("acc_a").await;
    app.list().bearer(&key).await_status(200).await;
    app.list().bearer(&key).await_status(200).await;
    app.create("x").bearer(&key).await_status(429).await;
    app.revoke(&id).bearer(&key).await_status(429).await;
    let other = app
        .issuer
        .token(&json!({ "sub": "usr_2", "accountId": "acc_a" }));
    assert_eq!(
        app.list().bearer(&other).await_status(200).await.key_ids(),
        [&*id]
    );
}

#[tokio::test]
async fn each_key_and_each_user_per_workspace_has_its_own_limit() {
    let app = App::builder().caller_limit(1).start().await;
    let user = |sub: &str, workspace: &str| {
        app.issuer
            .token(&json!({ "sub": sub, "accountId": workspace }))
    };
    let created = app
        .create("x")
        .bearer(&user("usr_1", "acc_a"))
        .await_status(201)
        .await;
    let first = created.data()["key"].as_str().unwrap().to_owned();
    let created = app
        .create("x")
        .bearer(&user("usr_2", "acc_a"))
        .await_status(201)
        .await;
    let second = created.data()["key"].as_str().unwrap().to_owned();
    app.list()
        .bearer(&user("usr_1", "acc_a"))
        .await_status(429)
        .await;
    app.list()
        .bearer(&user("usr_1", "acc_b"))
        .await_status(200)
        .await;
    for key in [&first, &second] {
        app.list().bearer(key).await_status(200).await;
        app.list().bearer(key).await_status(429).await;
    }
}

#[tokio::test]
async fn a_new_window_opens_after_a_minute() {
    let app = App::builder().caller_limit(2).start().await;
    let (id, key) = app.new_key("acc_a").await;
    let mut used = Vec::new();
    for minute in 0..3 {
        app.step_clock(0, minute * MINUTE);
        let answer = app.list().bearer(&key).await_status(200).await;
        assert_eq!(remaining(&answer), 1);
        used.push(last_used(&answer, &id).unwrap());
        app.list().bearer(&key).await_status(200).await;
        app.list().bearer(&key).await_status(429).await;
    }
    assert!(
        used.is_sorted() && used[0] < used[1] && used[1] < used[2],
        "{used:?}"
    );
}

#[tokio::test]
async fn concurrent_rollovers_open_one_window() {
    let app = App::builder().instances(6).caller_limit(20).start().await;
    let (_, key) = app.new_key("acc_a").await;
    for minute in 0..4 {
        (0..6).for_each(|instance| app.step_clock(instance, minute * MINUTE + minute));
        let answers = join_all((0..30).map(|n| app.list().bearer(&key).on(n % 6).send())).await;
        let admitted: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == 200)
            .collect();
        let left: BTreeSet<_> = admitted.iter().map(|answer| remaining(answer)).collect();
        let windows: BTreeSet<_> = admitted
            .iter()
            .map(|answer| answer.limit_header("reset"))
            .collect();
        assert_eq!((admitted.len(), left.len(), windows.len()), (20, 20, 1));
    }
}

#[tokio::test]
async fn an_instance_whose_clock_is_behind_counts_in_the_same_window() {
    let app = App::builder().instances(2).caller_limit(3).start().await;
    let (id, key) = app.new_key("acc_a").await;
    app.step_clock(1, -10 * MINUTE);
    let ahead = app.list().bearer(&key).on(0).await_status(200).await;
    let behind = app.list().bearer(&key).on(1).await_status(200).await;
    assert_eq!((remaining(&ahead), remaining(&behind)), (2, 1));
    assert_eq!(ahead.limit_header("reset"), behind.limit_header("reset"));
    // It does not set `lastUsedAt` back.
    assert_eq!(last_used(&ahead, &id), last_used(&behind, &id));
}

#[tokio::test]
async fn a_changed_limit_applies_at_once() {
    let app = App::builder().caller_limit(10).start().await;
    let (_, key) = app.new_key("acc_a").await;
    for _ in 0..5 {
        app.list().bearer(&key).await_status(200).await;
    }
    // Another deployment on the same table acts as the function does after a change of its parameters.
    let lowered = app.sibling().setting("CALLER_LIMIT", 3).start().await;
    let answer = lowered.list().bearer(&key).await_status(429).await;
    assert_eq!(
        (answer.limit_header("limit"), remaining(&answer)),
        (Some(3), 0)
    );
    let raised = app.sibling().setting("CALLER_LIMIT", 7).start().await;
    assert_eq!(
        remaining(&raised.list().bearer(&key).await_status(200).await),
        1
    );
}

#[tokio::test]
async fn a_users_count_expires_and_does_not_name_the_user() {
    let app = App::start().await;
    let token = app
        .issuer
        .token(&json!({ "sub": "usr_secret", "accountId": "acc_a" }));
    app.list().bearer(&token).await_status(200).await;
    let items = app.items();
    let user = items.iter().find(|item| item["sk"]["S"] == "USER").unwrap();
    let expires: i64 = user["expiresAt"]["N"].as_str().unwrap().parse().unwrap();
    assert!(expires > now() + 3600 && expires < now() + 7 * 24 * 3600);
    assert!(!json!(items).to_string().contains("usr_secret"));
}
