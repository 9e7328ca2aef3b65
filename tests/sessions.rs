//! Portal sessions: what one is good for, when it ends, and what is kept of it.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::ExposeSecret;

use crate::app::{
    App, Call,
    resources::text,
    response::{Response, keys},
    sign_in::{SESSION, UNDER_WAY},
};

const HOUR: i64 = 60 * 60 * 1000;

fn me(app: &App) -> Call<'_> {
    app.call("GET", "/api/v1/auth/me")
}

fn logout(app: &App) -> Call<'_> {
    app.call("POST", "/api/v1/auth/logout")
}

fn item(app: &App, kind: &str) -> Value {
    let items = app.items();
    let is = |item: &&Value| item["sk"]["S"] == kind;
    items.iter().find(is).cloned().unwrap_or_default()
}

#[tokio::test]
async fn me_says_whose_credential_it_is() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    let answer = me(&app).session(&session).await_status(200).await;
    let data = answer.data();
    assert_eq!(
        keys(data),
        ["accountId", "email", "expiresAt", "name", "sub"]
    );
    assert_eq!(
        (
            &data["sub"],
            &data["accountId"],
            &data["email"],
            &data["name"]
        ),
        (
            &json!("usr_1"),
            &json!("acc_a"),
            &json!("kim@example.com"),
            &json!("Kim")
        )
    );
    let token = me(&app).bearer(&app.token("acc_a")).await_status(200).await;
    assert_eq!(token.data()["sub"], "usr_1");
    assert!(token.data()["email"].is_null() && token.data()["expiresAt"].is_string());
    let (_, key) = app.new_key("acc_b").await;
    let key = me(&app).bearer(&key).await_status(200).await;
    assert_eq!(
        key.data(),
        &json!({ "sub": null, "accountId": "acc_b", "email": null, "name": null, "expiresAt": null })
    );
}

#[tokio::test]
async fn a_session_acts_in_its_workspace_as_its_person() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    let created = app
        .create("by a page")
        .session(&session)
        .await_status(201)
        .await;
    let key = text(created.data(), "key");
    let listed = app.list().bearer(&key).await_status(200).await;
    assert_eq!(listed.key_ids(), [text(created.data(), "id")]);
    let elsewhere = app.sign_in("acc_b").await;
    let listed = app.list().session(&elsewhere).await_status(200).await;
    assert_eq!(listed.key_ids(), [""; 0]);
    let tickets = app.call("GET", "/api/v1/tickets").query("assignee=me");
    tickets.session(&session).await_status(200).await;
}

#[tokio::test]
async fn what_the_table_holds_opens_nothing() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    me(&app).session(&session).await_status(200).await;
    let table = json!(app.items()).to_string();
    assert!(!table.contains(&session));
    let item = item(&app, "SESSION");
    let hash = item["pk"]["S"]
        .as_str()
        .unwrap()
        .trim_start_matches("SESSION#");
    assert_eq!(hash.len(), 64);
    me(&app).session(hash).await_status(401).await;
    // TTL removes it when it cannot be used any more.
    let seconds = |name: &str| item[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
    let after = seconds("expiresAt") * 1000 - seconds("lastSeenAt");
    assert!((12 * HOUR..12 * HOUR + 1000).contains(&after));
}

#[tokio::test]
async fn a_cookie_is_as_the_contract_says() {
    let app = App::start().await;
    for (host, prefix, secure) in [
        ("api.example.com", "__Host-", "; Secure"),
        ("helpdesk.example.org", "__Host-", "; Secure"),
        ("127.0.0.1:9000", "", ""),
        ("localhost:9000", "", ""),
    ] {
        let started = app
            .start_sign_in()
            .header("host", host)
            .await_status(302)
            .await;
        let name = format!("{prefix}suppuo_sign_in");
        let cookie = started.set_cookie(&name).unwrap();
        let attributes = format!("; HttpOnly; SameSite=Lax{secure}; Path=/; Max-Age=600");
        assert!(cookie.ends_with(&attributes), "{cookie}");
        let begun = crate::app::sign_in::Begun::of_host(&app, &started, prefix);
        let query = begun.allow(&json!({}), &json!({}));
        let back = app
            .call("GET", "/api/v1/auth/huudis/callback")
            .query(&query);
        let back = back.header("host", host).cookie(&name, &begun.cookie);
        let done = back.await_status(302).await;
        let cookie = done.set_cookie(&format!("{prefix}suppuo_session")).unwrap();
        let attributes = format!("; HttpOnly; SameSite=Lax{secure}; Path=/; Max-Age=604800");
        assert!(cookie.ends_with(&attributes), "{cookie}");
        assert_eq!(cookie.contains("Secure"), !secure.is_empty());
        // The sign-in is over.
        assert_eq!(done.cookie(&name), Some(""));
        // A write from that host's own pages, and not from the other's.
        let session = done.cookie(&format!("{prefix}suppuo_session")).unwrap();
        let scheme = if secure.is_empty() { "http" } else { "https" };
        let write = |origin: &str| {
            let call = app
                .create("x")
                .header("host", host)
                .header("origin", origin);
            call.cookie(&format!("{prefix}suppuo_session"), session)
        };
        write(&format!("{scheme}://{host}")).await_status(201).await;
        write("https://other.example.com").await_status(403).await;
    }
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_without_a_call() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    app.step_clock(0, 12 * HOUR - 60_000);
    me(&app).session(&session).await_status(200).await;
    app.step_clock(0, 24 * HOUR - 120_000);
    me(&app).session(&session).await_status(200).await;
    app.step_clock(0, 36 * HOUR);
    let ended = me(&app).session(&session).await_status(401).await;
    assert_eq!(ended.code(), "AUTH_REQUIRED");
    // To be refused is no use of it.
    app.step_clock(0, 36 * HOUR + 60_000);
    me(&app).session(&session).await_status(401).await;
}

#[tokio::test]
async fn a_session_ends_after_seven_days_whatever_is_done_with_it() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    for hours in (11..168).step_by(11) {
        app.step_clock(0, hours * HOUR);
        let answer = me(&app).session(&session).await_status(200).await;
        if hours > 156 {
            let ends = text(answer.data(), "expiresAt");
            let created = item(&app, "SESSION")["createdAt"]["N"]
                .as_str()
                .unwrap()
                .to_owned();
            let created = shared::time::Timestamp::from_millis(created.parse().unwrap());
            assert_eq!(ends, created.plus_millis(168 * HOUR).to_string());
        }
    }
    app.step_clock(0, 168 * HOUR + 1000);
    me(&app).session(&session).await_status(401).await;
}

#[tokio::test]
async fn how_long_sessions_last_is_a_parameter() {
    let app = App::builder()
        .setting("SESSION_IDLE_HOURS", 1)
        .setting("SESSION_HOURS", 2)
        .start()
        .await;
    let session = app.sign_in("acc_a").await;
    for (minutes, status) in [(59, 200), (118, 200), (121, 401)] {
        app.step_clock(0, minutes * 60_000);
        me(&app).session(&session).await_status(status).await;
    }
}

#[tokio::test]
async fn a_session_that_has_ended_stays_so_when_sessions_may_last_longer() {
    let app = App::builder()
        .setting("SESSION_IDLE_HOURS", 1)
        .start()
        .await;
    let session = app.sign_in("acc_a").await;
    me(&app).session(&session).await_status(200).await;
    let longer = app.sibling().setting("SESSION_IDLE_HOURS", 12);
    let longer = longer.start().await;
    longer.step_clock(0, HOUR + 60_000);
    me(&longer).session(&session).await_status(401).await;
    longer.step_clock(0, HOUR - 60_000);
    me(&longer).session(&session).await_status(200).await;
}

#[tokio::test]
async fn a_new_sign_in_ends_the_session_that_the_browser_had() {
    let app = App::start().await;
    let before = app.sign_in("acc_a").await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    let done = begun.come_back(&query).cookie(SESSION, &before);
    let done = done.await_status(302).await;
    let after = done.cookie(SESSION).unwrap();
    me(&app).session(after).await_status(200).await;
    me(&app).session(&before).await_status(401).await;

    // One that does not succeed ends nothing.
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({ "nonce": "another" }));
    let failed = begun.come_back(&query).cookie(SESSION, after);
    failed.await_status(401).await;
    me(&app).session(after).await_status(200).await;
}

#[tokio::test]
async fn logout_works_on_the_next_request_everywhere() {
    let app = App::builder().instances(2).start().await;
    let session = app.sign_in("acc_a").await;
    let other = app.sign_in("acc_a").await;
    for instance in 0..2 {
        me(&app)
            .session(&session)
            .on(instance)
            .await_status(200)
            .await;
    }
    let done = logout(&app).session(&session).await_status(200).await;
    assert_eq!(done.data(), &json!({ "deleted": true }));
    let cleared = done.set_cookie(SESSION).unwrap();
    assert!(cleared.starts_with(&format!("{SESSION}=;")) && cleared.contains("Max-Age=0"));
    for instance in 0..2 {
        me(&app)
            .session(&session)
            .on(instance)
            .await_status(401)
            .await;
    }
    // In another tab, which does not know yet; and another browser of the same person goes on.
    logout(&app).session(&session).await_status(401).await;
    me(&app).session(&other).await_status(200).await;
    // Nothing brings it back.
    assert_eq!(
        app.items()
            .iter()
            .filter(|item| item["sk"]["S"] == "SESSION")
            .count(),
        1
    );
}

#[tokio::test]
async fn signing_out_works_over_the_limit() {
    let app = App::builder().caller_limit(3).start().await;
    let (one, other) = (app.sign_in("acc_a").await, app.sign_in("acc_a").await);
    me(&app).session(&one).await_status(200).await;
    // The other one has drawn nothing when its user has nothing left.
    let token = app.token("acc_a");
    for _ in 0..2 {
        me(&app).bearer(&token).await_status(200).await;
    }
    me(&app).session(&one).await_status(429).await;
    let done = logout(&app).session(&one).await_status(200).await;
    assert_eq!(done.data(), &json!({ "deleted": true }));
    assert_eq!(done.cookie(SESSION), Some(""));
    assert_eq!(
        (done.limit_header("limit"), done.limit_header("remaining")),
        (Some(3), Some(0))
    );
    me(&app).session(&one).await_status(401).await;

    let form = logout(&app).session(&other);
    let done = form.header("accept", "text/html").await_status(302).await;
    assert_eq!(done.header("location"), Some("/dashboard/signed-out"));
    assert_eq!(done.cookie(SESSION), Some(""));
    me(&app).session(&other).await_status(401).await;

    // There is nothing to be ended of other credentials.
    logout(&app).bearer(&token).await_status(429).await;
    let (_, key) = app.new_key_of("acc_a", "usr_2").await;
    for _ in 0..3 {
        me(&app).bearer(&key).await_status(200).await;
    }
    logout(&app).bearer(&key).await_status(429).await;
}

#[tokio::test]
async fn only_a_session_can_be_logged_out() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    for credential in [&key, &app.token("acc_a")] {
        let answer = logout(&app).bearer(credential).await_status(409).await;
        assert_eq!(answer.code(), "CONFLICT");
    }
    logout(&app).await_status(401).await;
}

#[tokio::test]
async fn a_cookie_that_is_there_twice_is_none() {
    let app = App::start().await;
    let (one, other) = (app.sign_in("acc_a").await, app.sign_in("acc_b").await);
    me(&app)
        .session(&one)
        .session(&other)
        .await_status(401)
        .await;
    me(&app).session(&one).session(&one).await_status(200).await;
    me(&app)
        .session(&one)
        .cookie(UNDER_WAY, "x")
        .await_status(200)
        .await;
}

#[tokio::test]
async fn recognising_and_counting_is_one_write() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    drop(app.operations());
    // The first one draws ten calls, the eleventh a hundred.
    for number in 1..=40 {
        me(&app).session(&session).await_status(200).await;
        let operations = app.operations();
        if matches!(number, 1 | 11) {
            assert_eq!(operations.len(), 3, "{number}: {operations:?}");
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
async fn a_refused_session_costs_one_call_and_a_malformed_one_none() {
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
async fn a_session_over_the_limit_costs_one_call_whoever_used_it_up() {
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
    // To be refused is no use of a session: it is as idle as it was.
    let items = app.items();
    let fresh = items
        .iter()
        .find(|item| item["sk"]["S"] == "SESSION" && item["lastSeenAt"] == item["createdAt"]);
    assert!(fresh.is_some());
}

#[tokio::test]
async fn headers_count_down_and_the_limit_is_met() {
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
    // Nothing is done.
    app.create("x").session(&session).await_status(429).await;
    assert_eq!(item(&app, "WORKSPACE")["keyCount"], Value::Null);
    app.step_clock(0, 61_000);
    let again = me(&app).session(&session).await_status(200).await;
    assert_eq!(again.limit_header("remaining"), Some(4));
}

#[tokio::test]
async fn a_user_has_one_limit_whatever_they_call_with() {
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
    // In another workspace, or as another person, they are another caller.
    let elsewhere = app.sign_in("acc_b").await;
    me(&app).session(&elsewhere).await_status(200).await;
    let person = app.sign_in_as("usr_2", "acc_a").await;
    me(&app).session(&person).await_status(200).await;
}

#[tokio::test]
async fn a_burst_from_many_connections_is_never_let_over_the_limit() {
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
    // Each session may hold back what it drew last, which is a twentieth.
    let admitted = u32::try_from(with(200)).unwrap();
    assert!(
        (LIMIT - 2 * (LIMIT / 20)..=LIMIT).contains(&admitted),
        "{admitted}"
    );
}

#[tokio::test]
async fn of_calls_that_find_the_session_empty_at_once_one_draws() {
    let app = App::builder().instances(8).caller_limit(160).start().await;
    let session = app.sign_in("acc_a").await;
    // Started before, so that they meet.
    let fresh = app.sign_in_as("usr_2", "acc_a").await;
    join_all((0..8).map(|n| me(&app).session(&fresh).on(n).send())).await;
    let calls = (0..8).map(|n| me(&app).session(&session).on(n).send());
    assert!(
        join_all(calls)
            .await
            .iter()
            .all(|answer| answer.status == 200)
    );
    // All that was drawn is 1 and then 8, a twentieth: the rest is there for the token.
    let with_token = me(&app).bearer(&app.token("acc_a")).await_status(200).await;
    assert_eq!(with_token.limit_header("remaining"), Some(160 - 9 - 1));
}

#[tokio::test]
async fn remaining_is_the_users_whatever_was_drawn() {
    let app = App::builder().caller_limit(60).start().await;
    let session = app.sign_in("acc_a").await;
    for left in (0..60).rev() {
        let answer = me(&app).session(&session).await_status(200).await;
        assert_eq!(answer.limit_header("remaining"), Some(left));
    }
    me(&app).session(&session).await_status(429).await;
}

#[tokio::test]
async fn many_sessions_of_one_person_leave_room_for_each_other() {
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
async fn a_burst_of_one_session_is_let_up_to_the_limit() {
    let app = App::builder().instances(4).caller_limit(100).start().await;
    let session = app.sign_in("acc_a").await;
    let calls = (0..140).map(|_| me(&app).session(&session).send());
    let answers = join_all(calls).await;
    let admitted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(admitted, 100);
}
