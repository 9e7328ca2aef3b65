//! Huudis access tokens (Credentials in openapi.yaml): which are accepted, and which are refused and why.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use local::issuer::Key;
use serde_json::{Value, json};

use crate::app::{
    App,
    issuer::{KID, now},
};

const GOOD: &str = r#"{ "sub": "usr_1", "accountId": "acc_a" }"#;

pub fn good() -> Value {
    serde_json::from_str(GOOD).unwrap()
}

/// Valid claims with these changes.
pub fn with(changes: &Value) -> Value {
    let mut claims = good();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

pub fn header() -> Value {
    json!({ "alg": "ES256", "typ": "JWT", "kid": KID })
}

#[tokio::test]
async fn a_valid_access_token_is_accepted() {
    let app = App::start().await;
    let good = [
        json!({}),
        json!({ "aud": "suppuo-cli" }),
        json!({ "aud": ["other", "suppuo"] }),
        json!({ "exp": now() + 5, "nbf": now() - 5 }),
        json!({ "exp": serde_json::from_str::<Value>(&format!("{}.5", now() + 60)).unwrap() }),
        // The leeway for clock differences is a minute.
        json!({ "exp": now() - 30 }),
        json!({ "nbf": now() + 30 }),
        json!({ "scope": "x", "email": null, "nested": { "exp": "x" } }),
    ];
    for changes in good {
        let token = app.issuer.token(&with(&changes));
        let answer = app.list().bearer(&token).send().await;
        assert_eq!(answer.status, 200, "{changes}: {answer:?}");
    }
    assert_eq!(app.issuer.fetches(), 1);
}

#[tokio::test]
async fn key_material_in_a_token_header_is_ignored() {
    let app = App::start().await;
    let strange =
        json!({ "jwk": "x", "jku": 7, "x5u": null, "x5c": {}, "cty": [], "typ": 1, "b64": true });
    let header_with = |more: &Value| {
        let mut header = header();
        header
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        header
    };
    let token = app
        .issuer
        .key
        .sign(&header_with(&strange), &app.issuer.claims(&good()));
    app.list().bearer(&token).await_status(200).await;

    let (own, attackers) = (&app.issuer.key, Key::generate());
    let mut header = header();
    header["jku"] = "http://127.0.0.1:1/keys".into();
    header["x5u"] = "http://127.0.0.1:1/certificate".into();
    header["jwk"] = attackers.jwk(KID);
    let claims = app.issuer.claims(&good());
    app.list()
        .bearer(&own.sign(&header, &claims))
        .await_status(200)
        .await;
    app.list()
        .bearer(&attackers.sign(&header, &claims))
        .await_status(401)
        .await;
}

#[tokio::test]
async fn a_token_with_a_missing_or_wrong_claim_is_refused() {
    let app = App::start().await;
    let later = now() + 300;
    let wrong = [
        json!({ "iss": "https://huudis.example" }),
        json!({ "iss": format!("{}/", app.issuer.name()) }),
        json!({ "iss": [app.issuer.name()] }),
        json!({ "iss": null }),
        json!({ "aud": "other" }),
        json!({ "aud": ["other"] }),
        json!({ "aud": [] }),
        json!({ "aud": { "suppuo": true } }),
        json!({ "aud": "suppuo,suppuo-cli" }),
        json!({ "aud": null }),
        json!({ "exp": now() - 61 }),
        json!({ "exp": null }),
        json!({ "exp": later.to_string() }),
        json!({ "exp": [later] }),
        json!({ "exp": true }),
        json!({ "exp": -1 }),
        json!({ "exp": 1e300 }),
        // Well over the leeway of a minute, because a slow machine takes a while to get here.
        json!({ "nbf": now() + 120 }),
        json!({ "nbf": (now() - 61).to_string() }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": 7 }),
    ];
    for changes in wrong {
        let answer = app
            .list()
            .bearer(&app.issuer.token(&with(&changes)))
            .send()
            .await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "AUTH_REQUIRED"),
            "{changes}"
        );
    }
}

#[tokio::test]
async fn an_id_token_is_refused_as_an_access_token() {
    let app = App::start().await;
    for of_id_tokens in [
        json!({ "nonce": "x" }),
        json!({ "nonce": "" }),
        json!({ "nonce": { "deep": [[]] } }),
        json!({ "at_hash": "x" }),
        json!({ "at_hash": 7, "nonce": false }),
    ] {
        let token = app.issuer.token(&with(&of_id_tokens));
        let answer = app.list().bearer(&token).await_status(401).await;
        assert_eq!(answer.code(), "AUTH_REQUIRED");
        assert!(answer.message().starts_with("This is an ID token"));
    }
    // A claim that is `null` counts as missing.
    let mut claims = app.issuer.claims(&good());
    claims["nonce"] = Value::Null;
    claims["at_hash"] = Value::Null;
    let token = app.issuer.key.sign(&header(), &claims);
    app.list().bearer(&token).await_status(200).await;
}

#[tokio::test]
async fn an_authentication_error_says_what_to_correct() {
    let app = App::start().await;
    let token = |changes: Value| app.issuer.token(&with(&changes));
    let own = token(json!({}));
    let (cut_off, _) = own.rsplit_once('.').unwrap();
    let mut other_key = header();
    other_key["kid"] = "another".into();
    let mut other_algorithm = header();
    other_algorithm["alg"] = "RS256".into();
    let sign = |header: &Value| app.issuer.key.sign(header, &app.issuer.claims(&good()));
    let prefix = "API keys begin with `sk_live_`";
    for (token, what) in [
        ("abc".to_owned(), prefix),
        ("null".to_owned(), prefix),
        ("SK_LIVE_0123".to_owned(), prefix),
        (cut_off.to_owned(), prefix),
        (format!("{own}.{own}"), prefix),
        ("a.b.c".to_owned(), "with `alg` and `kid`"),
        ("a".repeat(9000), "longer than 8 KiB"),
        (sign(&other_algorithm), "with ES256"),
        (sign(&other_key), "a key that the issuer does not publish"),
        (
            Key::generate().sign(&header(), &good()),
            "signature is wrong",
        ),
        (token(json!({ "exp": now() - 100 })), "Get a new one"),
        (token(json!({ "nbf": now() + 1000 })), "`nbf`"),
        (token(json!({ "iss": "other" })), "another issuer's"),
        (token(json!({ "aud": "other" })), "`suppuo` or `suppuo-cli`"),
        (token(json!({ "exp": null })), "`exp` a number"),
        (token(json!({ "sub": "" })), "`sub` is empty"),
    ] {
        let answer = app.list().bearer(&token).await_status(401).await;
        assert_eq!(answer.code(), "AUTH_REQUIRED");
        let message = answer.message();
        assert!(message.contains(what), "{what}: {message}");
        assert!(!message.contains(&token) || token == "null", "{message}");
    }
    let homeless = token(json!({ "accountId": null }));
    let answer = app.list().bearer(&homeless).await_status(403).await;
    assert!(answer.message().contains("`accountId`"));

    let (_, key) = app.new_key("acc_a").await;
    for (header, what) in [
        (key.clone(), "not the word `Bearer` before it"),
        (format!("Basic {key}"), "does not begin with the word"),
        (format!("Bearer {key} {key}"), "more than one word"),
        ("Bearer".to_owned(), "no token after"),
        (String::new(), "is empty"),
    ] {
        let call = app.list().header("authorization", &header);
        let answer = call.await_status(401).await;
        assert!(answer.message().contains(what), "{}", answer.message());
        assert!(answer.message().contains("`sk_live_`"));
        assert!(!answer.message().contains(&key));
    }
    let nothing = app.list().await_status(401).await;
    assert!(nothing.message().contains("`sk_live_`"));
    let wrong = app.list().bearer(&key[..50]).await_status(401).await;
    assert_eq!(wrong.code(), "INVALID_TOKEN");
    assert!(wrong.message().contains("create another"));
}

#[tokio::test]
async fn a_token_without_a_workspace_is_forbidden() {
    let app = App::start().await;
    for workspace in [
        json!(null),
        json!(""),
        json!("ws_1"),
        json!(7),
        json!(["acc_a"]),
        json!("acc_a#b"),
    ] {
        let token = app.issuer.token(&with(&json!({ "accountId": workspace })));
        let answer = app.list().bearer(&token).send().await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "FORBIDDEN"),
            "{workspace}"
        );
    }
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let app = App::start().await;
    let claims = app.issuer.claims(&good());
    let own = app.issuer.key.sign(&header(), &claims);
    let [head, body, signature] = own.split('.').collect::<Vec<_>>()[..] else {
        panic!()
    };
    let part = |value: &Value| BASE64URL.encode(value.to_string());
    let with_header = |changes: Value| {
        let mut header = header();
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        app.issuer.key.sign(&header, &claims)
    };
    let more = part(
        &app.issuer
            .claims(&json!({ "sub": "usr_2", "accountId": "acc_b" })),
    );
    let zeros = BASE64URL.encode([0; 64]);
    let forged = [
        // The signature is by another key, over other text, missing, or malformed.
        Key::generate().sign(&header(), &claims),
        format!("{head}.{more}.{signature}"),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        format!("{head}.{body}.{zeros}"),
        format!("{head}.{body}.{}", &signature[..signature.len() - 2]),
        format!("{head}.{body}.{signature}A"),
        format!("{head}.{body}.{signature}="),
        format!("{head}.{body}.{signature}.{signature}"),
        format!("{own}.{head}"),
        format!(".{body}.{signature}"),
        format!("{head}..{signature}"),
        // Another algorithm.
        format!("{}.{body}.", part(&json!({ "alg": "none", "kid": KID }))),
        format!(
            "{}.{body}.{signature}",
            part(&json!({ "alg": "none", "kid": KID }))
        ),
        with_header(json!({ "alg": "none" })),
        with_header(json!({ "alg": "None" })),
        with_header(json!({ "alg": "es256" })),
        with_header(json!({ "alg": "ES384" })),
        with_header(json!({ "alg": "RS256" })),
        with_header(json!({ "alg": "HS256" })),
        with_header(json!({ "alg": null })),
        with_header(json!({ "alg": ["ES256"] })),
        // The key is not one of the issuer's.
        with_header(json!({ "kid": null })),
        with_header(json!({ "kid": "" })),
        with_header(json!({ "kid": "../../../../etc/passwd" })),
        with_header(json!({ "kid": "/dev/null" })),
        with_header(json!({ "kid": "' OR 1=1 --" })),
        with_header(json!({ "kid": [KID] })),
        with_header(json!({ "kid": format!("{KID}\u{0}") })),
        // Extensions that the recipient must understand (RFC 7515, section 4.1.11).
        with_header(json!({ "crit": ["exp"] })),
        with_header(json!({ "crit": [], "b64": false })),
        with_header(json!({ "b64": false, "crit": ["b64"] })),
        // Not tokens at all.
        "a.b.c".to_owned(),
        "..".to_owned(),
        "x".to_owned(),
        "x".repeat(20_000),
        format!("{}.{body}.{signature}", "A".repeat(9000)),
        format!(
            "{}.{body}.{signature}",
            BASE64URL.encode(r#"{"alg":"none","alg":"ES256","kid":"key-1"}"#)
        ),
    ];
    for token in forged {
        let answer = app.list().bearer(&token).send().await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "AUTH_REQUIRED"),
            "{token}"
        );
    }
    app.list().bearer(&own).await_status(200).await;
}

/// Algorithm confusion: an attacker uses the public key as the secret of an HMAC.
#[tokio::test]
async fn an_hmac_made_with_the_public_key_is_refused() {
    use sha2::{Digest, Sha256};

    fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut block = [0; 64];
        let hashed = Sha256::digest(key);
        let key = if key.len() > 64 { &hashed[..] } else { key };
        block[..key.len()].copy_from_slice(key);
        let pad = |with: u8| block.map(|byte| byte ^ with);
        let inner = Sha256::new()
            .chain_update(pad(0x36))
            .chain_update(message)
            .finalize();
        Sha256::new()
            .chain_update(pad(0x5c))
            .chain_update(inner)
            .finalize()
            .to_vec()
    }

    let app = App::start().await;
    let jwk = app.issuer.key.jwk(KID);
    let coordinate = |name: &str| BASE64URL.decode(jwk[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    for secret in [point, coordinate("x"), jwk.to_string().into_bytes()] {
        let part = |value: &Value| BASE64URL.encode(value.to_string());
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": KID });
        let message = format!("{}.{}", part(&header), part(&app.issuer.claims(&good())));
        let token = format!(
            "{message}.{}",
            BASE64URL.encode(hmac_sha256(&secret, message.as_bytes()))
        );
        assert_eq!(
            app.list().bearer(&token).await_status(401).await.code(),
            "AUTH_REQUIRED"
        );
    }
}
