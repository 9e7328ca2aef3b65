//! JSON that tries to change how it is parsed: with the marker that `serde_json` uses internally, with deep nesting,
//! and with values that no type can hold. It is sent to every endpoint that reads a body, and in tokens.

use serde_json::{Map, Value, json};

use crate::{
    app::{App, ROUTES, response::Response},
    events::event,
};

const MARKER: &str = "$serde_json::private::RawValue";

/// An object that `serde_json::Value` would parse as this text.
fn hidden(text: &str) -> Value {
    json!({ MARKER: text })
}

/// Such objects nested in each other, each inside as many arrays as the parser allows. The escaping keeps the text
/// short: a layer adds a few bytes to each quote in it instead of doubling them.
fn layers(count: usize) -> String {
    let (open, close) = ("[".repeat(100), "]".repeat(100));
    let mut text = "1".to_owned();
    for _ in 0..count {
        let mut escaped = String::with_capacity(text.len() * 2);
        for c in text.chars() {
            match c {
                '\\' => escaped.push_str("\\u005c"),
                '"' => escaped.push_str("\\u0022"),
                c => escaped.push(c),
            }
        }
        text = format!(r#"{open}{{"{MARKER}":"{escaped}"}}{close}"#);
    }
    text
}

/// The object's text with one more member, whose value may be any text.
fn with_member(object: &Map<String, Value>, name: &str, value: &str) -> String {
    let mut object = object.clone();
    object.remove(name.trim_matches('"'));
    let object = Value::Object(object).to_string();
    format!("{{{name}:{value},{}", &object[1..]).replace(",}", "}")
}

/// Values that every endpoint ignores in an unknown member and refuses in a known one.
fn hostile() -> Vec<String> {
    vec![
        hidden("\"x\"").to_string(),
        hidden("\"x\"").to_string().replace('$', "\\u0024"),
        hidden("{}").to_string(),
        hidden("").to_string(),
        layers(250),
        r#""\ud800""#.to_owned(),
        r#""\udc00\ud800""#.to_owned(),
        "1e999".to_owned(),
        "-1e999".to_owned(),
        "1".repeat(1000),
        format!("{}{}", "[".repeat(100), "]".repeat(100)),
        format!("{}1{}", r#"{"a":"#.repeat(100), "}".repeat(100)),
        format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)),
    ]
}

#[tokio::test]
async fn hostile_json_in_a_body_is_ignored_or_refused() {
    let app = App::builder()
        .setting("PUBLIC_LIMIT", 1_000_000)
        .setting("SUBMISSIONS_IN_10_MINUTES", 1_000_000)
        .setting("SUBMISSIONS_IN_AN_HOUR", 1_000_000)
        .start()
        .await;
    app.new_key("acc_a").await;
    let hostile = hostile();
    let mut readers = 0;
    for route in ROUTES.iter() {
        let good = event(&route.function, "")["body"].clone();
        let Some(good) = good.as_str() else { continue };
        // Of a list, nothing is read before GitHub's signature is verified.
        let Ok(good) = serde_json::from_str::<Map<String, Value>>(good) else {
            continue;
        };
        readers += 1;
        let key = route.key();
        // It is full soon.
        let is_full = key == "POST /api/v1/webhook-subscriptions";
        let workspace = if is_full { "acc_full" } else { "acc_a" };
        let token = app.token(workspace);
        let call = app.call_of(route, workspace).await.bearer(&token);
        let send = async |body: &str| -> Response { call.clone().body(body).send().await };

        // As the whole body.
        for body in [hidden(&json!(good).to_string()).to_string(), layers(250)] {
            let answer = send(&body).await;
            // An object of unknown members is fine where no member is required.
            if key.contains("/rotate") && body.starts_with('{') {
                // An API key is not rotated again while its older secret works.
                assert!(matches!(answer.status, 200 | 409), "{key}: {answer:?}");
                continue;
            }
            assert_eq!(
                (answer.status, answer.code()),
                (400, "VALIDATION_ERROR"),
                "{key}: {answer:?}"
            );
        }
        for value in &hostile {
            // As an unknown member. Its name may be anything, too.
            for name in [
                "\"unknown\"",
                "\"\\ud800\"",
                "\"\"",
                &format!("\"{MARKER}\""),
            ] {
                let answer = send(&with_member(&good, name, value)).await;
                // After the twentieth subscription, the workspace is full.
                let is_full = key == "POST /api/v1/webhook-subscriptions" && answer.status == 409;
                assert!(
                    answer.status < 300 || is_full,
                    "{key} {name} {value:.60}: {answer:?}"
                );
            }
            // As a known member.
            for name in good.keys() {
                let answer = send(&with_member(&good, &format!("\"{name}\""), value)).await;
                // An unknown priority counts as `normal` (Tickets in openapi.yaml).
                if (key.as_str(), name.as_str()) == ("POST /api/v1/tickets", "priority") {
                    assert_eq!(answer.status, 201, "{key} {name} {value:.60}: {answer:?}");
                    continue;
                }
                assert_eq!(
                    (answer.status, answer.code(), answer.param()),
                    (400, "VALIDATION_ERROR", Some(name.as_str())),
                    "{key} {name} {value:.60}: {answer:?}"
                );
            }
        }
    }
    assert!(
        readers >= 8,
        "the endpoints that read a body have events with one"
    );
}

#[tokio::test]
async fn hostile_json_in_a_token_is_ignored_or_refused() {
    let app = App::start().await;
    let good = json!({ "sub": "usr_1", "accountId": "acc_a" });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        app.issuer.token(&claims)
    };
    // It is neither accepted as a workspace nor as another claim.
    for text in ["\"acc_a\"", "acc_a", "\"\"", "1"] {
        let token = with("accountId", hidden(text));
        let answer = app.list().bearer(&token).await_status(403).await;
        assert_eq!(answer.code(), "FORBIDDEN");
        for claim in ["sub", "iss", "aud", "exp", "nbf"] {
            let token = with(claim, hidden(text));
            let answer = app.list().bearer(&token).await_status(401).await;
            assert_eq!(answer.code(), "AUTH_REQUIRED");
        }
        let token = with("unknown", hidden(text));
        app.list().bearer(&token).await_status(200).await;
    }
    for member in ["alg", "kid", "crit"] {
        let mut header = json!({ "alg": "ES256", "typ": "JWT", "kid": crate::app::issuer::KID });
        header[member] = hidden("\"ES256\"");
        let token = app.issuer.key.sign(&header, &app.issuer.claims(&good));
        let answer = app.list().bearer(&token).await_status(401).await;
        assert_eq!(answer.code(), "AUTH_REQUIRED");
    }
}
