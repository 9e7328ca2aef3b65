//! Signing in with the issuer, and every way in which that can go wrong.

use std::collections::BTreeMap;

use futures_util::future::join;
use serde_json::{Value, json};
use shared::ExposeSecret;

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

/// Why the last refused call was refused, as the log has it.
fn reason(app: &App, answer: &Response) -> String {
    let log = app.log();
    let lines = log
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut of_request = lines.filter(|line| line["requestId"] == answer.request_id());
    let line = of_request.next_back().unwrap();
    line["reason"].as_str().unwrap_or_default().to_owned()
}

/// How many sessions there are.
fn sessions(app: &App) -> usize {
    let items = app.items();
    items
        .iter()
        .filter(|item| item["sk"]["S"] == "SESSION")
        .count()
}

#[tokio::test]
async fn a_sign_in_from_start_to_end() {
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
    // 256 random bits each, and none is another.
    let random = ["state", "nonce", "code_challenge"].map(|name| asked[name]);
    assert!(random.iter().all(|text| text.len() == 43));
    assert!(random[0] != random[1] && random[1] != random[2]);
    // The issuer's page learns what it needs, and not the verifier.
    assert_eq!(asked.len(), 8, "{asked:?}");

    let back = begun.come_back(&begun.allow(&json!({}), &json!({})));
    let done = back.await_status(302).await;
    assert_eq!(done.header("location"), Some("/dashboard/api-keys?lang=id"));
    let session = done.cookie(SESSION).unwrap();
    assert_eq!(done.cookie(UNDER_WAY), Some(""));
    app.list().session(session).await_status(200).await;
}

#[tokio::test]
async fn a_sign_in_makes_the_workspace_known() {
    let app = App::start().await;
    let form =
        json!({ "accountId": "acc_a", "subject": "x", "body": "x", "email": "kim@example.com" });
    let submit = || app.call("POST", "/api/v1/public/tickets").json(&form);
    submit().await_status(400).await;
    app.sign_in("acc_a").await;
    submit().await_status(201).await;
}

#[tokio::test]
async fn without_return_to_it_leads_to_the_dashboard() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let back = begun.come_back(&begun.allow(&json!({}), &json!({})));
    let done = back.await_status(302).await;
    assert_eq!(done.header("location"), Some("/dashboard/api-keys"));
}

#[tokio::test]
async fn return_to_is_a_path_on_this_host() {
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
async fn a_wrong_or_missing_state() {
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
        // Somebody's nonsense does not end what is under way.
        assert_eq!(answer.cookie(UNDER_WAY), None);
    }
    begun.come_back(&good).await_status(302).await;
}

#[tokio::test]
async fn in_another_browser_or_with_a_changed_cookie() {
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
    // Of another deployment: another secret has sealed it.
    let stranger = App::start().await;
    let foreign = stranger.begin_sign_in().await;
    let answer = callback().cookie(UNDER_WAY, &foreign.cookie).send().await;
    is(&answer, 400, "VALIDATION_ERROR");
    assert_eq!(sessions(&app), 0);
}

#[tokio::test]
async fn on_a_host_that_no_url_can_have() {
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
async fn after_ten_minutes() {
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

/// Goes on to where the sign-in leads, without a session of its own, and without ending one.
fn goes_on(answer: &Response) {
    assert_eq!(answer.status, 302, "{answer:?}");
    assert_eq!(answer.header("location"), Some("/dashboard/api-keys"));
    assert_eq!(answer.cookie(SESSION), None);
}

#[tokio::test]
async fn a_callback_that_is_replayed() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    drop(app.operations());
    let done = begun.come_back(&query).await_status(302).await;
    // That it may come twice costs the one that came first nothing.
    let operations = app.operations();
    assert_eq!(operations.len(), 1, "{operations:?}");
    let session = done.cookie(SESSION).unwrap();
    // The issuer has taken the code before…
    goes_on(&begun.come_back(&query).send().await);
    // …and the browser may have the session by now.
    let with_both = begun.come_back(&query).cookie(SESSION, session);
    goes_on(&with_both.send().await);
    // One that gives out another code for the same state does not help to another session.
    let again = begun.allow(&json!({}), &json!({}));
    let again = begun.come_back(&again).cookie(SESSION, session);
    goes_on(&again.send().await);
    assert_eq!(sessions(&app), 1);
    app.list().session(session).await_status(200).await;
    // Who has not the browser's cookie learns nothing, and gets nowhere.
    let elsewhere = app.call("GET", CALLBACK).query(&query).send().await;
    is(&elsewhere, 400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_callback_that_is_loaded_again_with_the_session_it_led_to() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    let load = |query: &str| {
        let call = app.call("GET", CALLBACK).query(query);
        call.header("accept", "text/html,*/*;q=0.8")
    };
    // Nobody has signed in yet.
    let planted = shared::domain::session::SessionId::generate();
    let early = load(&query).cookie(SESSION, planted.expose_secret());
    early.await_status(400).await;
    let done = begun.come_back(&query).await_status(302).await;
    let session = done.cookie(SESSION).unwrap();
    // The browser has given the other cookie up.
    drop(app.operations());
    goes_on(&load(&query).cookie(SESSION, session).send().await);
    let operations = app.operations();
    assert_eq!(operations.len(), 1, "{operations:?}");
    app.list().session(session).await_status(200).await;
    // Neither of another sign-in nor without a session, and without asking the table.
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
async fn a_callback_that_comes_twice_at_once() {
    let app = App::builder().instances(2).start().await;
    for before in 0..6 {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({}), &json!({}));
        // In the last round the issuer refuses the second one's code before it was shown the first one's.
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
async fn a_callback_that_comes_twice_and_is_no_good() {
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
    // It was looked for, a few times.
    assert_eq!(app.operations().len(), 4);
}

#[tokio::test]
async fn tokens_that_are_not_of_this_sign_in() {
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
        // It is over: who tries again begins again.
        assert_eq!(answer.cookie(UNDER_WAY), Some(""));
    }
    // What names others beside us, and us as the one it was made for, is ours.
    let begun = app.begin_sign_in().await;
    let several = json!({ "aud": ["suppuo", "other"], "azp": "suppuo" });
    begun
        .come_back(&begun.allow(&json!({}), &several))
        .await_status(302)
        .await;
    assert_eq!(sessions(&app), 1);
}

#[tokio::test]
async fn tokens_that_nobody_signed_or_that_are_none() {
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
        // Not even there: that is the issuer's fault, and ours to look into.
        let begun = app.begin_sign_in().await;
        let mut tokens = json!({ "access_token": "a", "id_token": "b", "token_type": "Bearer" });
        tokens.as_object_mut().unwrap().remove(which);
        let answer = begun.come_back(&begun.answer_with(&tokens)).send().await;
        is(&answer, 500, "INTERNAL_ERROR");
    }
    assert_eq!(sessions(&app), 0);
}

#[tokio::test]
async fn who_belongs_to_no_workspace() {
    let app = App::start().await;
    for workspace in [Value::Null, json!(7), json!("shop"), json!("")] {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({ "accountId": workspace }), &json!({}));
        is(&begun.come_back(&query).send().await, 403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn the_issuer_refuses() {
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
async fn an_answer_of_another_issuer() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    let (before, _) = good.split_once("&iss=").unwrap();
    let mixed_up = begun.come_back(&format!("{before}&iss=https%3A%2F%2Fevil.test"));
    let mixed_up = mixed_up.send().await;
    is(&mixed_up, 400, "VALIDATION_ERROR");
    assert_eq!(mixed_up.param(), Some("iss"));
    // One that says that it always says who it is would not have left that out.
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
    // Others need not (RFC 9207 is younger than many).
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    let (before, _) = good.split_once("&iss=").unwrap();
    begun.come_back(before).await_status(302).await;
}

#[tokio::test]
async fn the_issuer_is_down() {
    let app = App::start().await;
    let before = app.sign_in("acc_a").await;
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    app.issuer.go_down();
    is(&begun.come_back(&good).send().await, 500, "INTERNAL_ERROR");
    // What an instance knows of the issuer is more than nothing, also when it is old.
    app.step_clock(0, 2 * 3_600_000);
    app.start_sign_in().await_status(302).await;
    app.step_clock(0, 0);
    let fresh = app.sibling().start().await;
    is(&fresh.start_sign_in().send().await, 500, "INTERNAL_ERROR");
    // Who has signed in before is not concerned.
    app.list().session(&before).await_status(200).await;
    assert_eq!(sessions(&app), 1);
}

#[tokio::test]
async fn a_discovery_document_that_is_another_issuers_or_leads_away() {
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
async fn a_client_secret_that_is_wrong_or_not_there() {
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
async fn a_session_that_was_fixed_in_advance() {
    let app = App::start().await;
    // What somebody planted is neither taken up nor left in place, be it made up or their own.
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
async fn secrets_are_read_once_and_at_the_start() {
    let app = App::start().await;
    app.sign_in("acc_a").await;
    app.sign_in("acc_a").await;
    let read: Vec<_> = app
        .secret_operations()
        .into_iter()
        .flat_map(|o| o.actions)
        .collect();
    let of = |name: &str| read.iter().filter(|action| action.ends_with(name)).count();
    // One function begins and one finishes; only that one is the issuer's client.
    assert_eq!(
        (of(" of signing"), of(" of huudis-client")),
        (2, 1),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_person_is_told_what_went_wrong_on_a_page() {
    let app = App::start().await;
    let callback = app.call("GET", CALLBACK).query("code=x&state=y");
    let page = callback.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let page = page.await_status(400).await;
    assert!(page.is_page());
    assert!(page.text.contains(page.request_id()));
    assert!(page.text.contains("href=\"/dashboard/api-keys\""));
    // Who does not read pages is told in the envelope: every other test here. So is who takes them among others.
    let callback = app.call("GET", CALLBACK).query("code=x&state=y");
    let script = callback.header("accept", "application/json, text/html");
    is(&script.send().await, 400, "VALIDATION_ERROR");
    // Who belongs to no workspace may be somebody else, too: the issuer is to ask.
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
async fn nothing_secret_is_logged_or_told() {
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
