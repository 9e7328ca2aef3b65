//! The events in `events/`: one for each function, as API Gateway would send it. For a function with several routes
//! it is an event of the first route, which is also the route that the log names.

use std::fs;

use serde_json::Value;

use local::template::Route;

use crate::app::{App, ROUTES, project};

/// The event of a route: its function's event, with the method and the path of this route.
pub fn event_of(route: &Route, token: &str) -> Value {
    let mut event = event(&route.function, token);
    if let Some((method, path)) = &route.endpoint {
        let before = event["routeKey"].as_str().unwrap();
        let (_, path_before) = before.split_once(' ').unwrap();
        if path_before != path {
            event["rawPath"] = path.as_str().into();
        }
        event["requestContext"]["http"]["path"] = event["rawPath"].clone();
        event["requestContext"]["http"]["method"] = method.as_str().into();
        event["requestContext"]["routeKey"] = route.key().into();
        event["routeKey"] = route.key().into();
    }
    event
}

/// The event of a function, with a credential in place of `{token}`.
pub fn event(function: &str, token: &str) -> Value {
    let text = fs::read_to_string(project().join(format!("events/{function}.json"))).unwrap();
    serde_json::from_str(&text.replace("{token}", token)).unwrap()
}

#[tokio::test]
async fn each_functions_event_gets_the_expected_status() {
    let app = App::start().await;
    for route in &*ROUTES {
        let answer = app
            .invoke(&route.function, &event_of(route, &app.token("acc_a")))
            .await;
        let expected = match route.function.as_str() {
            "api-keys-create" | "canned-replies-create" | "public-submit" | "tickets-create" => 201,
            "api-keys-list"
            | "auth-me"
            | "canned-replies-list"
            | "dashboard-api-keys"
            | "dashboard-signed-out"
            | "docs"
            | "health"
            | "openapi-json"
            | "public-preflight"
            | "tickets-list"
            | "tickets-tags" => 200,
            "auth-huudis-start" | "dashboard-index" => 302,
            // There is no pending sign-in.
            "auth-huudis-callback" => 400,
            // The credential is an access token, not a session.
            "auth-logout" => 409,
            // The key, reply, ticket or route does not exist.
            "api-keys-revoke"
            | "dashboard-assets"
            | "canned-replies-delete"
            | "canned-replies-update"
            | "not-found"
            | "public-reply"
            | "public-view"
            | "tickets-get"
            | "tickets-reply"
            | "tickets-update"
            // Nobody to write to.
            | "well-known-security-txt" => 404,
            new => panic!("say here what the event of {new} is answered with"),
        };
        assert_eq!(answer.status, expected, "{}: {answer:?}", route.function);
        let logged = app.log().iter().any(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let first = &event(&route.function, "")["routeKey"];
            line["requestId"] == answer.request_id() && line["route"] == *first
        });
        assert!(
            logged,
            "{} does not log the route that it has",
            route.function
        );
    }
}

#[test]
fn no_event_contains_a_credential() {
    for file in fs::read_dir(project().join("events")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(
            text.split("Bearer ")
                .skip(1)
                .all(|credential| credential.starts_with("{token}"))
        );
        assert!(!text.contains(shared::domain::api_key::PlaintextKey::PREFIX));
    }
}
