//! Every endpoint with a key of every single scope. `x-scope` in openapi.yaml says which scope an endpoint requires.

use serde_json::json;
use shared::domain::scope::{Access, Area, GrantedScope, Scopes};
use strum::VariantArray;

use crate::{
    app::{
        App, ROUTES,
        reference::{document, operations},
    },
    events::event,
};

/// The endpoints that any key may call.
const ANY_KEY: [&str; 3] = [
    "GET /api/v1/auth/me",
    "GET /api/v1/me",
    // It ends sessions, so it answers a key with a conflict.
    "POST /api/v1/auth/logout",
];

/// `POST /api/v1/tickets` and the scope that it requires, for each endpoint that takes a key.
fn required() -> Vec<(String, Option<String>)> {
    let document = document();
    let documented = operations(&document);
    let routes = ROUTES.iter().filter_map(|route| {
        let operation = document.pointer(documented.get(route.endpoint.as_ref()?)?)?;
        let scope = operation["x-scope"].as_str().map(str::to_owned);
        let is_any = ANY_KEY.contains(&route.key().as_str());
        (scope.is_some() || is_any).then(|| (route.key(), scope))
    });
    routes.collect()
}

/// Whether a scope of a key includes one that an endpoint requires.
pub fn includes(granted: &str, required: &str) -> bool {
    let scopes = Scopes::new(vec![granted.parse().unwrap()]).unwrap();
    let Ok(GrantedScope::Area(scope)) = required.parse() else {
        panic!("{required} is no scope of an endpoint");
    };
    scopes.allow(scope)
}

#[tokio::test]
async fn every_endpoint_takes_the_keys_with_its_scope_and_no_others() {
    let app = App::builder().caller_limit(100_000).start().await;
    let mut scopes = vec!["*".to_owned(), "*:read".to_owned()];
    for area in Area::VARIANTS {
        scopes.extend(
            Access::VARIANTS
                .iter()
                .map(|access| format!("{area}:{access}")),
        );
    }
    let required = required();
    assert!(required.len() > 30, "{required:?}");
    for granted in &scopes {
        let (_, key) = app.new_key_with(json!({ "scopes": [granted] })).await;
        for (route, required) in &required {
            let (method, path) = route.split_once(' ').unwrap();
            let function = &ROUTES
                .iter()
                .find(|of| of.key() == *route)
                .unwrap()
                .function;
            let body = event(function, "")["body"].clone();
            let call = app
                .call(method, &path.replace("{id}", "x"))
                .body(body.as_str().unwrap_or_default())
                .bearer(&key);
            let answer = call.send().await;
            let is_allowed = required
                .as_ref()
                .is_none_or(|required| includes(granted, required));
            let what = format!("{route} with {granted}: {answer:?}");
            let is_refused = answer.status == 403
                && (answer.is_page() || answer.message().contains("needs the scope"));
            assert_eq!(is_refused, !is_allowed, "{what}");
            if let (false, Some(required)) = (is_allowed, required) {
                let says = format!("`{required}`");
                assert!(
                    answer.is_page() || answer.message().contains(&says),
                    "{what}"
                );
                assert!(
                    answer.limit_header("remaining").is_some(),
                    "it counts: {what}"
                );
            }
        }
    }
}

/// A route that requires a credential is in the check above.
#[tokio::test]
async fn an_endpoint_without_a_scope_takes_no_key() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let required = required();
    for route in ROUTES.iter().filter(|route| route.endpoint.is_some()) {
        if required.iter().any(|(known, _)| *known == route.key()) {
            continue;
        }
        let call = app.call_of(route, "acc_a").await;
        let answer = call.bearer(&key).send().await;
        assert_eq!(
            answer.limit_header("limit").filter(|limit| *limit == 2000),
            None,
            "{}",
            route.key()
        );
    }
}

#[tokio::test]
async fn a_call_beyond_the_scopes_of_a_key_counts() {
    let app = App::builder().caller_limit(3).start().await;
    let (id, key) = app
        .new_key_with(json!({ "scopes": ["tickets:read"] }))
        .await;
    let tickets = app.call("GET", "/api/v1/tickets");
    for (call, status, left) in [
        (app.list(), 403, 2),
        (tickets.clone(), 200, 1),
        (app.list(), 403, 0),
        // Over the limit, nobody is told what is missing.
        (app.list(), 429, 0),
        (tickets, 429, 0),
    ] {
        let answer = call.bearer(&key).await_status(status).await;
        assert_eq!(answer.limit_header("remaining"), Some(left));
    }
    let usage = app.call("GET", &format!("/api/v1/api-keys/{id}/usage"));
    let usage = usage.bearer(&app.token("acc_a")).await_status(200).await;
    let days = usage.data()["days"].as_array().unwrap().iter();
    let calls = days.map(|day| day["calls"].as_i64().unwrap());
    assert_eq!(calls.sum::<i64>(), 3);
}
