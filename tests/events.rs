//! The events in `events/`: one for each function, as API Gateway would send it. For a function with several routes
//! it is an event of the first route, which is also the route that the log names.

use std::fs;

use serde_json::Value;

use local::template::Route;
use shared::{ExposeSecret, Timestamp, domain::api_key::PlaintextKey, time::HOUR};

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

/// The event of a function, with a credential in place of `{token}`, and a time in place of `{anHourAgo}`. What was
/// found in public is filled in by [`App::found`].
pub fn event(function: &str, token: &str) -> Value {
    let text = fs::read_to_string(project().join(format!("events/{function}.json"))).unwrap();
    let an_hour_ago = Timestamp::now().plus_millis(-HOUR).to_string();
    let text = text
        .replace("{token}", token)
        .replace("{anHourAgo}", &an_hour_ago);
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn each_functions_event_gets_the_expected_status() {
    let app = App::start().await;
    for route in &*ROUTES {
        let event_of_route = event_of(route, &app.token("acc_a"));
        let sent = app.found(event_of_route, PlaintextKey::generate().expose_secret());
        let answer = app.invoke(&route.function, &sent).await;
        let expected = match route.function.as_str() {
            "api-keys-create"
            | "canned-replies-create"
            | "public-submit"
            | "tickets-create"
            | "webhook-subscriptions-create" => 201,
            "api-keys-list"
            | "auth-me"
            | "audit-events"
            | "canned-replies-list"
            | "dashboard-api-keys"
            | "dashboard-signed-out"
            | "dashboard-webhooks"
            | "docs"
            | "health"
            | "openapi-json"
            | "public-preflight"
            | "secret-scanning-github"
            | "tickets-list"
            | "tickets-tags"
            | "webhook-subscriptions-deliveries-list"
            | "webhook-subscriptions-event-types"
            | "webhook-subscriptions-list" => 200,
            "leaked-keys" => 202,
            "auth-huudis-start" | "dashboard-index" => 302,
            // There is no pending sign-in.
            "auth-huudis-callback" => 400,
            // The credential is an access token, not a session.
            "auth-logout" => 409,
            // The key, reply, ticket, subscription, delivery or route does not exist.
            "api-keys-change"
            | "api-keys-end-overlap"
            | "api-keys-revoke"
            | "api-keys-rotate"
            | "api-keys-usage"
            | "dashboard-api-key"
            | "dashboard-assets"
            | "canned-replies-delete"
            | "canned-replies-update"
            | "not-found"
            | "public-reply"
            | "public-view"
            | "tickets-get"
            | "tickets-reply"
            | "tickets-update"
            | "webhook-subscriptions-delete"
            | "webhook-subscriptions-deliveries-get"
            | "webhook-subscriptions-deliveries-retry"
            | "webhook-subscriptions-recover"
            | "webhook-subscriptions-rotate-secret"
            | "webhook-subscriptions-test"
            | "webhook-subscriptions-update"
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
        assert!(!text.contains(PlaintextKey::PREFIX));
    }
}
