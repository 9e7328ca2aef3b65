//! Rotation of the two secrets while instances run: what the version before sealed still opens, and nobody has to
//! restart anything (Rotate a secret in docs/operations.md).

use serde_json::json;

use crate::app::{
    App,
    resources::ticket,
    response::Response,
    sign_in::{CALLBACK, UNDER_WAY},
};

const MINUTE: i64 = 60 * 1000;

/// How often the functions have asked for a secret of this name since the last call of this.
fn reads(app: &App, name: &str) -> usize {
    let operations = app.secret_operations().into_iter();
    let actions = operations.flat_map(|operation| operation.actions);
    actions.filter(|action| action.ends_with(name)).count()
}

/// A page of one ticket of `acc_a`, from `app` or a sibling of it.
async fn page_of(app: &App, token: &str, query: &str) -> Response {
    let call = app
        .call("GET", "/api/v1/tickets")
        .query(&format!("limit=1{query}"));
    call.bearer(token).send().await
}

async fn page(app: &App, query: &str) -> Response {
    page_of(app, &app.token("acc_a"), query).await
}

fn cursor(page: &Response) -> String {
    page.data()["cursor"].as_str().unwrap().to_owned()
}

async fn app_with_three_tickets() -> App {
    let app = App::start().await;
    let token = app.token("acc_a");
    for _ in 0..3 {
        let create = app.call("POST", "/api/v1/tickets").bearer(&token);
        create.json(&ticket("Where is it?")).await_status(201).await;
    }
    app
}

#[tokio::test]
async fn a_cursor_stays_valid_when_the_signing_secret_is_rotated() {
    let app = app_with_three_tickets().await;
    let old = cursor(&page(&app, "").await);
    app.issuer.rotate_signing_secret();

    // An instance that starts now seals with the new version, and opens what the one before it sealed.
    let fresh = app.sibling().start().await;
    let token = app.token("acc_a");
    let second = page_of(&fresh, &token, &format!("&cursor={old}")).await;
    assert_eq!(second.status, 200);
    let new = cursor(&second);

    // An instance that knows only the old version reads the secret again when it gets a newer cursor.
    let third = page(&app, &format!("&cursor={new}")).await;
    assert_eq!(third.status, 200);
    assert_eq!(third.data()["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(page(&app, &format!("&cursor={old}")).await.status, 200);

    // After the next rotation, the oldest cursor is invalid.
    app.issuer.rotate_signing_secret();
    let newest = app.sibling().start().await;
    let opened = page_of(&newest, &token, &format!("&cursor={new}")).await;
    assert_eq!(opened.status, 200);
    let refused = page_of(&newest, &token, &format!("&cursor={old}")).await;
    assert_eq!((refused.status, refused.param()), (400, Some("cursor")));
}

#[tokio::test]
async fn wrong_cursors_cause_few_reads_of_the_secret() {
    let app = app_with_three_tickets().await;
    let good = cursor(&page(&app, "").await);
    assert_eq!(reads(&app, " of signing"), 1);
    for _ in 0..5 {
        let refused = page(&app, &format!("&cursor={good}x")).await;
        assert_eq!((refused.status, refused.param()), (400, Some("cursor")));
    }
    // The previous version once, and the current one once more.
    assert_eq!(reads(&app, " of signing"), 2);
    app.step_clock(0, MINUTE);
    page(&app, &format!("&cursor={good}x")).await;
    page(&app, &format!("&cursor={good}x")).await;
    assert_eq!(reads(&app, " of signing"), 1);
}

#[tokio::test]
async fn wrong_cursors_cause_few_reads_while_secrets_manager_fails() {
    let app = app_with_three_tickets().await;
    let good = cursor(&page(&app, "").await);
    app.issuer.deny_secrets();
    reads(&app, " of signing");
    for _ in 0..3 {
        let refused = page(&app, &format!("&cursor={good}x")).await;
        assert_eq!((refused.status, refused.param()), (400, Some("cursor")));
    }
    // One for each version.
    assert_eq!(reads(&app, " of signing"), 2);
    // What was read stays in use, also after the ten minutes.
    let (_, key) = app.new_key("acc_a").await;
    app.step_clock(0, 10 * MINUTE);
    let next = page_of(&app, &key, &format!("&cursor={good}")).await;
    assert_eq!(next.status, 200);
    assert_eq!(reads(&app, " of signing"), 1);
}

#[tokio::test]
async fn a_secret_is_read_again_after_the_clock_was_set_back() {
    let app = app_with_three_tickets().await;
    cursor(&page(&app, "").await);
    app.step_clock(0, -MINUTE);
    cursor(&page(&app, "").await);
    assert_eq!(reads(&app, " of signing"), 2);
}

#[tokio::test]
async fn an_instance_reads_a_secret_again_after_ten_minutes() {
    let app = app_with_three_tickets().await;
    let (_, key) = app.new_key("acc_a").await;
    let seal = async || cursor(&page_of(&app, &key, "").await);
    seal().await;
    app.step_clock(0, 10 * MINUTE - 5000);
    seal().await;
    assert_eq!(reads(&app, " of signing"), 1);
    app.issuer.rotate_signing_secret();
    app.step_clock(0, 10 * MINUTE);
    let new = seal().await;
    assert_eq!(reads(&app, " of signing"), 1);
    // It is sealed with the new version, the only one that a later instance still knows after another rotation.
    app.issuer.rotate_signing_secret();
    let later = app.sibling().start().await;
    let opened = page_of(&later, &key, &format!("&cursor={new}")).await;
    assert_eq!(opened.status, 200);
}

#[tokio::test]
async fn a_pending_sign_in_can_be_finished_after_a_rotation_of_the_signing_secret() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let query = begun.allow(&json!({}), &json!({}));
    app.issuer.rotate_signing_secret();
    begun.come_back(&query).await_status(302).await;
}

#[tokio::test]
async fn a_sign_in_uses_a_changed_client_secret_at_once() {
    let app = App::start().await;
    app.sign_in("acc_a").await;
    assert_eq!(reads(&app, " of huudis-client"), 1);
    app.issuer.rotate_client_secret();
    app.sign_in("acc_a").await;
    assert_eq!(reads(&app, " of huudis-client"), 1);
    app.sign_in("acc_a").await;
    assert_eq!(reads(&app, " of huudis-client"), 0);
}

#[tokio::test]
async fn a_client_secret_that_the_issuer_refuses_is_read_again_once_a_minute() {
    let app = App::start().await;
    let wrong = app.sibling();
    let wrong = wrong.setting("HUUDIS_CLIENT_SECRET", local::secrets::SIGNING_SECRET);
    let wrong = wrong.start().await;
    for _ in 0..3 {
        let begun = app.begin_sign_in().await;
        let query = begun.allow(&json!({}), &json!({}));
        let back = wrong.call("GET", CALLBACK).query(&query);
        let answer = back.cookie(UNDER_WAY, &begun.cookie).send().await;
        assert_eq!(answer.status, 500);
    }
    // `app` reads the signing secret. So does `wrong`, and it reads it twice again as the client's secret.
    assert_eq!(reads(&app, " of signing"), 4);
}
