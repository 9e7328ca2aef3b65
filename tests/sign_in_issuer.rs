//! Sign-ins in which the issuer refuses, fails, or sends wrong tokens.

use serde_json::{Value, json};

use crate::{
    app::{App, issuer::KID, sign_in::UNDER_WAY},
    sign_in::{is, reason, sessions},
};

#[tokio::test]
async fn a_sign_in_with_wrong_token_claims_is_refused() {
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
        // The sign-in is over: the cookie is cleared.
        assert_eq!(answer.cookie(UNDER_WAY), Some(""));
    }
    // Several audiences are accepted if `azp` names this client.
    let begun = app.begin_sign_in().await;
    let several = json!({ "aud": ["suppuo", "other"], "azp": "suppuo" });
    begun
        .come_back(&begun.allow(&json!({}), &several))
        .await_status(302)
        .await;
    assert_eq!(sessions(&app), 1);
}

#[tokio::test]
async fn forged_malformed_and_missing_tokens_open_no_session() {
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
        // A missing token is a fault of the issuer, and so a 500.
        let begun = app.begin_sign_in().await;
        let mut tokens = json!({ "access_token": "a", "id_token": "b", "token_type": "Bearer" });
        tokens.as_object_mut().unwrap().remove(which);
        let answer = begun.come_back(&begun.answer_with(&tokens)).send().await;
        is(&answer, 500, "INTERNAL_ERROR");
    }
    assert_eq!(sessions(&app), 0);
}

#[tokio::test]
async fn a_person_without_a_workspace_is_forbidden() {
    let app = App::start().await;
    for workspace in [Value::Null, json!(7), json!("shop"), json!("")] {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({ "accountId": workspace }), &json!({}));
        is(&begun.come_back(&query).send().await, 403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn a_sign_in_that_the_issuer_refuses_fails() {
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
async fn a_callback_from_another_issuer_is_refused() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    let (before, _) = good.split_once("&iss=").unwrap();
    let mixed_up = begun.come_back(&format!("{before}&iss=https%3A%2F%2Fevil.test"));
    let mixed_up = mixed_up.send().await;
    is(&mixed_up, 400, "VALIDATION_ERROR");
    assert_eq!(mixed_up.param(), Some("iss"));
    // An issuer that announces `iss` in its responses must send it (RFC 9207).
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
    // Other issuers may leave it out.
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    let (before, _) = good.split_once("&iss=").unwrap();
    begun.come_back(before).await_status(302).await;
}

#[tokio::test]
async fn a_sign_in_fails_while_the_issuer_is_down_but_sessions_go_on() {
    let app = App::start().await;
    let before = app.sign_in("acc_a").await;
    let begun = app.begin_sign_in().await;
    let good = begun.allow(&json!({}), &json!({}));
    app.issuer.go_down();
    is(&begun.come_back(&good).send().await, 500, "INTERNAL_ERROR");
    // An instance uses its cached discovery document even when it is old.
    app.step_clock(0, 2 * 3_600_000);
    app.start_sign_in().await_status(302).await;
    app.step_clock(0, 0);
    let fresh = app.sibling().start().await;
    is(&fresh.start_sign_in().send().await, 500, "INTERNAL_ERROR");
    // Existing sessions still work.
    app.list().session(&before).await_status(200).await;
    assert_eq!(sessions(&app), 1);
}

#[tokio::test]
async fn an_invalid_discovery_document_is_a_500() {
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
