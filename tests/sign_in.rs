//! A sign-in with the issuer, and the ways in which its start and its callback can fail.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::ExposeSecret;

use crate::app::{
    App,
    response::Response,
    sign_in::{Begun, CALLBACK, SESSION, UNDER_WAY},
};

pub fn is(answer: &Response, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
    assert_eq!(answer.cookie(SESSION), None, "no session");
}

/// The reason that the log gives for the refusal.
pub fn reason(app: &App, answer: &Response) -> String {
    let log = app.log();
    let lines = log
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut of_request = lines.filter(|line| line["requestId"] == answer.request_id());
    let line = of_request.next_back().unwrap();
    line["reason"].as_str().unwrap_or_default().to_owned()
}

/// The number of sessions in the table.
pub fn sessions(app: &App) -> usize {
    let items = app.items();
    items
        .iter()
        .filter(|item| item["sk"]["S"] == "SESSION")
        .count()
}

#[tokio::test]
async fn a_sign_in_opens_a_session() {
    let app = App::start().await;
    let started = app
        .start_sign_in()
        .query("returnTo=%2Fdashboard%2Fapi-keys%3Flang%3Did");
    let started = started.await_status(302).await;
    let begun = Begun::of(&app, &started);
    let asked: BTreeMap<_, _> = begun
        .asked
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], "suppuo");
    assert_eq!(asked["scope"], "openid email profile");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(
        asked["redirect_uri"],
        format!("https://api.example.test{CALLBACK}")
    );
    // 256 random bits each, all different.
    let random = ["state", "nonce", "code_challenge"].map(|name| asked[name]);
    assert!(random.iter().all(|text| text.len() == 43));
    assert!(random[0] != random[1] && random[1] != random[2]);
    // The issuer gets no other parameter: not the verifier, for one.
    assert_eq!(asked.len(), 8, "{asked:?}");

    let back = begun.come_back(&begun.allow(&json!({}), &json!({})));
    let done = back.await_status(302).await;
    assert_eq!(done.header("location"), Some("/dashboard/api-keys?lang=id"));
    let session = done.cookie(SESSION).unwrap();
    assert_eq!(done.cookie(UNDER_WAY), Some(""));
    app.list().session(session).await_status(200).await;
}

#[tokio::test]
async fn a_sign_in_makes_the_workspace_known_to_the_public_form() {
    let app = App::start().await;
    let form =
        json!({ "accountId": "acc_a", "subject": "x", "body": "x", "email": "kim@example.com" });
    let submit = || app.call("POST", "/api/v1/public/tickets").json(&form);
    submit().await_status(400).await;
    app.sign_in("acc_a").await;
    submit().await_status(201).await;
}

#[tokio::test]
async fn a_sign_in_without_return_to_leads_to_the_key_page() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let back = begun.come_back(&begun.allow(&json!({}), &json!({})));
    let done = back.await_status(302).await;
    assert_eq!(done.header("location"), Some("/dashboard/api-keys"));
}

#[tokio::test]
async fn return_to_must_be_a_path_on_this_host() {
    let app = App::start().await;
    for elsewhere in [
        "https%3A%2F%2Fevil.test",
        "%2F%2Fevil.test",
        "%2F%5Cevil.test",
        "%5C%5Cevil.test",
        "%2F%09%2Fevil.test",
        "%2F%0A%2Fevil.test",
        "javascript%3Aalert(1)",
        "evil",
        "%2Fx%0D%0Aset-cookie%3A%20x%3Dy",
        "%2Fa&returnTo=%2Fb",
    ] {
        let answer = app.start_sign_in().query(&format!("returnTo={elsewhere}"));
        let answer = answer.send().await;
        is(&answer, 400, "VALIDATION_ERROR");
        assert_eq!(answer.param(), Some("returnTo"), "{elsewhere}");
        assert_eq!(answer.cookie(UNDER_WAY), None);
    }
}

#[tokio::test]
async fn a_callback_with_a_wrong_or_missing_state_is_refused() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let other = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    let state = &begun.asked["state"];
    let queries = [
        good.replace(&format!("&state={state}"), ""),
        good.replace(state, ""),
        good.replace(state, "x"),
        good.replace(state, &other.asked["state"]),
        format!("{good}&state={state}"),
        String::new(),
    ];
    for query in queries {
        let answer = begun.come_back(&query).send().await;
        is(&answer, 400, "VALIDATION_ERROR");
        assert_eq!(answer.param(), Some("state"), "{query}");
        // An invalid callback does not end the pending sign-in.
        assert_eq!(answer.cookie(UNDER_WAY), None);
    }
    begun.come_back(&good).await_status(302).await;
}

#[tokio::test]
async fn a_callback_in_another_browser_or_with_a_changed_cookie_is_refused() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    let callback = || app.call("GET", CALLBACK).query(&good);
    is(&callback().send().await, 400, "VALIDATION_ERROR");
    let other = app.begin_sign_in().await;
    let another = callback().cookie(UNDER_WAY, &other.cookie);
    is(&another.send().await, 400, "VALIDATION_ERROR");
    for at in [0, 10, 30, begun.cookie.len() - 1] {
        let mut changed = begun.cookie.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let answer = callback().cookie(UNDER_WAY, &changed).send().await;
        is(&answer, 400, "VALIDATION_ERROR");
    }
    // A cookie of another deployment, sealed with another secret.
    let stranger = App::start().await;
    let foreign = stranger.begin_sign_in().await;
    let answer = callback().cookie(UNDER_WAY, &foreign.cookie).send().await;
    is(&answer, 400, "VALIDATION_ERROR");
    assert_eq!(sessions(&app), 0);
}

#[tokio::test]
async fn a_sign_in_on_an_invalid_host_is_refused() {
    let app = App::start().await;
    let good = app.begin_sign_in().await;
    let good = good.come_back(&good.allow(&json!({}), &json!({})));
    for host in ["a:b", "[", "x:99999", "1.2.3.256"] {
        for call in [app.start_sign_in(), good.clone()] {
            is(
                &call.header("host", host).send().await,
                400,
                "VALIDATION_ERROR",
            );
        }
    }
    assert_eq!(sessions(&app), 0);
}

#[tokio::test]
async fn a_callback_after_ten_minutes_is_refused() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let good = begun.allow(
        &json!({ "exp": crate::app::issuer::now() + 3600 }),
        &json!({}),
    );
    app.step_clock(0, 10 * 60_000 + 1000);
    is(
        &begun.come_back(&good).send().await,
        400,
        "VALIDATION_ERROR",
    );
    app.step_clock(0, 9 * 60_000);
    begun.come_back(&good).await_status(302).await;
}

#[tokio::test]
async fn a_wrong_or_missing_client_secret_is_a_500() {
    let app = App::start().await;
    for secret in ["", "no-such-secret", local::secrets::SIGNING_SECRET] {
        let sibling = app.sibling().setting("HUUDIS_CLIENT_SECRET", secret);
        let wrong = sibling.start().await;
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({}), &json!({}));
        let back = wrong.call("GET", CALLBACK).query(&query);
        let answer = back.cookie(UNDER_WAY, &begun.cookie).send().await;
        is(&answer, 500, "INTERNAL_ERROR");
        assert!(!answer.message().contains("secret"));
    }
}

#[tokio::test]
async fn the_client_secrets_arn_may_lack_its_end() {
    let app = App::start().await;
    let name = local::secrets::CLIENT_SECRET;
    // Secrets Manager takes an ARN for a whole one if its name looks as if it had the end of one.
    assert!(name.ends_with("-client"));
    let partial = format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}");
    let whole = format!("{partial}-{}", local::secrets::ARN_SUFFIX);
    for arn in [partial, whole] {
        let deployed = app.sibling().setting("HUUDIS_CLIENT_SECRET", arn);
        let deployed = deployed.start().await;
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({}), &json!({}));
        let back = deployed.call("GET", CALLBACK).query(&query);
        let done = back.cookie(UNDER_WAY, &begun.cookie).send().await;
        assert_eq!(done.status, 302, "{done:?}");
    }
}

#[tokio::test]
async fn a_sign_in_replaces_and_ends_a_planted_session() {
    let app = App::start().await;
    // An attacker may plant a made-up session or their own. The sign-in uses neither, and ends both.
    let planted = shared::domain::session::SessionId::generate();
    let own = app.sign_in("acc_b").await;
    for fixed in [planted.expose_secret(), &own] {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({}), &json!({}));
        let back = begun.come_back(&query).cookie(SESSION, fixed);
        let done = back.await_status(302).await;
        assert_ne!(done.cookie(SESSION), Some(fixed));
    }
    for fixed in [planted.expose_secret(), &own] {
        app.list().session(fixed).await_status(401).await;
    }
}

#[tokio::test]
async fn each_function_reads_its_secrets_once() {
    let app = App::start().await;
    app.sign_in("acc_a").await;
    app.sign_in("acc_a").await;
    let read: Vec<_> = app
        .secret_operations()
        .into_iter()
        .flat_map(|o| o.actions)
        .collect();
    let of = |name: &str| read.iter().filter(|action| action.ends_with(name)).count();
    // One function starts a sign-in and another one finishes it; only the second needs the client's secret.
    assert_eq!(
        (of(" of signing"), of(" of huudis-client")),
        (2, 1),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_browser_gets_sign_in_errors_on_a_page() {
    let app = App::start().await;
    let callback = app.call("GET", CALLBACK).query("code=x&state=y");
    let page = callback.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let page = page.await_status(400).await;
    assert!(page.is_page());
    assert!(page.text.contains(page.request_id()));
    assert!(page.text.contains("href=\"/dashboard/api-keys\""));
    // A client that prefers JSON gets the envelope, even if it accepts HTML as well.
    let callback = app.call("GET", CALLBACK).query("code=x&state=y");
    let script = callback.header("accept", "application/json, text/html");
    is(&script.send().await, 400, "VALIDATION_ERROR");
    // A person without a workspace may have another account: the issuer shall ask which one to use.
    let begun = app.begin_sign_in().await;
    let nobody = begun.allow(&json!({ "accountId": null }), &json!({}));
    let page = begun.come_back(&nobody).header("accept", "text/html");
    let page = page.await_status(403).await;
    let start = "/api/v1/auth/huudis/start?prompt=select_account";
    assert!(
        page.text.contains(&format!("href=\"{start}\"")),
        "{}",
        page.text
    );
    let again = app.start_sign_in().query("prompt=select_account");
    let again = Begun::of(&app, &again.await_status(302).await);
    assert_eq!(again.asked["prompt"], "select_account");
}

#[tokio::test]
async fn no_secret_of_a_sign_in_is_logged() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    let done = begun.come_back(&query).await_status(302).await;
    let session = done.cookie(SESSION).unwrap();
    app.list().session(session).await_status(200).await;
    app.list().session(&session[1..]).await_status(401).await;
    begun.come_back(&query).send().await;
    for broken in [json!({ "access_token": "a-token" }), json!("a-token")] {
        let begun = app.begin_sign_in().await;
        let answer = begun.come_back(&begun.answer_with(&broken)).send().await;
        is(&answer, 500, "INTERNAL_ERROR");
    }
    let log = app.log().join("\n");
    let code = query.split(['=', '&']).nth(1).unwrap();
    for secret in [
        session,
        &session[1..],
        &begun.cookie,
        &begun.asked["state"],
        &begun.asked["nonce"],
        app.issuer.client_secret(),
        code,
        "a-token",
        "kim@example.com",
        "usr_1",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    assert!(log.contains("\"caller\":\"session\""));
}
