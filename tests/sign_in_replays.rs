//! Callbacks of a sign-in that arrive more than once.

use futures_util::future::join;
use serde_json::json;
use shared::ExposeSecret;

use crate::{
    app::{
        App,
        response::Response,
        sign_in::{CALLBACK, SESSION},
    },
    sign_in::{is, reason, sessions},
};

/// The response redirects to the page, and neither sets nor clears a session's cookie.
fn goes_on(answer: &Response) {
    assert_eq!(answer.status, 302, "{answer:?}");
    assert_eq!(answer.header("location"), Some("/dashboard/api-keys"));
    assert_eq!(answer.cookie(SESSION), None);
}

#[tokio::test]
async fn a_replayed_callback_opens_no_second_session() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    drop(app.operations());
    let done = begun.come_back(&query).await_status(302).await;
    // The check for a replay costs the first callback no request.
    let operations = app.operations();
    assert_eq!(operations.len(), 1, "{operations:?}");
    let session = done.cookie(SESSION).unwrap();
    // The issuer has already redeemed the code…
    goes_on(&begun.come_back(&query).send().await);
    // …and the browser may already have the session.
    let with_both = begun.come_back(&query).cookie(SESSION, session);
    goes_on(&with_both.send().await);
    // Another code for the same state opens no second session.
    let again = begun.allow(&json!({}), &json!({}));
    let again = begun.come_back(&again).cookie(SESSION, session);
    goes_on(&again.send().await);
    assert_eq!(sessions(&app), 1);
    app.list().session(session).await_status(200).await;
    // Without the browser's cookie, the callback is refused.
    let elsewhere = app.call("GET", CALLBACK).query(&query).send().await;
    is(&elsewhere, 400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_callback_reloaded_with_its_own_session_redirects_to_the_page() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    let load = |query: &str| {
        let call = app.call("GET", CALLBACK).query(query);
        call.header("accept", "text/html,*/*;q=0.8")
    };
    // No sign-in has succeeded yet.
    let planted = shared::domain::session::SessionId::generate();
    let early = load(&query).cookie(SESSION, planted.expose_secret());
    early.await_status(400).await;
    let done = begun.come_back(&query).await_status(302).await;
    let session = done.cookie(SESSION).unwrap();
    // The browser no longer has the cookie of the sign-in.
    drop(app.operations());
    goes_on(&load(&query).cookie(SESSION, session).send().await);
    let operations = app.operations();
    assert_eq!(operations.len(), 1, "{operations:?}");
    app.list().session(session).await_status(200).await;
    // The callback is refused without a session, without a state, and for another sign-in. The first two ask the table
    // nothing.
    drop(app.operations());
    load(&query).await_status(400).await;
    load("code=x")
        .cookie(SESSION, session)
        .await_status(400)
        .await;
    assert_eq!(app.operations(), []);
    let other = load(&query.replace("state=", "state=x"));
    other.cookie(SESSION, session).await_status(400).await;
    assert_eq!(sessions(&app), 1);
}

#[tokio::test]
async fn two_concurrent_callbacks_open_one_session() {
    let app = App::builder().instances(2).start().await;
    for before in 0..6 {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({}), &json!({}));
        // In the last round, the issuer may refuse the second callback's code before it sees the first one's.
        let other = if before < 5 {
            query.clone()
        } else {
            begun.query("no-such-code")
        };
        let twice = join(
            begun.come_back(&other).on(1).send(),
            begun.come_back(&query).on(0).send(),
        );
        let (one, other) = twice.await;
        let (first, second) = match one.cookie(SESSION) {
            Some(_) => (one, other),
            None => (other, one),
        };
        goes_on(&second);
        assert_eq!(first.status, 302, "{first:?}");
        assert_eq!(first.header("location"), second.header("location"));
        assert_eq!(sessions(&app), before + 1);
        let session = first.cookie(SESSION).unwrap();
        app.list().session(session).await_status(200).await;
    }
}

#[tokio::test]
async fn two_concurrent_bad_callbacks_are_both_refused() {
    let app = App::builder().instances(2).start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({ "nonce": "another" }));
    let twice = join(
        begun.come_back(&query).on(0).send(),
        begun.come_back(&query).on(1).send(),
    );
    let (one, other) = twice.await;
    for answer in [&one, &other] {
        is(answer, 401, "AUTH_REQUIRED");
    }
    let mut reasons = [reason(&app, &one), reason(&app, &other)];
    reasons.sort();
    assert_eq!(reasons, ["code_refused", "wrong_nonce"]);
    assert_eq!(sessions(&app), 0);
    // The refused callback looked for a session a few times.
    assert_eq!(app.operations().len(), 4);
}
