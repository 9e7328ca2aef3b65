//! The issuer's key set, with which access tokens are verified: which keys are used, and for how long.

use local::issuer::Key;
use serde_json::{Value, json};

use crate::{
    access_tokens::{good, header, with},
    app::{
        App,
        issuer::{KID, now},
    },
};

#[tokio::test]
async fn unusable_keys_in_the_key_set_are_ignored() {
    let second = Key::generate();
    let changed = |changes: Value| {
        let mut jwk = second.jwk("second");
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    };
    let unusable = [
        vec![changed(json!({ "kty": "RSA" }))],
        vec![changed(json!({ "kty": "oct", "k": "c2VjcmV0" }))],
        vec![changed(json!({ "crv": "P-384" }))],
        vec![changed(json!({ "alg": "HS256" }))],
        vec![changed(json!({ "alg": "ES521" }))],
        vec![changed(json!({ "use": "enc" }))],
        vec![changed(json!({ "key_ops": ["sign"] }))],
        vec![changed(json!({ "d": "AAAA" }))],
        vec![changed(json!({ "x": "AAAA" }))],
        vec![changed(json!({ "y": changed(json!({}))["x"] }))],
        // Two keys with the same `kid`: the token does not say which one it means.
        vec![changed(json!({})), changed(json!({}))],
        vec![changed(json!({})), Key::generate().jwk("second")],
        vec![
            changed(json!({})),
            json!({ "kty": "oct", "kid": "second", "k": "c2VjcmV0" }),
        ],
    ];
    for keys in unusable {
        let app = App::start().await;
        let set: Vec<_> = [vec![app.issuer.key.jwk(KID)], keys.clone()].concat();
        app.issuer.publish(&json!(set));
        let mut header = header();
        header["kid"] = "second".into();
        let token = second.sign(&header, &app.issuer.claims(&good()));
        let answer = app.list().bearer(&token).send().await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "AUTH_REQUIRED"),
            "{keys:?}"
        );
        // The valid key in the same set still works.
        app.list()
            .bearer(&app.token("acc_a"))
            .await_status(200)
            .await;
    }
}

const MINUTE: i64 = 60_000;

/// A token signed by a key that is published under another `kid`. It is valid for days, because tests step the clock.
fn rotated(app: &App, key: &Key, kid: &str) -> String {
    let mut header = header();
    header["kid"] = kid.into();
    key.sign(
        &header,
        &app.issuer.claims(&with(&json!({ "exp": now() + 200_000 }))),
    )
}

#[tokio::test]
async fn an_unknown_kid_refetches_the_key_set_at_most_once_a_minute() {
    let app = App::start().await;
    app.list()
        .bearer(&app.token("acc_a"))
        .await_status(200)
        .await;
    let second = Key::generate();
    app.issuer
        .publish(&json!([app.issuer.key.jwk(KID), second.jwk("key-2")]));
    let token = rotated(&app, &second, "key-2");
    // The key set was fetched just now: it is not fetched again before a minute has passed.
    for _ in 0..5 {
        app.list().bearer(&token).await_status(401).await;
    }
    assert_eq!(app.issuer.fetches(), 1);
    app.step_clock(0, MINUTE);
    app.list().bearer(&token).await_status(200).await;
    for _ in 0..5 {
        app.list()
            .bearer(&rotated(&app, &second, "made-up"))
            .await_status(401)
            .await;
    }
    assert_eq!(app.issuer.fetches(), 2);
}

#[tokio::test]
async fn cached_keys_are_used_while_the_issuer_is_down() {
    let app = App::start().await;
    let token = rotated(&app, &app.issuer.key, KID);
    app.list().bearer(&token).await_status(200).await;
    app.issuer.go_down();
    for hours in 1..4 {
        app.step_clock(0, hours * 61 * MINUTE);
        app.list().bearer(&token).await_status(200).await;
        app.list().bearer(&token).await_status(200).await;
    }
    // The issuer was asked once an hour, and did not answer.
    assert_eq!(app.issuer.fetches(), 4);
    assert!(
        app.log()
            .iter()
            .any(|line| line.contains("keys stay in use") && line.contains("503"))
    );
}

#[tokio::test]
async fn a_withdrawn_key_is_trusted_for_at_most_an_hour() {
    let app = App::start().await;
    let token = rotated(&app, &app.issuer.key, KID);
    app.list().bearer(&token).await_status(200).await;
    app.issuer.publish(&json!([Key::generate().jwk("key-2")]));
    app.step_clock(0, 59 * MINUTE);
    app.list().bearer(&token).await_status(200).await;
    app.step_clock(0, 61 * MINUTE);
    app.list().bearer(&token).await_status(401).await;
}

#[tokio::test]
async fn without_the_issuers_keys_a_token_gets_a_500() {
    let app = App::start().await;
    for broken in ["<html>", "[]", "{}", r#"{"keys": 7}"#] {
        app.issuer.publish_text(broken);
        app.list()
            .bearer(&app.token("acc_a"))
            .await_status(500)
            .await;
    }
    app.issuer.go_down();
    app.list()
        .bearer(&app.token("acc_a"))
        .await_status(500)
        .await;
    // A malformed token or API key is still refused with a 401.
    app.list().bearer("a.b.c").await_status(401).await;
    app.list().bearer("sk_live_x").await_status(401).await;
    // The next token makes the function fetch the keys again.
    app.issuer.publish(&json!([app.issuer.key.jwk(KID)]));
    app.list()
        .bearer(&app.token("acc_a"))
        .await_status(200)
        .await;
}

#[tokio::test]
async fn the_key_set_url_and_the_audiences_are_settings() {
    let elsewhere = App::start().await;
    let url = format!("{}/.well-known/jwks.json", elsewhere.issuer.name());
    let app = App::builder()
        .setting("HUUDIS_ISSUER", "https://issuer.example")
        .setting("HUUDIS_JWKS_URL", url)
        .setting("HUUDIS_AUDIENCES", "desk, till")
        .start()
        .await;
    let token = |aud: &str| {
        let claims = with(&json!({ "iss": "https://issuer.example", "aud": aud }));
        elsewhere.issuer.token(&claims)
    };
    app.list().bearer(&token("till")).await_status(200).await;
    app.list().bearer(&token("suppuo")).await_status(401).await;
    app.list()
        .bearer(&elsewhere.token("acc_a"))
        .await_status(401)
        .await;
}
