//! Rate limits of sessions: a session leases calls of its user's limit in advance, so that a call costs one write.

use futures_util::future::join_all;
use serde_json::Value;
use shared::ExposeSecret;

use crate::{
    app::{App, Call, response::Response},
    sessions::{item, me},
};

#[tokio::test]
async fn authenticating_and_counting_a_session_call_is_one_write() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    drop(app.operations());
    // The first call leases ten calls, the eleventh a hundred: an instance that counted them all knows that it must.
    for number in 1..=40 {
        me(&app).session(&session).await_status(200).await;
        let operations = app.operations();
        if let 1 | 11 = number {
            let requests = if number == 1 { 3 } else { 2 };
            assert_eq!(operations.len(), requests, "{number}: {operations:?}");
            continue;
        }
        assert_eq!(operations.len(), 1, "{number}: {operations:?}");
        assert_eq!(
            (operations[0].name.as_str(), operations[0].units),
            ("UpdateItem", 1.0)
        );
    }
}

#[tokio::test]
async fn an_unknown_session_costs_one_table_request_and_a_malformed_one_none() {
    let app = App::start().await;
    let forged = shared::domain::session::SessionId::generate();
    me(&app)
        .session(forged.expose_secret())
        .await_status(401)
        .await;
    assert_eq!(app.operations().len(), 1);
    me(&app).session("forged").await_status(401).await;
    assert_eq!(app.operations(), []);
    assert!(app.items().is_empty());
}

#[tokio::test]
async fn a_session_over_its_users_limit_costs_one_table_request() {
    let app = App::builder().caller_limit(200).start().await;
    let (used, fresh) = (app.sign_in("acc_a").await, app.sign_in("acc_a").await);
    let token = app.token("acc_a");
    for window in 0..2 {
        app.step_clock(0, window * 61_000);
        me(&app).session(&used).await_status(200).await;
        let calls = (0..200).map(|_| me(&app).bearer(&token).send());
        let answers = join_all(calls).await;
        let admitted = answers.iter().filter(|answer| answer.status == 200);
        assert_eq!(admitted.count(), 199);
        for session in [&used, &fresh] {
            drop(app.operations());
            let noted = me(&app).session(session).await_status(429).await;
            let operations = app.operations();
            assert!(operations.len() <= 3, "{operations:?}");
            for _ in 0..3 {
                let over = me(&app).session(session).await_status(429).await;
                let reset = |answer: &Response| answer.limit_header("reset");
                assert_eq!(reset(&over), reset(&noted));
                let operations = app.operations();
                let names: Vec<_> = operations.iter().map(|o| o.name.as_str()).collect();
                assert_eq!(names, ["UpdateItem"]);
            }
        }
    }
    // A refused call is no use of the session: `lastSeenAt` does not change.
    let items = app.items();
    let fresh = items
        .iter()
        .find(|item| item["sk"]["S"] == "SESSION" && item["lastSeenAt"] == item["createdAt"]);
    assert!(fresh.is_some());
}

#[tokio::test]
async fn remaining_counts_down_to_zero_before_the_429() {
    let app = App::builder().caller_limit(5).start().await;
    let session = app.sign_in("acc_a").await;
    let mut resets = Vec::new();
    for left in (0..5).rev() {
        let answer = me(&app).session(&session).await_status(200).await;
        assert_eq!(answer.limit_header("limit"), Some(5));
        assert_eq!(answer.limit_header("remaining"), Some(left));
        resets.push(answer.limit_header("reset").unwrap());
    }
    let over = me(&app).session(&session).await_status(429).await;
    assert_eq!(
        (over.code(), over.limit_header("remaining")),
        ("RATE_LIMITED", Some(0))
    );
    resets.push(over.limit_header("reset").unwrap());
    resets.dedup();
    assert_eq!(resets.len(), 1, "one window: {resets:?}");
    // A refused call changes nothing.
    app.create("x").session(&session).await_status(429).await;
    assert_eq!(item(&app, "WORKSPACE")["keyCount"], Value::Null);
    app.step_clock(0, 61_000);
    let again = me(&app).session(&session).await_status(200).await;
    assert_eq!(again.limit_header("remaining"), Some(4));
}

#[tokio::test]
async fn the_sessions_and_tokens_of_a_user_share_one_limit() {
    let app = App::builder().caller_limit(6).start().await;
    let (one, other) = (app.sign_in("acc_a").await, app.sign_in("acc_a").await);
    let token = app.token("acc_a");
    for _ in 0..2 {
        me(&app).session(&one).await_status(200).await;
        me(&app).session(&other).await_status(200).await;
        me(&app).bearer(&token).await_status(200).await;
    }
    me(&app).session(&one).await_status(429).await;
    me(&app).session(&other).await_status(429).await;
    me(&app).bearer(&token).await_status(429).await;
    // In another workspace, and for another person, the limit is another one.
    let elsewhere = app.sign_in("acc_b").await;
    me(&app).session(&elsewhere).await_status(200).await;
    let person = app.sign_in_as("usr_2", "acc_a").await;
    me(&app).session(&person).await_status(200).await;
}

#[tokio::test]
async fn a_burst_over_sessions_and_tokens_never_exceeds_the_limit() {
    const LIMIT: u32 = 60;
    let app = App::builder()
        .instances(4)
        .caller_limit(LIMIT)
        .start()
        .await;
    let one = app.sign_in("acc_a").await;
    let other = app.sign_in("acc_a").await;
    let token = app.token("acc_a");
    let calls = (0..40).flat_map(|_| {
        [
            me(&app).session(&one),
            me(&app).session(&other),
            me(&app).bearer(&token),
        ]
    });
    let answers = join_all(calls.map(Call::send)).await;
    let with = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!(with(200) + with(429), answers.len());
    // Each session may still hold its last lease, which is a twentieth of the limit.
    let admitted = u32::try_from(with(200)).unwrap();
    assert!(
        (LIMIT - 2 * (LIMIT / 20)..=LIMIT).contains(&admitted),
        "{admitted}"
    );
}

#[tokio::test]
async fn concurrent_calls_of_a_session_take_one_lease() {
    let app = App::builder().instances(8).caller_limit(160).start().await;
    let session = app.sign_in("acc_a").await;
    // The instances are started first, so that the calls run at the same time.
    let fresh = app.sign_in_as("usr_2", "acc_a").await;
    join_all((0..8).map(|n| me(&app).session(&fresh).on(n).send())).await;
    let calls = (0..8).map(|n| me(&app).session(&session).on(n).send());
    assert!(
        join_all(calls)
            .await
            .iter()
            .all(|answer| answer.status == 200)
    );
    // The session has leased 1 and then 8 calls (a twentieth). The rest is left for the token.
    let with_token = me(&app).bearer(&app.token("acc_a")).await_status(200).await;
    assert_eq!(with_token.limit_header("remaining"), Some(160 - 9 - 1));
}

#[tokio::test]
async fn remaining_does_not_depend_on_the_sessions_leases() {
    let app = App::builder().caller_limit(60).start().await;
    let session = app.sign_in("acc_a").await;
    for left in (0..60).rev() {
        let answer = me(&app).session(&session).await_status(200).await;
        assert_eq!(answer.limit_header("remaining"), Some(left));
    }
    me(&app).session(&session).await_status(429).await;
}

#[tokio::test]
async fn many_sessions_of_one_user_leave_calls_for_each_other() {
    let app = App::start().await;
    for _ in 0..40 {
        let session = app.sign_in("acc_a").await;
        me(&app).session(&session).await_status(200).await;
    }
    let with_token = me(&app).bearer(&app.token("acc_a")).await_status(200).await;
    assert_eq!(
        with_token.limit_header("remaining"),
        Some(2000 - 40 * 10 - 1)
    );
}

#[tokio::test]
async fn a_burst_of_one_session_is_allowed_exactly_up_to_the_limit() {
    let app = App::builder().instances(4).caller_limit(100).start().await;
    let session = app.sign_in("acc_a").await;
    let calls = (0..140).map(|_| me(&app).session(&session).send());
    let answers = join_all(calls).await;
    let admitted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(admitted, 100);
}
