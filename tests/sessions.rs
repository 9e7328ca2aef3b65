//! Portal sessions: what a session may do, when it ends, and what is stored of it.

use serde_json::{Value, json};

use crate::app::{
    App, Call,
    resources::text,
    response::keys,
    sign_in::{SESSION, UNDER_WAY},
};

const HOUR: i64 = 60 * 60 * 1000;

pub fn me(app: &App) -> Call<'_> {
    app.call("GET", "/api/v1/auth/me")
}

fn logout(app: &App) -> Call<'_> {
    app.call("POST", "/api/v1/auth/logout")
}

pub fn item(app: &App, kind: &str) -> Value {
    let items = app.items();
    let is = |item: &&Value| item["sk"]["S"] == kind;
    items.iter().find(is).cloned().unwrap_or_default()
}

#[tokio::test]
async fn auth_me_describes_the_caller() {
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
async fn a_session_acts_as_its_user_in_its_workspace() {
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
async fn the_stored_hash_of_a_session_is_not_a_credential() {
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
    // TTL removes the item when the session can no longer be used.
    let seconds = |name: &str| item[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
    let after = seconds("expiresAt") * 1000 - seconds("lastSeenAt");
    assert!((12 * HOUR..12 * HOUR + 1000).contains(&after));
}

#[tokio::test]
async fn cookies_have_the_documented_names_and_attributes() {
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
        // The callback clears the cookie of the pending sign-in.
        assert_eq!(done.cookie(&name), Some(""));
        // Pages of the same host may write; pages of another host may not.
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
    // A refused call does not extend the session.
    app.step_clock(0, 36 * HOUR + 60_000);
    me(&app).session(&session).await_status(401).await;
}

#[tokio::test]
async fn a_session_ends_after_seven_days_even_in_use() {
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
async fn session_lifetimes_are_settings() {
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
async fn a_longer_lifetime_setting_does_not_revive_an_ended_session() {
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
async fn a_new_sign_in_ends_the_browsers_previous_session() {
    let app = App::start().await;
    let before = app.sign_in("acc_a").await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    let done = begun.come_back(&query).cookie(SESSION, &before);
    let done = done.await_status(302).await;
    let after = done.cookie(SESSION).unwrap();
    me(&app).session(after).await_status(200).await;
    me(&app).session(&before).await_status(401).await;

    // A failed sign-in ends no session.
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({ "nonce": "another" }));
    let failed = begun.come_back(&query).cookie(SESSION, after);
    failed.await_status(401).await;
    me(&app).session(after).await_status(200).await;
}

#[tokio::test]
async fn every_instance_refuses_a_session_right_after_its_logout() {
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
    // A second logout, from another tab, gets a 401. The same person's session in another browser goes on.
    logout(&app).session(&session).await_status(401).await;
    me(&app).session(&other).await_status(200).await;
    // No later call has written the session again.
    assert_eq!(
        app.items()
            .iter()
            .filter(|item| item["sk"]["S"] == "SESSION")
            .count(),
        1
    );
}

#[tokio::test]
async fn logout_works_over_the_rate_limit() {
    let app = App::builder().caller_limit(3).start().await;
    let (one, other) = (app.sign_in("acc_a").await, app.sign_in("acc_a").await);
    me(&app).session(&one).await_status(200).await;
    // The other session has leased no calls by the time its user has none left.
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

    // Other credentials have no session to end: they get the 429.
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
async fn two_different_session_cookies_are_refused() {
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
