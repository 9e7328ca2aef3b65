//! The histories of `model.rs`, `key_model.rs` and `ticket_model.rs` over a failing network between the functions and
//! the table. Each response is correct or a `500`, no write is half done, nothing that was revoked works again, and no
//! limit is exceeded. The seeds are fixed; `make soak` tries others.

use std::time::Duration;

use futures_util::future::{join_all, join3};
use local::proxy::{Fault, Operation};
use serde_json::{Value, json};

use crate::{
    app::{
        App,
        resources::{text, ticket},
    },
    history::{Model, Network, history},
};

/// Another deployment on the app's table in which every transaction fails with this fault.
async fn failing_transactions(app: &App, way: Fault) -> App {
    let faults = move |operation: &Operation| match operation.name.as_str() {
        "TransactWriteItems" => way,
        _ => Fault::None,
    };
    // Retries go on until the function's time is up.
    let sibling = app.sibling().faults(faults);
    sibling.timeout(Duration::from_secs(6)).start().await
}

async fn histories(network: Network) {
    let keys = (1..5).map(|seed| history(Model::Keys, &network, seed));
    let lives = (1..3).map(|seed| history(Model::Lives, &network, seed));
    let tickets = (1..4).map(|seed| history(Model::Tickets, &network, seed));
    join3(join_all(keys), join_all(lives), join_all(tickets)).await;
}

#[tokio::test]
async fn histories_keep_to_the_model_when_the_table_throttles() {
    histories(Network::THROTTLING).await;
}

#[tokio::test]
async fn histories_keep_to_the_model_when_the_table_fails() {
    histories(Network::FAILING).await;
}

#[tokio::test]
async fn histories_keep_to_the_model_when_writes_conflict() {
    histories(Network::CONFLICTING).await;
}

#[tokio::test]
async fn histories_keep_to_the_model_when_responses_are_lost() {
    histories(Network::LOSING).await;
}

#[tokio::test]
async fn histories_keep_to_the_model_when_responses_are_late() {
    histories(Network::LATE).await;
}

#[tokio::test]
async fn histories_keep_to_the_model_under_all_faults_together() {
    histories(Network::MIXED).await;
}

/// A conflict that does not end is a `409`, because the client can retry; throttling that does not end is a `500`.
/// Neither changes anything.
#[tokio::test]
async fn a_write_that_never_succeeds_changes_only_call_counts() {
    for (way, status, code) in [
        (Fault::Conflict, 409, "CONFLICT"),
        (Fault::Throttle, 500, "INTERNAL_ERROR"),
    ] {
        let app = App::start().await;
        let (_, key) = app.new_key("acc_a").await;
        let tickets = app.new_ticket("acc_a").await;
        let path = |what: &str| format!("/api/v1/tickets/{}{what}", text(&tickets, "id"));
        let canned = format!(
            "/api/v1/canned-replies/{}",
            app.new_canned_reply("acc_a").await
        );
        app.list().bearer(&key).await_status(200).await;
        let before = app.items();

        let failing = failing_transactions(&app, way).await;
        let public = format!(
            "/api/v1/public/tickets/{}/messages",
            text(&tickets, "accessToken")
        );
        let form = json!({
            "accountId": "acc_a", "subject": "x", "body": "x", "email": "kim@example.com",
        });
        let calls = [
            failing.create("x"),
            failing.call("POST", "/api/v1/tickets").json(&ticket("x")),
            failing
                .call("POST", &path("/messages"))
                .json(&json!({ "body": "x" })),
            failing
                .call("PATCH", &path(""))
                .json(&json!({ "status": "closed" })),
            failing
                .call("POST", "/api/v1/canned-replies")
                .json(&json!({ "title": "x", "body": "x" })),
            failing
                .call("PATCH", &canned)
                .json(&json!({ "title": "x" })),
            failing.call("DELETE", &canned),
            failing.call("POST", "/api/v1/public/tickets").json(&form),
            failing.call("POST", &public).json(&json!({ "body": "x" })),
        ];
        let answers = join_all(calls.map(|call| call.bearer(&key).send())).await;
        for answer in answers {
            let told = (answer.status, answer.code());
            assert_eq!(told, (status, code), "{answer:?} {:#?}", failing.log());
        }
        // Only the items that count calls have changed.
        let of_callers = |item: &Value| item["calls"].is_object();
        let kept = |items: Vec<Value>| {
            items
                .into_iter()
                .filter(|item| !of_callers(item))
                .collect::<Vec<_>>()
        };
        assert_eq!(kept(app.items()), kept(before));
    }
}
