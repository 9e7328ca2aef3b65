//! A sign-in with the issuer, and the ways in which its start and its callback can fail.

use std::collections::BTreeMap;

use futures_util::future::join;
use serde_json::{Value, json};

use crate::app::{
    App,
    issuer::KID,
    response::Response,
    sign_in::{Begun, CALLBACK, SESSION, UNDER_WAY},
};

fn is(answer: &Response, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
    assert_eq!(answer.cookie(SESSION), None, "no session");
}

/// The reason that the log gives for the refusal.
fn reason(app: &App, answer: &Response) -> String {
    let log = app.log();
    let lines = log
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut of_request = lines.filter(|line| line["requestId"] == answer.request_id());
    let line = of_request.next_back().unwrap();
    line["reason"].as_str().unwrap_or_default().to_owned()
}

/// The number of sessions in the table.
fn sessions(app: &App) -> usize {
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

/// The response redirects to the page, and neither sets nor clears a session's cookie.
fn goes_on(answer: &Response) {
    assert_eq!(answer.status, 302, "{answer:?}");
    assert_eq!(answer.header("location"), Some("/dashboard/api-keys"));
    assert_eq!(answer.cookie(SESSION), None);
}

#[tokio::test]
async fn a_replayed_callback_opens_no_second_session() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    drop(app.operations());
    let done = begun.come_back(&query).await_status(302).await;
    // The check for a replay costs the first callback no request.
    let operations = app.operations();
    assert_eq!(operations.len(), 1, "{operations:?}");
    let session = done.cookie(SESSION).unwrap();
    // The issuer has already redeemed the code…
    goes_on(&begun.come_back(&query).send().await);
    // …and the browser may already have the session.
    let with_both = begun.come_back(&query).cookie(SESSION, session);
    goes_on(&with_both.send().await);
    // Another code for the same state opens no second session.
    let again = begun.allow(&json!({}), &json!({}));
    let again = begun.come_back(&again).cookie(SESSION, session);
    goes_on(&again.send().await);
    assert_eq!(sessions(&app), 1);
    app.list().session(session).await_status(200).await;
    // Without the browser's cookie, the callback is refused.
    let elsewhere = app.call("GET", CALLBACK).query(&query).send().await;
    is(&elsewhere, 400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_callback_reloaded_with_its_own_session_redirects_to_the_page() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    let load = |query: &str| {
        let call = app.call("GET", CALLBACK).query(query);
        call.header("accept", "text/html,*/*;q=0.8")
    };
    // No sign-in has succeeded yet.
    let planted = shared::domain::session::SessionId::generate();
    let early = load(&query).cookie(SESSION, planted.reveal());
    early.await_status(400).await;
    let done = begun.come_back(&query).await_status(302).await;
    let session = done.cookie(SESSION).unwrap();
    // The browser no longer has the cookie of the sign-in.
    drop(app.operations());
    goes_on(&load(&query).cookie(SESSION, session).send().await);
    let operations = app.operations();
    assert_eq!(operations.len(), 1, "{operations:?}");
    app.list().session(session).await_status(200).await;
    // The callback is refused without a session, without a state, and for another sign-in. The first two ask the table
    // nothing.
    drop(app.operations());
    load(&query).await_status(400).await;
    load("code=x")
        .cookie(SESSION, session)
        .await_status(400)
        .await;
    assert_eq!(app.operations(), []);
    let other = load(&query.replace("state=", "state=x"));
    other.cookie(SESSION, session).await_status(400).await;
    assert_eq!(sessions(&app), 1);
}

#[tokio::test]
async fn two_concurrent_callbacks_open_one_session() {
    let app = App::builder().instances(2).start().await;
    for before in 0..6 {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({}), &json!({}));
        // In the last round, the issuer may refuse the second callback's code before it sees the first one's.
        let other = if before < 5 {
            query.clone()
        } else {
            begun.query("no-such-code")
        };
        let twice = join(
            begun.come_back(&other).on(1).send(),
            begun.come_back(&query).on(0).send(),
        );
        let (one, other) = twice.await;
        let (first, second) = match one.cookie(SESSION) {
            Some(_) => (one, other),
            None => (other, one),
        };
        goes_on(&second);
        assert_eq!(first.status, 302, "{first:?}");
        assert_eq!(first.header("location"), second.header("location"));
        assert_eq!(sessions(&app), before + 1);
        let session = first.cookie(SESSION).unwrap();
        app.list().session(session).await_status(200).await;
    }
}

#[tokio::test]
async fn two_concurrent_bad_callbacks_are_both_refused() {
    let app = App::builder().instances(2).start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({ "nonce": "another" }));
    let twice = join(
        begun.come_back(&query).on(0).send(),
        begun.come_back(&query).on(1).send(),
    );
    let (one, other) = twice.await;
    for answer in [&one, &other] {
        is(answer, 401, "AUTH_REQUIRED");
    }
    let mut reasons = [reason(&app, &one), reason(&app, &other)];
    reasons.sort();
    assert_eq!(reasons, ["code_refused", "wrong_nonce"]);
    assert_eq!(sessions(&app), 0);
    // The refused callback looked for a session a few times.
    assert_eq!(app.operations().len(), 4);
}

#[tokio::test]
async fn a_sign_in_with_wrong_token_claims_is_refused() {
    let app = App::start().await;
    let now = crate::app::issuer::now();
    let same = json!({});
    let cases = [
        (same.clone(), json!({ "nonce": "x" }), "wrong_nonce"),
        (same.clone(), json!({ "nonce": null }), "malformed_claims"),
        (
            same.clone(),
            json!({ "aud": "suppuo-cli" }),
            "wrong_audience",
        ),
        (
            same.clone(),
            json!({ "aud": ["suppuo", "other"] }),
            "wrong_authorised_party",
        ),
        (
            same.clone(),
            json!({ "azp": "other" }),
            "wrong_authorised_party",
        ),
        (
            same.clone(),
            json!({ "at_hash": "x" }),
            "wrong_access_token_hash",
        ),
        (
            same.clone(),
            json!({ "iss": "https://evil.test" }),
            "wrong_issuer",
        ),
        (same.clone(), json!({ "exp": now - 120 }), "expired"),
        (
            same.clone(),
            json!({ "sub": "usr_2" }),
            "tokens_of_two_people",
        ),
        (same.clone(), json!({ "sub": "" }), "no_subject"),
        (
            json!({ "aud": "other" }),
            json!({ "aud": "suppuo" }),
            "wrong_audience",
        ),
        (
            json!({ "exp": now - 120 }),
            json!({ "exp": now + 60 }),
            "expired",
        ),
        (
            json!({ "nbf": now + 600 }),
            json!({ "nbf": null }),
            "not_yet_valid",
        ),
    ];
    for (both, of_id_token, why) in cases {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&both, &of_id_token);
        let answer = begun.come_back(&query).send().await;
        is(&answer, 401, "AUTH_REQUIRED");
        assert_eq!(reason(&app, &answer), why);
        // The sign-in is over: the cookie is cleared.
        assert_eq!(answer.cookie(UNDER_WAY), Some(""));
    }
    // Several audiences are accepted if `azp` names this client.
    let begun = app.begin_sign_in().await;
    let several = json!({ "aud": ["suppuo", "other"], "azp": "suppuo" });
    begun
        .come_back(&begun.allow(&json!({}), &several))
        .await_status(302)
        .await;
    assert_eq!(sessions(&app), 1);
}

#[tokio::test]
async fn forged_malformed_and_missing_tokens_open_no_session() {
    let app = App::start().await;
    let stranger = local::issuer::Key::generate();
    for which in ["id_token", "access_token"] {
        for forged in [true, false] {
            let begun = app.begin_sign_in().await;
            let claims = app.issuer.claims(&json!({
                "sub": "usr_1", "accountId": "acc_a", "nonce": begun.asked["nonce"],
            }));
            let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KID });
            let good = app.issuer.key.sign(&header, &claims);
            let mut tokens =
                json!({ "access_token": good, "id_token": good, "token_type": "Bearer" });
            tokens[which] = if forged {
                stranger.sign(&header, &claims).into()
            } else {
                "nonsense".into()
            };
            let answer = begun.come_back(&begun.answer_with(&tokens)).send().await;
            is(&answer, 401, "AUTH_REQUIRED");
        }
        // A missing token is a fault of the issuer, and so a 500.
        let begun = app.begin_sign_in().await;
        let mut tokens = json!({ "access_token": "a", "id_token": "b", "token_type": "Bearer" });
        tokens.as_object_mut().unwrap().remove(which);
        let answer = begun.come_back(&begun.answer_with(&tokens)).send().await;
        is(&answer, 500, "INTERNAL_ERROR");
    }
    assert_eq!(sessions(&app), 0);
}

#[tokio::test]
async fn a_person_without_a_workspace_is_forbidden() {
    let app = App::start().await;
    for workspace in [Value::Null, json!(7), json!("shop"), json!("")] {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({ "accountId": workspace }), &json!({}));
        is(&begun.come_back(&query).send().await, 403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn a_sign_in_that_the_issuer_refuses_fails() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let state = &begun.asked["state"];
    let refused = begun.come_back(&format!("error=access_denied&state={state}"));
    let refused = refused.send().await;
    is(&refused, 401, "AUTH_REQUIRED");
    assert_eq!(reason(&app, &refused), "refused_by_issuer");
    let begun = app.begin_sign_in().await;
    let refused = begun.come_back(&begun.query("no-such-code")).send().await;
    is(&refused, 401, "AUTH_REQUIRED");
    assert_eq!(reason(&app, &refused), "code_refused");
    let begun = app.begin_sign_in().await;
    let without = begun.come_back(&format!("state={}", begun.asked["state"]));
    let without = without.send().await;
    is(&without, 400, "VALIDATION_ERROR");
    assert_eq!(without.param(), Some("code"));
}

#[tokio::test]
async fn a_callback_from_another_issuer_is_refused() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    let (before, _) = good.split_once("&iss=").unwrap();
    let mixed_up = begun.come_back(&format!("{before}&iss=https%3A%2F%2Fevil.test"));
    let mixed_up = mixed_up.send().await;
    is(&mixed_up, 400, "VALIDATION_ERROR");
    assert_eq!(mixed_up.param(), Some("iss"));
    // An issuer that announces `iss` in its responses must send it (RFC 9207).
    let strict = App::start().await;
    let says_so = json!({ "authorization_response_iss_parameter_supported": true });
    strict.issuer.discover(&says_so);
    let begun = strict.begin_sign_in().await;
    let query = format!("code=x&state={}", begun.asked["state"]);
    is(
        &begun.come_back(&query).send().await,
        400,
        "VALIDATION_ERROR",
    );
    // Other issuers may leave it out.
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    let (before, _) = good.split_once("&iss=").unwrap();
    begun.come_back(before).await_status(302).await;
}

#[tokio::test]
async fn a_sign_in_fails_while_the_issuer_is_down_but_sessions_go_on() {
    let app = App::start().await;
    let before = app.sign_in("acc_a").await;
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    app.issuer.go_down();
    is(&begun.come_back(&good).send().await, 500, "INTERNAL_ERROR");
    // An instance uses its cached discovery document even when it is old.
    app.step_clock(0, 2 * 3_600_000);
    app.start_sign_in().await_status(302).await;
    app.step_clock(0, 0);
    let fresh = app.sibling().start().await;
    is(&fresh.start_sign_in().send().await, 500, "INTERNAL_ERROR");
    // Existing sessions still work.
    app.list().session(&before).await_status(200).await;
    assert_eq!(sessions(&app), 1);
}

#[tokio::test]
async fn an_invalid_discovery_document_is_a_500() {
    for changes in [
        json!({ "issuer": "https://evil.test" }),
        json!({ "token_endpoint": "ftp://evil.test" }),
        json!({ "authorization_endpoint": "nonsense" }),
        json!({ "token_endpoint": 7 }),
    ] {
        let app = App::start().await;
        app.issuer.discover(&changes);
        is(&app.start_sign_in().send().await, 500, "INTERNAL_ERROR");
    }
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
async fn a_sign_in_replaces_and_ends_a_planted_session() {
    let app = App::start().await;
    // An attacker may plant a made-up session or their own. The sign-in uses neither, and ends both.
    let planted = shared::domain::session::SessionId::generate();
    let own = app.sign_in("acc_b").await;
    for fixed in [planted.reveal(), &own] {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({}), &json!({}));
        let back = begun.come_back(&query).cookie(SESSION, fixed);
        let done = back.await_status(302).await;
        assert_ne!(done.cookie(SESSION), Some(fixed));
    }
    for fixed in [planted.reveal(), &own] {
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
