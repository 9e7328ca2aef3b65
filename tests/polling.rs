//! `ETag` and `If-None-Match`: who asks again gets a `304` if nothing has changed, and reads little for it.

use serde_json::json;
use shared::domain::ticket_token::TicketToken;

use crate::{
    app::{
        App, Call,
        resources::{text, ticket},
        response::Response,
    },
    read_ahead::reads,
};

/// Longer than it takes until a change counts as settled, in milliseconds.
const SETTLED: i64 = 11_000;

const TEN_MINUTES: i64 = 600_000;

fn tag(answer: &Response) -> String {
    answer.header("etag").unwrap().to_owned()
}

fn known(call: &Call<'_>, tag: &str) -> impl Future<Output = Response> {
    call.clone().header("if-none-match", tag).send()
}

/// The table requests of a call, and their units without those of the write that counts it.
async fn cost(app: &App, call: impl Future<Output = Response>) -> (Response, Vec<String>, f64) {
    drop(app.operations());
    let answer = call.await;
    let operations = app.operations();
    let units = operations.iter().map(|one| one.units).sum::<f64>() - 1.0;
    let mut names: Vec<_> = operations.into_iter().map(|one| one.name).collect();
    names.sort();
    (answer, names, units)
}

#[tokio::test]
async fn every_read_of_the_api_says_whether_anything_is_new() {
    let app = App::start().await;
    for route in reads().filter(|route| route.key().starts_with("GET /api/")) {
        let token = app.token("acc_a");
        let call = app.call_of(route, "acc_a").await.bearer(&token);
        let first = call.clone().await_status(200).await;
        let again = known(&call, &format!("\"x\", {}", tag(&first))).await;
        assert_eq!((again.status, &*again.text), (304, ""), "{}", route.key());
        for header in ["cache-control", "vary"] {
            assert_eq!(
                again.header(header),
                first.header(header),
                "{}",
                route.key()
            );
        }
        assert_eq!(known(&call, "*").await.status, 304, "{}", route.key());
        let other = known(&call, "W/\"x\"").await;
        assert_eq!(other.status, 200, "{}", route.key());
        // A refusal comes first.
        let app_call = app.call_of(route, "acc_a").await;
        assert_eq!(known(&app_call, "*").await.status, 401, "{}", route.key());
    }
}

#[tokio::test]
async fn every_change_of_a_ticket_is_new_to_its_list_and_to_itself() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let found = app.new_ticket("acc_a").await;
    let (id, access) = (text(&found, "id"), text(&found, "accessToken"));
    assert!(TicketToken::parse(&access).is_some());
    let own = format!("/api/v1/tickets/{id}");
    let messages = format!("{own}/messages");
    let submitted = format!("/api/v1/public/tickets/{access}/messages");
    let changes = [
        app.call("PATCH", &own).json(&json!({ "priority": "high" })),
        app.call("PATCH", &own).json(&json!({ "tags": ["new"] })),
        app.call("PATCH", &own)
            .json(&json!({ "assigneeSub": "usr_2" })),
        app.call("PATCH", &own)
            .json(&json!({ "status": "resolved" })),
        app.call("POST", &messages)
            .json(&json!({ "body": "Here." })),
        app.call("POST", &messages)
            .json(&json!({ "body": "And here." })),
        app.call("POST", &messages)
            .json(&json!({ "body": "A note.", "isInternal": true })),
        app.call("POST", &submitted)
            .json(&json!({ "body": "Thanks." })),
        app.call("POST", &submitted)
            .json(&json!({ "body": "Bye." })),
    ];
    let list = app.call("GET", "/api/v1/tickets").bearer(&token);
    let one = app.call("GET", &own).bearer(&token);
    for (number, change) in changes.into_iter().enumerate() {
        // Each change is settled before the next one, so that the version alone tells.
        let passed = SETTLED * (i64::try_from(number).unwrap() + 1);
        app.step_clock(0, passed);
        let before = [list.clone().send().await, one.clone().send().await];
        for (call, before) in [&list, &one].into_iter().zip(&before) {
            let (again, names, units) = cost(&app, known(call, &tag(before))).await;
            assert_eq!(again.status, 304, "before change {number}");
            assert_eq!(names, ["GetItem", "UpdateItem"]);
            assert!(units <= 2.0, "{units} units");
        }
        let change = change.bearer(&token).send().await;
        assert!(change.status < 300, "{number}: {change:?}");
        for (call, before) in [&list, &one].into_iter().zip(&before) {
            let now = known(call, &tag(before)).await;
            assert_eq!(now.status, 200, "after change {number}");
            assert_ne!(tag(&now), tag(before));
            assert_eq!(known(call, &tag(&now)).await.status, 304);
        }
    }
    // A new ticket is new to the list.
    let before = list.clone().send().await;
    let new = app.call("POST", "/api/v1/tickets").json(&ticket("Another"));
    new.bearer(&token).await_status(201).await;
    assert_eq!(known(&list, &tag(&before)).await.status, 200);
}

#[tokio::test]
async fn a_list_is_read_until_its_last_change_is_settled_and_after_ten_minutes() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    app.new_ticket("acc_a").await;
    let list = app.call("GET", "/api/v1/tickets").bearer(&key);
    let fresh = list.clone().await_status(200).await;
    // The index may not have shown the change yet, so the list is read and its content compared.
    let (again, names, _) = cost(&app, known(&list, &tag(&fresh))).await;
    assert!(
        again.status == 304 && names.contains(&"Query".to_owned()),
        "{names:?}"
    );

    app.step_clock(0, SETTLED);
    let (settled, names, _) = cost(&app, known(&list, &tag(&fresh))).await;
    assert!(
        settled.status == 304 && names.contains(&"Query".to_owned()),
        "{names:?}"
    );
    // The `304` has the tag to ask with from now on.
    let (cheap, names, units) = cost(&app, known(&list, &tag(&settled))).await;
    assert_eq!((cheap.status, tag(&cheap)), (304, tag(&settled)));
    assert_eq!(
        (names, units),
        (vec!["GetItem".to_owned(), "UpdateItem".to_owned()], 1.0)
    );

    app.step_clock(0, SETTLED + TEN_MINUTES + 1);
    list.clone().await_status(200).await;
    let (late, names, _) = cost(&app, known(&list, &tag(&settled))).await;
    assert!(
        late.status == 304 && names.contains(&"Query".to_owned()),
        "{names:?}"
    );
}

#[tokio::test]
async fn the_tag_of_another_list_is_no_tag_of_this_one() {
    let app = App::start().await;
    let token = app.token("acc_a");
    app.new_ticket("acc_a").await;
    app.step_clock(0, SETTLED);
    let list = |query: &str| {
        app.call("GET", "/api/v1/tickets")
            .query(query)
            .bearer(&token)
    };
    let whole = list("").await_status(200).await;
    for query in [
        "status=open",
        "limit=7",
        "q=order",
        "tag=old",
        "assignee=me",
    ] {
        let other = known(&list(query), &tag(&whole)).await;
        assert_eq!(other.status, 200, "{query}");
        let other = known(&list(""), &tag(&other)).await;
        assert_eq!(other.status, 200, "{query}");
    }
    // `me` is somebody else for somebody else.
    let mine = list("assignee=me").await_status(200).await;
    let other = app
        .issuer
        .token(&json!({ "sub": "usr_2", "accountId": "acc_a" }));
    let theirs = app
        .call("GET", "/api/v1/tickets")
        .query("assignee=me")
        .bearer(&other);
    assert_eq!(known(&theirs, &tag(&mine)).await.status, 200);
    // So is another workspace.
    let other = app
        .call("GET", "/api/v1/tickets")
        .bearer(&app.token("acc_b"));
    assert_eq!(known(&other, &tag(&whole)).await.status, 200);
}
