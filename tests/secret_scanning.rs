//! `POST /api/v1/secret-scanning/github`: "Secret scanning partner program" in GitHub's documentation.

use std::time::{Duration, Instant};

use base64::{Engine, prelude::BASE64_STANDARD};
use local::{
    github::{IDENTIFIER, SIGNATURE, published},
    issuer::Key,
    proxy::Fault,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::{ExposeSecret, domain::api_key::PlaintextKey};

use crate::app::{
    App,
    github::{FIRST, report},
    response::Response,
};

const PATH: &str = "/api/v1/secret-scanning/github";
const MINUTE: i64 = 60_000;

fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text);
    base16ct::lower::encode_string(&digest)
}

fn feedback(token: &str, label: &str) -> Value {
    json!({ "token_hash": sha256(token), "token_type": "suppuo_api_key", "label": label })
}

fn made_up() -> String {
    PlaintextKey::generate().expose_secret().to_owned()
}

/// Two requests that GitHub's documentation has shown, and the keys that GitHub published for them: identifier, key,
/// signature and body. The first is today's "Sample HTTP POST sent to verify endpoint".
const SAMPLES: [[&str; 4]; 2] = [
    [
        "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n\
         AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==",
        "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==",
        r#"[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]"#,
    ],
    [
        "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\n\
         kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==",
        "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=",
        r#"[{"token":"some_token","type":"some_type","url":"some_url"}]"#,
    ],
];

#[tokio::test]
async fn githubs_own_samples_verify_and_no_other_pairing_does() {
    let app = App::start().await;
    let keys = SAMPLES.map(|[identifier, key, ..]| {
        let key = format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n");
        json!({ "key_identifier": identifier, "key": key, "is_current": true })
    });
    app.github.publish(&keys);
    for (at, [identifier, _, signature, body]) in SAMPLES.into_iter().enumerate() {
        let call = |identifier: &str, signature: &str, body: &str| {
            let call = app.call("POST", PATH).header(IDENTIFIER, identifier);
            call.header(SIGNATURE, signature).body(body)
        };
        let answer = call(identifier, signature, body).await_status(200).await;
        let told = json!([{
            "token_hash": sha256("some_token"), "token_type": "some_type", "label": "false_positive",
        }]);
        assert_eq!(answer.envelope(), &told);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let [other_identifier, _, other_signature, other_body] = SAMPLES[1 - at];
        for wrong in [
            call(other_identifier, signature, body),
            call(identifier, other_signature, body),
            call(identifier, signature, other_body),
            call(identifier, signature, &format!("{body}\n")),
            call(identifier, signature, &body.replace(':', ": ")),
        ] {
            refused(&wrong.send().await, SIGNATURE);
        }
    }
    // The bytes are signed, not the text that the gateway makes of them.
    let [identifier, _, signature, body] = SAMPLES[0];
    let event = json!({
        "routeKey": format!("POST {PATH}"),
        "rawPath": PATH,
        "headers": { IDENTIFIER: identifier, SIGNATURE: signature },
        "requestContext": { "http": { "method": "POST", "path": PATH, "sourceIp": "192.0.2.1" } },
        "body": BASE64_STANDARD.encode(body),
        "isBase64Encoded": true,
    });
    let answer = app.invoke("secret-scanning-github", &event).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!((app.operations(), app.github.fetches()), (vec![], 1));
}

fn refused(answer: &Response, header: &str) {
    assert_eq!(
        (answer.status, answer.code(), answer.param()),
        (400, "VALIDATION_ERROR", Some(header)),
        "{answer:?}"
    );
}

#[tokio::test]
async fn what_github_has_not_signed_is_refused_and_revokes_nothing() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let body = report(&[&key]);
    let good = app.github.key.sign_bytes(body.as_bytes());
    let stranger = Key::generate();
    let call = || app.call("POST", PATH).body(&body);
    let with = |signature: &str| {
        call()
            .header(IDENTIFIER, FIRST)
            .header(SIGNATURE, signature)
    };
    drop(app.operations());
    for (wrong, header) in [
        (call(), IDENTIFIER),
        (call().header(SIGNATURE, &good), IDENTIFIER),
        (call().header(IDENTIFIER, FIRST), SIGNATURE),
        (with(""), SIGNATURE),
        (with("not base64!"), SIGNATURE),
        (with(&good[1..]), SIGNATURE),
        (with(&BASE64_STANDARD.encode("x")), SIGNATURE),
        (with(&format!("{good}, {good}")), SIGNATURE),
        (app.signed_as(FIRST, &stranger, &body), SIGNATURE),
        (app.signed_as("other", &app.github.key, &body), IDENTIFIER),
        (app.signed_as("", &app.github.key, &body), IDENTIFIER),
        (app.scanned(&report(&["x"])).body(&body), SIGNATURE),
        // A key of the workspace is no signature.
        (call().bearer(&key), IDENTIFIER),
    ] {
        refused(&wrong.send().await, header);
    }
    assert_eq!(app.operations(), []);
    app.list().bearer(&key).await_status(200).await;
}

#[tokio::test]
async fn six_malformed_reports_are_refused_although_github_has_signed_them() {
    let app = App::start().await;
    let key = made_up();
    for malformed in [
        "",
        r#"{"token":"{key}","type":"suppuo_api_key"}"#,
        r#"["{key}"]"#,
        r#"[{"token":"{key}"}]"#,
        r#"[{"token":["{key}"],"type":"suppuo_api_key"}]"#,
        r#"[{"token":"{key}","type":"suppuo_api_key"}"#,
    ] {
        let refused = app.scanned(&malformed.replace("{key}", &key));
        let refused = refused.await_status(400).await;
        assert_eq!(refused.code(), "VALIDATION_ERROR");
        assert!(refused.message().contains("`token` and `type`"));
    }
    let large = format!("[{}]", " ".repeat(1024 * 1024));
    let large = app.scanned(&large).await_status(400).await;
    assert!(
        large
            .message()
            .starts_with("The body is larger than 1 MiB.")
    );
    assert_eq!(app.operations(), []);
    let none = app.scanned("[]").await_status(200).await;
    assert_eq!(none.envelope(), &json!([]));
}

#[tokio::test]
async fn a_key_that_was_found_is_refused_from_the_next_call_on() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    let (_, other) = app.new_key("acc_a").await;
    app.list().bearer(&key).await_status(200).await;
    for _ in 0..2 {
        // A second report finds the same, and that it is over.
        let answer = app.scanned(&report(&[&key])).await_status(200).await;
        assert_eq!(answer.envelope(), &json!([feedback(&key, "true_positive")]));
        app.list().bearer(&key).await_status(401).await;
    }
    let left = app.list().bearer(&other).await_status(200).await;
    assert!(!left.key_ids().contains(&id.as_str()));
    // A key that its owner has revoked was ours, too.
    let (id, revoked) = app.new_key("acc_a").await;
    app.revoke(&id).bearer(&other).await_status(200).await;
    let answer = app.scanned(&report(&[&revoked])).await_status(200).await;
    let told = json!([feedback(&revoked, "true_positive")]);
    assert_eq!(answer.envelope(), &told);
}

#[tokio::test]
async fn hundreds_of_tokens_are_answered_in_their_order_and_each_once() {
    let app = App::start().await;
    let (_, first) = app.new_key("acc_a").await;
    let (_, last) = app.new_key("acc_b").await;
    let mut tokens = vec![first.clone()];
    tokens.extend((0..300).map(|_| made_up()));
    tokens.extend((0..300).map(|at| format!("no-key-{at}")));
    tokens.push(last.clone());
    let twice: Vec<_> = tokens.iter().chain(&tokens).map(String::as_str).collect();
    drop(app.operations());
    let began = Instant::now();
    let answer = app.scanned(&report(&twice)).await_status(200).await;
    assert!(began.elapsed() < Duration::from_secs(25));
    let told = answer.envelope().as_array().unwrap();
    assert_eq!(told.len(), tokens.len());
    for (told, token) in told.iter().zip(&tokens) {
        let was_ours = [&first, &last].contains(&token);
        let label = ["false_positive", "true_positive"][usize::from(was_ours)];
        assert_eq!(told, &feedback(token, label));
    }
    // Only what may be a key is looked up, and once.
    let writes = |name: &str| name == "TransactWriteItems";
    let operations = app.operations();
    let lookups = operations.iter().filter(|one| !writes(&one.name)).count();
    assert!((302..=306).contains(&lookups), "{lookups}");
    for key in [&first, &last] {
        app.list().bearer(key).await_status(401).await;
    }
}

#[tokio::test]
async fn a_made_up_token_costs_no_access_of_the_table() {
    let app = App::start().await;
    let good = made_up();
    let mistyped = if good.ends_with('0') { "1" } else { "0" };
    let tokens = [
        String::new(),
        "some_token".to_owned(),
        format!("{}{}", PlaintextKey::PREFIX, "0".repeat(48)),
        format!("{}{mistyped}", &good[..good.len() - 1]),
        good.to_uppercase(),
        format!("{good} "),
        "é\u{0}".to_owned(),
    ];
    let found: Vec<_> = tokens.iter().map(String::as_str).collect();
    let answer = app.scanned(&report(&found)).await_status(200).await;
    let told: Vec<_> = tokens
        .iter()
        .map(|token| feedback(token, "false_positive"))
        .collect();
    assert_eq!(answer.envelope(), &Value::Array(told));
    assert_eq!(app.operations(), []);
    app.scanned(&report(&[&good])).await_status(200).await;
    assert_eq!(app.operations().len(), 1);
}

#[tokio::test]
async fn an_unknown_identifier_fetches_githubs_keys_again_at_most_once_a_minute() {
    let app = App::start().await;
    let body = report(&["x"]);
    app.scanned(&body).await_status(200).await;
    let second = Key::generate();
    app.github.publish(&[
        published(FIRST, &app.github.key),
        published("second", &second),
    ]);
    for _ in 0..5 {
        let early = app.signed_as("second", &second, &body).send().await;
        refused(&early, IDENTIFIER);
    }
    assert_eq!(app.github.fetches(), 1);
    app.step_clock(0, MINUTE);
    app.signed_as("second", &second, &body)
        .await_status(200)
        .await;
    for _ in 0..5 {
        let made_up = app.signed_as("made-up", &second, &body).send().await;
        refused(&made_up, IDENTIFIER);
    }
    assert_eq!(app.github.fetches(), 2);
    // A key that GitHub has withdrawn is trusted for at most an hour.
    app.github.publish(&[published("second", &second)]);
    app.step_clock(0, 62 * MINUTE);
    refused(&app.scanned(&body).send().await, IDENTIFIER);
    // While GitHub is down, the keys stay in use.
    app.github.go_down();
    app.step_clock(0, 200 * MINUTE);
    app.signed_as("second", &second, &body)
        .await_status(200)
        .await;
    assert_eq!(app.github.fetches(), 4);
}

#[tokio::test]
async fn without_githubs_keys_a_report_gets_a_500_and_github_sends_it_again() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let body = report(&[&key]);
    for broken in ["<html>", "[]", "{}", r#"{"public_keys": 7}"#] {
        app.github.publish_text(broken);
        app.scanned(&body).await_status(500).await;
    }
    app.github.go_down();
    app.scanned(&body).await_status(500).await;
    app.github.publish(&[published(FIRST, &app.github.key)]);
    let answer = app.scanned(&body).await_status(200).await;
    assert_eq!(answer.envelope(), &json!([feedback(&key, "true_positive")]));
}

#[tokio::test]
async fn no_token_is_logged_even_when_the_table_fails() {
    let app = App::builder()
        .faults(|operation| match operation.name.as_str() {
            "GetItem" | "Query" => Fault::Fail,
            _ => Fault::None,
        })
        .start()
        .await;
    let (one, other) = (made_up(), made_up());
    app.scanned(&report(&[&one, "a secret"]))
        .await_status(500)
        .await;
    app.scanned(&report(&[&other]).replace(']', ""))
        .await_status(400)
        .await;
    app.scanned(&report(&[&other]))
        .body("[]")
        .await_status(400)
        .await;
    let log = app.log().join("\n");
    let hash = sha256(&one);
    for secret in [&*one, &other, &hash, "sk_live_", "a secret", "octocat"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    for told in ["wrong_signature", "revoke an exposed key"] {
        assert!(log.contains(told), "{log}");
    }
}
