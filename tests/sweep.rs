//! Checks over every endpoint of the template, so that a new endpoint cannot be forgotten: without a credential, with
//! wrong credentials, with another workspace's credential, over the limit, and with garbage bodies.
//!
//! Over 400 lines: all checks need the lists of open and public routes, which must not be kept twice.

use std::time::Duration;

use futures_util::future::join_all;
use local::{proxy::Fault, template::Route};
use serde_json::json;
use shared::{
    ExposeSecret,
    domain::{api_key::PlaintextKey, session::SessionId},
};

use crate::{
    app::{App, Call, ROUTES, response::Response, sign_in::SESSION},
    events::event,
};

/// The routes that need no credential. The public form's and its preflights' are in the next two lists. The checks
/// require a credential from every route that is in none of the lists, so from every new endpoint.
const OPEN: [&str; 18] = [
    "$default",
    "GET /.well-known/security.txt",
    "GET /api/v1/auth/huudis/callback",
    "GET /api/v1/auth/huudis/start",
    "GET /api/v1/health",
    "GET /api/v1/openapi.json",
    "GET /dashboard",
    "GET /dashboard/assets/{file}",
    "GET /dashboard/signed-out",
    "GET /docs",
    "HEAD /.well-known/security.txt",
    "HEAD /api/v1/health",
    "HEAD /api/v1/openapi.json",
    "HEAD /dashboard",
    "HEAD /dashboard/assets/{file}",
    "HEAD /dashboard/signed-out",
    "HEAD /docs",
    "POST /api/v1/secret-scanning/github",
];

/// Limited by client address as the public form is, but not for pages of any origin.
const LEAKS: [&str; 1] = ["POST /api/v1/leaked-keys"];
const PUBLIC: [&str; 3] = [
    "POST /api/v1/public/tickets",
    "GET /api/v1/public/tickets/{accessToken}",
    "POST /api/v1/public/tickets/{accessToken}/messages",
];

const PREFLIGHT: [&str; 1] = ["OPTIONS /api/v1/public/{proxy+}"];

pub fn authenticated() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| {
        let key = route.key();
        ![&OPEN[..], &LEAKS, &PUBLIC, &PREFLIGHT]
            .concat()
            .contains(&key.as_str())
    })
}

/// The pages, which redirect a visitor without a session to the sign-in.
const PAGES: [&str; 6] = [
    "GET /dashboard/api-keys",
    "GET /dashboard/api-keys/{id}",
    "GET /dashboard/webhooks",
    "HEAD /dashboard/api-keys",
    "HEAD /dashboard/api-keys/{id}",
    "HEAD /dashboard/webhooks",
];

/// The writes that take no body, or may be called without one.
const WITHOUT_BODY: [&str; 4] = [
    "POST /api/v1/api-keys/{id}/rotate",
    "POST /api/v1/webhook-subscriptions/deliveries/{id}/retry",
    "POST /api/v1/webhook-subscriptions/{id}/rotate-secret",
    "POST /api/v1/webhook-subscriptions/{id}/test",
];

fn is_write(route: &Route) -> bool {
    let key = route.key();
    !key.starts_with("GET ") && !key.starts_with("HEAD ")
}

fn of(keys: &[&str]) -> impl Iterator<Item = &'static Route> {
    ROUTES
        .iter()
        .filter(move |route| keys.contains(&route.key().as_str()))
}

/// A call of a route, with ids of nothing that exists.
fn call<'a>(app: &'a App, route: &Route) -> Call<'a> {
    let (method, path) = route
        .endpoint
        .clone()
        .unwrap_or(("GET".to_owned(), "/nowhere".to_owned()));
    app.call(
        &method,
        &path.replace("{id}", "x").replace(['{', '}', '+'], ""),
    )
}

/// The valid body of the route's event.
fn good_body(route: &Route) -> String {
    let body = event(&route.function, "")["body"].clone();
    body.as_str().unwrap_or_default().to_owned()
}

fn is(answer: &Response, status: u16, code: &str, what: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        (status, code),
        "{what}: {answer:?}"
    );
}

#[tokio::test]
async fn every_endpoint_refuses_a_missing_credential_and_a_malformed_header() {
    let app = App::start().await;
    for route in authenticated() {
        let answer = call(&app, route).send().await;
        if PAGES.contains(&route.key().as_str()) {
            assert_eq!(answer.status, 302, "{}: {answer:?}", route.key());
        } else {
            is(&answer, 401, "AUTH_REQUIRED", &route.key());
        }
        for header in [
            "",
            "Bearer",
            "Bearer ",
            "Basic eDp5",
            "sk_live_x",
            "Bearer a b",
            "Bearer a,Bearer b",
        ] {
            let answer = call(&app, route)
                .header("authorization", header)
                .send()
                .await;
            is(&answer, 401, "AUTH_REQUIRED", &route.key());
        }
    }
    assert_eq!(app.operations(), []);
}

#[tokio::test]
async fn every_endpoint_refuses_a_wrong_credential() {
    let app = App::start().await;
    let (id, revoked) = app.new_key("acc_a").await;
    app.revoke(&id).bearer(&revoked).await_status(200).await;
    let good = PlaintextKey::generate();
    let keys = [
        revoked,
        good.expose_secret().to_owned(),
        good.expose_secret()
            .to_uppercase()
            .replace("SK_LIVE_", "sk_live_"),
        good.expose_secret()[..55].to_owned(),
        PlaintextKey::PREFIX.to_owned(),
        format!("{}{}", PlaintextKey::PREFIX, "é".repeat(48)),
    ];
    let tokens = [
        app.issuer
            .token(&json!({ "sub": "u", "accountId": "acc_a", "exp": 1 })),
        app.issuer
            .token(&json!({ "sub": "u", "accountId": "acc_a", "aud": "other" })),
        app.issuer
            .token(&json!({ "sub": "u", "accountId": "acc_a", "iss": "other" })),
        "SK_LIVE_x".to_owned(),
    ];
    let homeless = app.issuer.token(&json!({ "sub": "u" }));
    for route in authenticated() {
        for key in &keys {
            is(
                &call(&app, route).bearer(key).send().await,
                401,
                "INVALID_TOKEN",
                &route.key(),
            );
        }
        for token in &tokens {
            is(
                &call(&app, route).bearer(token).send().await,
                401,
                "AUTH_REQUIRED",
                &route.key(),
            );
        }
        is(
            &call(&app, route).bearer(&homeless).send().await,
            403,
            "FORBIDDEN",
            &route.key(),
        );
        // A credential in the query is not read.
        let query = format!("access_token={}", app.token("acc_a"));
        let answer = call(&app, route).query(&query).send().await;
        assert!(matches!(answer.status, 401 | 302), "{}", route.key());
    }
}

#[tokio::test]
async fn every_endpoint_accepts_a_session_and_refuses_cross_site_writes() {
    let app = App::start().await;
    for route in authenticated() {
        let session = app.sign_in("acc_a").await;
        let own = app.call_of(route, "acc_a").await.body(&good_body(route));
        let is_write = is_write(route);
        if is_write {
            // The call comes from an unknown site, from another site, or from another origin of the same site.
            let with = own.clone().cookie(SESSION, &session);
            for (header, value) in [
                ("x-nothing", "x"),
                ("origin", "https://evil.test"),
                ("origin", "null"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
            ] {
                drop(app.operations());
                let answer = with.clone().header(header, value).send().await;
                is(&answer, 403, "FORBIDDEN", &route.key());
                // The call is not counted, and the session is not looked up.
                assert_eq!(answer.limit_header("limit"), None);
                assert_eq!(app.operations(), [], "{}", route.key());
            }
        }
        // An `Authorization` header overrides the session, even if it is wrong.
        let wrong = own.clone().session(&session).bearer("a.b.c");
        is(&wrong.send().await, 401, "AUTH_REQUIRED", &route.key());
        let other = app.sign_in("acc_b").await;
        if route.key().contains("{id}") {
            let answer = own.clone().session(&other).send().await;
            is(&answer, 404, "NOT_FOUND", &route.key());
        }
        let answer = own.session(&session).send().await;
        assert!(answer.status < 300, "{}: {answer:?}", route.key());
        assert!(answer.limit_header("limit").is_some());
    }
}

#[tokio::test]
async fn every_endpoint_refuses_an_invalid_session() {
    let app = App::start().await;
    let ended = app.sign_in("acc_a").await;
    let logout = app.call("POST", "/api/v1/auth/logout").session(&ended);
    logout.await_status(200).await;
    let forged = SessionId::generate();
    for route in authenticated() {
        for value in [
            &*ended,
            forged.expose_secret(),
            "x",
            "\u{e9}",
            &ended[1..],
            "a b",
        ] {
            for site in ["same-origin", "cross-site"] {
                let call = call(&app, route).cookie(SESSION, value);
                let answer = call.header("sec-fetch-site", site).send().await;
                if site == "cross-site" && is_write(route) {
                    is(&answer, 403, "FORBIDDEN", &route.key());
                } else if PAGES.contains(&route.key().as_str()) {
                    assert_eq!(answer.status, 302, "{}: {answer:?}", route.key());
                } else {
                    is(&answer, 401, "AUTH_REQUIRED", &route.key());
                }
            }
        }
        // The cookie name for hosts without TLS: another host of the same site could plant such a cookie.
        let good = app.sign_in("acc_a").await;
        let call_of = |name: &str| call(&app, route).cookie(name, &good);
        let call = call_of("suppuo_session");
        let answer = call.header("sec-fetch-site", "same-origin").send().await;
        assert!(matches!(answer.status, 401 | 302), "{}", route.key());
        // Unicode white space before the name is not trimmed, so that such a cookie cannot pass for the session's.
        for space in ["\u{2000}", "\u{a0}", "\u{85}"] {
            let call = call_of(&format!("{space}{SESSION}"));
            let answer = call.header("sec-fetch-site", "same-origin").send().await;
            assert!(matches!(answer.status, 401 | 302), "{}", route.key());
        }
    }
}

#[tokio::test]
async fn every_endpoint_hides_resources_of_other_workspaces() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let (_, other) = app.new_key("acc_b").await;
    for route in authenticated().filter(|route| route.key().contains("{id}")) {
        let call = app.call_of(route, "acc_a").await.body(&good_body(route));
        for credential in [&other, &app.token("acc_b")] {
            let answer = call.clone().bearer(credential).send().await;
            is(&answer, 404, "NOT_FOUND", &route.key());
        }
        // The owner finds that it exists.
        let answer = call.bearer(&key).send().await;
        assert!(answer.status < 300, "{}: {answer:?}", route.key());
    }
}

#[tokio::test]
async fn every_endpoint_refuses_a_caller_over_the_limit() {
    let app = App::builder().caller_limit(1).start().await;
    for route in authenticated() {
        let (_, key) = app.new_key_of("acc_a", &route.key()).await;
        app.list().bearer(&key).await_status(200).await;
        let answer = call(&app, route).body(&good_body(route));
        let answer = answer.bearer(&key).send().await;
        is(&answer, 429, "RATE_LIMITED", &route.key());
    }
}

#[tokio::test]
async fn every_public_endpoint_refuses_an_address_over_the_limit() {
    let app = App::builder().setting("PUBLIC_LIMIT", 1).start().await;
    app.new_key("acc_a").await;
    for (number, route) in of(&PUBLIC).chain(of(&LEAKS)).enumerate() {
        let call = call(&app, route).from(&format!("198.51.100.{number}"));
        let call = call.body(&good_body(route));
        let admitted = call.clone().send().await;
        assert_ne!(admitted.status, 429, "{}", route.key());
        is(&call.send().await, 429, "RATE_LIMITED", &route.key());
    }
}

#[tokio::test]
async fn every_write_refuses_a_garbage_body() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let garbage = [
        "",
        "{",
        "null",
        "[]",
        r#"["name"]"#,
        "\"text\"",
        "7",
        "{\"name\":\"\\ud800\"}",
        "name=x",
        "\u{feff}",
        "\u{feff}\u{feff}{}",
        &"[".repeat(50_000),
        &"x".repeat(1024 * 1024 + 1),
    ];
    for route in ROUTES.iter() {
        let is_preflight = PREFLIGHT.contains(&route.key().as_str());
        for body in garbage {
            let answer = call(&app, route).body(body).bearer(&key).send().await;
            let writes = ["POST", "PATCH", "PUT"]
                .iter()
                .any(|method| route.key().starts_with(method));
            // Logout takes no body, and answers 409 to an API key.
            if route.key() == "POST /api/v1/auth/logout" && body.len() <= 1024 * 1024 {
                is(&answer, 409, "CONFLICT", &route.key());
            } else if is_preflight {
                assert_eq!(answer.status, 200, "{answer:?}");
            } else if WITHOUT_BODY.contains(&route.key().as_str()) && body.len() <= 1024 * 1024 {
                // Nothing has the id of this call.
                let is_read = route.key().contains("/rotate") && !body.is_empty();
                let is_object = body.starts_with("{\"");
                let expected = if is_read && !is_object { 400 } else { 404 };
                assert_eq!(answer.status, expected, "{}: {answer:?}", route.key());
            } else if writes || body.len() > 1024 * 1024 {
                is(&answer, 400, "VALIDATION_ERROR", &route.key());
            } else {
                assert!(
                    matches!(answer.status, 200 | 302 | 404) || route.key().ends_with("/callback"),
                    "{}: {answer:?}",
                    route.key()
                );
            }
        }
    }
}

/// The routes whose answer is not kept under an idempotency key, which they check nevertheless.
const DONE_AGAIN: [&str; 2] = [
    // GitHub's contract has no such key. A report that comes twice ends nothing twice.
    "POST /api/v1/secret-scanning/github",
    // A session ends once. The second call has none.
    "POST /api/v1/auth/logout",
];

#[tokio::test]
async fn every_post_and_patch_is_done_once_under_a_key() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let is_taken = |route: &&Route| {
        let key = route.key();
        key.starts_with("POST ") || key.starts_with("PATCH ")
    };
    for route in ROUTES.iter().filter(is_taken) {
        let call = app.call_of(route, "acc_a").await.body(&good_body(route));
        let call = call.bearer(&key);
        let malformed = call.clone().once("a b").send().await;
        is(&malformed, 400, "VALIDATION_ERROR", &route.key());
        // A report is verified first.
        if route.key() != "POST /api/v1/secret-scanning/github" {
            assert_eq!(malformed.param(), Some("Idempotency-Key"));
        }

        let call = call.once(&route.function);
        let first = call.clone().send().await;
        let again = call.send().await;
        let secrets = ["key", "secret"].map(|name| &first.data()[name]);
        let shows_secret = secrets.iter().any(|secret| !secret.is_null());
        let is_once =
            again.is_replayed() || shows_secret && again.param() == Some("Idempotency-Key");
        let is_exempt = DONE_AGAIN.contains(&route.key().as_str());
        assert_eq!(is_once, !is_exempt, "{}: {again:?}", route.key());
    }
}

#[tokio::test]
async fn an_unknown_path_refuses_a_body_that_is_too_large() {
    let app = App::start().await;
    let body = "x".repeat(1024 * 1024 + 1);
    for path in ["/nowhere", "/api/v1/public/nowhere"] {
        for method in ["GET", "PUT", "OPTIONS"] {
            let answer = app.call(method, path).body(&body).send().await;
            if method == "OPTIONS" && path.contains("/public/") {
                assert_eq!(answer.status, 200, "{answer:?}");
            } else {
                is(&answer, 400, "VALIDATION_ERROR", path);
            }
        }
    }
}

#[tokio::test]
async fn every_endpoint_answers_500_when_the_table_fails() {
    let builder = App::builder().faults(|_| Fault::Fail);
    // Retries go on until the function's time is up.
    let app = builder.timeout(Duration::from_secs(3)).start().await;
    let token = app.token("acc_a");
    let routes = authenticated().chain(of(&PUBLIC)).chain(of(&LEAKS));
    let answers = routes.map(async |route| {
        let call = call(&app, route).bearer(&token).body(&good_body(route));
        (route.key(), call.send().await)
    });
    for (key, answer) in join_all(answers).await {
        is(&answer, 500, "INTERNAL_ERROR", &key);
    }
}

#[tokio::test]
async fn open_endpoints_ignore_credentials() {
    let app = App::start().await;
    let others = of(&LEAKS).chain(of(&PUBLIC)).chain(of(&PREFLIGHT));
    for route in of(&OPEN).chain(others) {
        let without = call(&app, route).send().await;
        let with = call(&app, route).header("authorization", "nonsense");
        let with = with.send().await;
        assert_eq!(without.status, with.status, "{}", route.key());
    }
}

#[tokio::test]
async fn only_the_public_form_allows_any_origin_and_only_leaks_have_its_limits_too() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    for route in ROUTES.iter() {
        let answer = call(&app, route)
            .bearer(&key)
            .header("origin", "https://shop.example");
        let answer = answer.send().await;
        let is_public = PUBLIC.contains(&route.key().as_str());
        let is_for_all = is_public || PREFLIGHT.contains(&route.key().as_str());
        assert_eq!(
            answer.header("access-control-allow-origin"),
            is_for_all.then_some("*"),
            "{}",
            route.key()
        );
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let is_counted = is_public || LEAKS.contains(&route.key().as_str());
        if is_for_all || is_counted {
            assert_eq!(answer.limit_header("limit"), is_counted.then_some(60));
        }
    }
}
