//! Every endpoint of the template, without anyone's doing: without a credential, with wrong ones, with another
//! workspace's, over the limit, and with bodies that are garbage.

use local::template::Route;
use serde_json::json;
use shared::{
    ExposeSecret,
    domain::{api_key::PlaintextKey, session::SessionId},
};

use crate::{
    app::{App, Call, ROUTES, response::Response, sign_in::SESSION},
    events::event,
};

/// The routes that ask for no credential, of these the public form's, and its preflights'. A new endpoint is not among
/// them until it is written here.
const OPEN: [&str; 11] = [
    "$default",
    "GET /api/v1/auth/huudis/callback",
    "GET /api/v1/auth/huudis/start",
    "GET /api/v1/health",
    "GET /dashboard",
    "GET /dashboard/assets/{file}",
    "GET /dashboard/signed-out",
    "HEAD /api/v1/health",
    "HEAD /dashboard",
    "HEAD /dashboard/assets/{file}",
    "HEAD /dashboard/signed-out",
];
const PUBLIC: [&str; 3] = [
    "POST /api/v1/public/tickets",
    "GET /api/v1/public/tickets/{accessToken}",
    "POST /api/v1/public/tickets/{accessToken}/messages",
];

const PREFLIGHT: [&str; 1] = ["OPTIONS /api/v1/public/{proxy+}"];

fn authenticated() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| {
        let key = route.key();
        ![&OPEN[..], &PUBLIC, &PREFLIGHT]
            .concat()
            .contains(&key.as_str())
    })
}

/// A page sends who has not signed in to do so.
const PAGES: [&str; 2] = ["GET /dashboard/api-keys", "HEAD /dashboard/api-keys"];

fn is_write(route: &Route) -> bool {
    let key = route.key();
    !key.starts_with("GET ") && !key.starts_with("HEAD ")
}

fn of(keys: &[&str]) -> impl Iterator<Item = &'static Route> {
    ROUTES
        .iter()
        .filter(move |route| keys.contains(&route.key().as_str()))
}

/// A call of a route, of nothing that is there.
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

/// The body that the route's event has: a good one.
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
async fn without_a_credential_or_with_a_malformed_header() {
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
async fn with_a_wrong_credential() {
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
async fn with_a_session() {
    let app = App::start().await;
    for route in authenticated() {
        let session = app.sign_in("acc_a").await;
        let own = app.call_of(route, "acc_a").await.body(&good_body(route));
        let is_write = is_write(route);
        if is_write {
            // Of another site, of none that is said, of a neighbour.
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
                // It was not put to anyone's account, and not looked for in the table.
                assert_eq!(answer.limit_header("limit"), None);
                assert_eq!(app.operations(), [], "{}", route.key());
            }
        }
        // A header decides alone, right or wrong.
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
async fn with_a_session_that_is_none() {
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
        // Without TLS the cookie has another name. Here it is one that any neighbour could plant.
        let good = app.sign_in("acc_a").await;
        let call_of = |name: &str| call(&app, route).cookie(name, &good);
        let call = call_of("suppuo_session");
        let answer = call.header("sec-fetch-site", "same-origin").send().await;
        assert!(matches!(answer.status, 401 | 302), "{}", route.key());
        // Nor does white space that only Unicode knows make a name of a neighbour's out to be ours.
        for space in ["\u{2000}", "\u{a0}", "\u{85}"] {
            let call = call_of(&format!("{space}{SESSION}"));
            let answer = call.header("sec-fetch-site", "same-origin").send().await;
            assert!(matches!(answer.status, 401 | 302), "{}", route.key());
        }
    }
}

#[tokio::test]
async fn with_another_workspaces_credential() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let (_, other) = app.new_key("acc_b").await;
    for route in authenticated().filter(|route| route.key().contains("{id}")) {
        let call = app.call_of(route, "acc_a").await.body(&good_body(route));
        for credential in [&other, &app.token("acc_b")] {
            let answer = call.clone().bearer(credential).send().await;
            is(&answer, 404, "NOT_FOUND", &route.key());
        }
        // It was there all the time, for who owns it.
        let answer = call.bearer(&key).send().await;
        assert!(answer.status < 300, "{}: {answer:?}", route.key());
    }
}

#[tokio::test]
async fn over_the_limit() {
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
async fn over_the_limit_of_an_address() {
    let app = App::builder().setting("PUBLIC_LIMIT", 1).start().await;
    app.new_key("acc_a").await;
    for (number, route) in of(&PUBLIC).enumerate() {
        let call = call(&app, route).from(&format!("198.51.100.{number}"));
        let call = call.body(&good_body(route));
        let admitted = call.clone().send().await;
        assert_ne!(admitted.status, 429, "{}", route.key());
        is(&call.send().await, 429, "RATE_LIMITED", &route.key());
    }
}

#[tokio::test]
async fn with_garbage_for_a_body() {
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
            // There is nothing to be said to the one write that takes no body.
            if route.key() == "POST /api/v1/auth/logout" && body.len() <= 1024 * 1024 {
                is(&answer, 409, "CONFLICT", &route.key());
            } else if is_preflight {
                assert_eq!(answer.status, 200, "{answer:?}");
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

#[tokio::test]
async fn the_others_do_not_look_at_credentials() {
    let app = App::start().await;
    for route in of(&OPEN).chain(of(&PUBLIC)).chain(of(&PREFLIGHT)) {
        let without = call(&app, route).send().await;
        let with = call(&app, route).header("authorization", "nonsense");
        let with = with.send().await;
        assert_eq!(without.status, with.status, "{}", route.key());
    }
}

#[tokio::test]
async fn only_the_public_form_is_counted_by_address_and_answers_pages_of_any_origin() {
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
        if is_for_all {
            assert_eq!(answer.limit_header("limit"), is_public.then_some(60));
        }
    }
}
