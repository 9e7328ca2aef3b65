//! Endpoints that only read start their reads while the caller is being authenticated. What was read for a caller who
//! is then refused is dropped, and nothing of the response tells that it was read.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use local::{
    proxy::{Fault, Operation},
    template::Route,
};

use crate::{
    app::{App, Call, response::Response},
    sweep,
};

/// The reads that read no more than the item that authenticates their caller.
const WITHOUT_READS: [&str; 3] = [
    "GET /api/v1/me",
    "GET /api/v1/auth/me",
    "GET /api/v1/webhook-subscriptions/event-types",
];

/// It counts its own call, if a key asks for its own usage.
const AFTER_DECISION: &str = "GET /api/v1/api-keys/{id}/usage";

/// Every endpoint that reads for a caller. The checks below hold for a new one too.
pub fn reads() -> impl Iterator<Item = &'static Route> {
    sweep::authenticated().filter(|route| {
        let key = route.key();
        (key.starts_with("GET ") || key.starts_with("HEAD "))
            && !WITHOUT_READS.contains(&key.as_str())
    })
}

fn is_read(operation: &Operation) -> bool {
    matches!(
        operation.name.as_str(),
        "Query" | "GetItem" | "BatchGetItem"
    )
}

fn reads_of(operations: &[Operation]) -> usize {
    operations.iter().filter(|one| is_read(one)).count()
}

/// What a client can compare of two responses.
fn told(answer: &Response) -> (u16, BTreeMap<String, String>, String) {
    let mut headers = answer.headers().clone();
    let id = headers.remove("x-request-id").unwrap();
    let mut text = answer.text.replace(&id, "req_");
    if let Some(at) = answer.envelope()["meta"]["timestamp"].as_str() {
        text = text.replace(at, "now");
    }
    (answer.status, headers, text)
}

/// The call of a route that finds something, without a credential.
async fn call_of<'a>(app: &'a App, route: &Route) -> Call<'a> {
    app.call_of(route, "acc_a").await
}

#[tokio::test]
async fn a_refused_call_does_not_tell_what_was_read() {
    for route in reads() {
        // The reads are answered long after the function has given up on them.
        let are_held = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&are_held);
        let app = App::builder().faults(move |operation| {
            if held.load(Relaxed) && is_read(operation) {
                Fault::AnswerLate(20_000)
            } else {
                Fault::None
            }
        });
        let app = app.start().await;
        let call = call_of(&app, route).await;
        let token = app.token("acc_a");
        for (reads_are_held, by_session) in
            [(true, false), (true, true), (false, false), (false, true)]
        {
            let (id, key) = app.new_key("acc_a").await;
            let session = app.sign_in("acc_a").await;
            let logout = app.call("POST", "/api/v1/auth/logout");
            let (call, end) = if by_session {
                (call.clone().session(&session), logout.session(&session))
            } else {
                (call.clone().bearer(&key), app.revoke(&id).bearer(&token))
            };
            for _ in 0..2 {
                let answer = call.clone().send().await;
                assert_eq!(answer.status, 200, "{}: {answer:?}", route.key());
            }
            end.await_status(200).await;
            drop(app.operations());

            are_held.store(reads_are_held, Relaxed);
            let known = call.clone().send().await;
            are_held.store(false, Relaxed);
            let operations = app.operations();
            // A page sends people whose session has ended to the sign-in.
            assert!(matches!(known.status, 401 | 302), "{}", route.key());
            // A function that waited for its reads would have tried them again.
            assert!(
                reads_of(&operations) <= 2,
                "{}: {operations:?}",
                route.key()
            );
            assert_eq!(
                operations.len() - reads_of(&operations),
                1,
                "{operations:?}"
            );

            // The second refusal is the one of a caller who was never known.
            let forgotten = call.clone().send().await;
            assert_eq!(told(&known), told(&forgotten), "{}", route.key());
            let operations = app.operations();
            assert_eq!(reads_of(&operations), 0, "{}: {operations:?}", route.key());
        }
    }
}

#[tokio::test]
async fn reads_start_before_the_decision_for_a_caller_who_was_admitted() {
    // As long as nobody is decided on, every read that there is was made ahead.
    let is_undecided = Arc::new(AtomicBool::new(false));
    let app = App::builder().failing_while(&is_undecided, "UpdateItem");
    let app = app.start().await;
    for route in reads().filter(|route| route.key() != AFTER_DECISION) {
        is_undecided.store(false, Relaxed);
        let call = call_of(&app, route).await;
        let (_, key) = app.new_key("acc_a").await;
        let session = app.sign_in("acc_a").await;
        let callers = [
            call.clone().bearer(&key),
            call.clone().session(&session),
            call.clone().bearer(&app.token("acc_a")),
        ];
        for (number, call) in callers.into_iter().enumerate() {
            for calls in 0..3 {
                is_undecided.store(calls != 1, Relaxed);
                drop(app.operations());
                let answer = call.clone().send().await;
                let ahead = reads_of(&app.operations());
                let is_ahead = ahead > 0;
                let what = format!("{}, caller {number}, call {calls}: {answer:?}", route.key());
                match calls {
                    // An access token states its workspace.
                    0 => assert_eq!((answer.status, is_ahead), (500, number == 2), "{what}"),
                    1 => assert_eq!(answer.status, 200, "{what}"),
                    _ => assert_eq!((answer.status, is_ahead), (500, true), "{what}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn an_older_secret_is_known_until_it_is_over() {
    let is_undecided = Arc::new(AtomicBool::new(false));
    let app = App::builder().failing_while(&is_undecided, "UpdateItem");
    let app = app.start().await;
    let user = app.token("acc_a");
    let (id, older) = app.new_key("acc_a").await;
    let rotate = app.call("POST", &format!("/api/v1/api-keys/{id}/rotate"));
    rotate.bearer(&user).await_status(200).await;
    let tags = || app.call("GET", "/api/v1/tickets/tags").bearer(&older);
    tags().await_status(200).await;

    is_undecided.store(true, Relaxed);
    drop(app.operations());
    tags().await_status(500).await;
    assert!(reads_of(&app.operations()) > 0);
    is_undecided.store(false, Relaxed);

    tags().await_status(200).await;
    let end = app.call("DELETE", &format!("/api/v1/api-keys/{id}/previous"));
    end.bearer(&user).await_status(200).await;
    let known = tags().await_status(401).await;
    drop(app.operations());
    let forgotten = tags().await_status(401).await;
    assert_eq!(reads_of(&app.operations()), 0);
    assert_eq!(told(&known), told(&forgotten));
}

#[tokio::test]
async fn keys_are_read_once_unless_the_call_notes_their_use() {
    let app = App::start().await;
    let user = app.token("acc_a");
    let (id, older) = app.new_key("acc_a").await;
    let rotate = app.call("POST", &format!("/api/v1/api-keys/{id}/rotate"));
    rotate.bearer(&user).await_status(200).await;
    let mut reads = Vec::new();
    for _ in 0..3 {
        drop(app.operations());
        app.list().bearer(&older).await_status(200).await;
        reads.push(reads_of(&app.operations()));
    }
    app.step_clock(0, 61_000);
    drop(app.operations());
    app.list().bearer(&older).await_status(200).await;
    reads.push(reads_of(&app.operations()));
    assert_eq!(reads, [1, 1, 1, 2]);
}
