//! Tickets: create, read and reply (Tickets in openapi.yaml).

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::app::{
    App, Call,
    resources::{text, ticket},
};

impl App {
    pub fn create_ticket(&self, body: &Value) -> Call<'_> {
        self.call("POST", "/api/v1/tickets").json(body)
    }

    pub fn ticket(&self, id: &str) -> Call<'_> {
        self.call("GET", &format!("/api/v1/tickets/{id}"))
    }

    pub fn reply(&self, id: &str, body: &Value) -> Call<'_> {
        self.call("POST", &format!("/api/v1/tickets/{id}/messages"))
            .json(body)
    }

    pub fn update(&self, id: &str, body: &Value) -> Call<'_> {
        self.call("PATCH", &format!("/api/v1/tickets/{id}"))
            .json(body)
    }

    pub fn tags(&self) -> Call<'_> {
        self.call("GET", "/api/v1/tickets/tags")
    }

    /// The type and the data of each event of the workspace's tickets, in the order in which they happened.
    fn events(&self, workspace: &str) -> Vec<(String, Value)> {
        let items = self.items().into_iter();
        let mut events: Vec<_> = items
            .filter(|item| item["pk"]["S"] == format!("ACC#{workspace}#EVENTS"))
            .filter(|item| {
                item["type"]["S"]
                    .as_str()
                    .unwrap()
                    .starts_with("suppuo.ticket.")
            })
            .collect();
        events.sort_by_key(|item| item["sk"]["S"].as_str().unwrap().to_owned());
        let kind = |item: &Value| item["type"]["S"].as_str().unwrap().to_owned();
        events
            .iter()
            .map(|item| {
                assert!(item["sk"]["S"].as_str().unwrap().starts_with("evt_"));
                assert_eq!(item["accountId"]["S"], workspace);
                let number = |name: &str| item[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
                assert!(number("expiresAt") * 1000 > number("occurredAt"));
                let data = item["data"]["S"].as_str().unwrap();
                (kind(item), serde_json::from_str(data).unwrap())
            })
            .collect()
    }
}

/// The names of an object's fields, sorted.
fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a story is told in one piece")]
async fn a_ticket_is_created_answered_updated_and_read() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let agent = app.token("acc_a");
    let body = json!({
        "subject": "  Order question ", "body": " Where is it?\n", "requesterEmail": "kim@example.com",
        "requesterName": "Kim", "priority": "urgent", "channel": "email", "assigneeSub": "ignored",
    });
    let created = app
        .create_ticket(&body)
        .bearer(&key)
        .await_status(201)
        .await;
    let ticket = created.data().clone();
    assert_eq!(
        names(&ticket),
        [
            "accessToken",
            "accountId",
            "assigneeSub",
            "channel",
            "createdAt",
            "id",
            "lastMessageAt",
            "number",
            "priority",
            "requesterEmail",
            "requesterExternalId",
            "requesterName",
            "requesterPhone",
            "status",
            "subject",
            "tags",
            "updatedAt",
        ]
    );
    let id = text(&ticket, "id");
    assert!(id.starts_with("tkt_") && id.len() == 30);
    let expected = json!({
        "accountId": "acc_a", "number": 1, "subject": "Order question", "status": "open", "priority": "urgent",
        "channel": "email", "requesterEmail": "kim@example.com", "requesterName": "Kim", "requesterPhone": null,
        "requesterExternalId": null, "assigneeSub": null, "tags": [],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&ticket[name], value, "{name}");
    }

    // An agent's public reply makes the ticket pending; an internal note does not change the status.
    let answer = json!({ "body": "On it!", "authorName": "Ana" });
    let replied = app
        .reply(&id, &answer)
        .bearer(&agent)
        .await_status(201)
        .await;
    assert_eq!(names(replied.data()), ["message", "status"]);
    assert_eq!(replied.data()["status"], "pending");
    let message = &replied.data()["message"];
    assert_eq!(
        names(message),
        [
            "attachments",
            "authorName",
            "authorSub",
            "authorType",
            "body",
            "createdAt",
            "id",
            "isInternal",
            "ticketId",
        ]
    );
    assert!(text(message, "id").starts_with("tmsg_"));
    assert_eq!(
        (
            &message["authorType"],
            &message["authorSub"],
            &message["authorName"],
            &message["ticketId"]
        ),
        (&json!("agent"), &json!("usr_1"), &json!("Ana"), &json!(id))
    );
    let note = json!({ "body": "VIP", "isInternal": true });
    let noted = app.reply(&id, &note).bearer(&key).await_status(201).await;
    assert_eq!(noted.data()["status"], "pending");
    assert_eq!(noted.data()["message"]["authorSub"], Value::Null);

    let changes = json!({
        "status": "resolved", "priority": "low", "assigneeSub": "usr_9", "tags": [" VIP ", "vip", "Ä"],
    });
    let updated = app
        .update(&id, &changes)
        .bearer(&key)
        .await_status(200)
        .await;
    assert_eq!(names(updated.data()), names(&ticket));
    for (name, value) in [
        ("status", json!("resolved")),
        ("priority", json!("low")),
        ("assigneeSub", json!("usr_9")),
        ("tags", json!(["vip", "ä"])),
    ] {
        assert_eq!(updated.data()[name], value);
    }

    let got = app.ticket(&id).bearer(&key).await_status(200).await;
    let messages = got.data()["messages"].as_array().unwrap();
    let thread: Vec<_> = messages
        .iter()
        .map(|m| {
            (
                m["body"].as_str().unwrap(),
                m["isInternal"].as_bool().unwrap(),
            )
        })
        .collect();
    // A message's body is not trimmed.
    assert_eq!(
        thread,
        [(" Where is it?\n", false), ("On it!", false), ("VIP", true)]
    );
    assert_eq!(
        (&messages[0]["authorType"], &messages[0]["authorName"]),
        (&json!("requester"), &json!("Kim"))
    );
    assert_eq!(got.data()["lastMessageAt"], messages[2]["createdAt"]);
    assert!(text(got.data(), "updatedAt") >= text(got.data(), "lastMessageAt"));
    assert_eq!(got.data()["accessToken"], ticket["accessToken"]);

    let kinds: Vec<_> = app.events("acc_a");
    let of = |n: usize| text(&messages[n], "id");
    let kind = |name: &str| format!("suppuo.ticket.{name}.v1");
    assert_eq!(kinds.len(), 5);
    let created =
        json!({ "ticketId": id, "number": 1, "subject": "Order question", "channel": "email" });
    assert!(kinds.contains(&(kind("created"), created)));
    for (number, internal) in [(1, false), (2, true)] {
        let replied = json!({ "ticketId": id, "messageId": of(number), "isInternal": internal, "by": "agent" });
        assert!(kinds.contains(&(kind("replied"), replied)));
    }
    for (from, to) in [("open", "pending"), ("pending", "resolved")] {
        let moved = json!({ "ticketId": id, "from": from, "to": to });
        assert!(kinds.contains(&(kind("status_changed"), moved)));
    }
}

#[tokio::test]
async fn missing_fields_get_defaults() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let created = app
        .create_ticket(&ticket("x"))
        .bearer(&token)
        .await_status(201)
        .await;
    let of = |name: &str| created.data()[name].clone();
    assert_eq!(
        (of("priority"), of("channel")),
        (json!("normal"), json!("whatsapp"))
    );
    assert_eq!((of("requesterName"), of("tags")), (Value::Null, json!([])));
    // An unknown priority counts as `normal`.
    for priority in [json!("asap"), json!(7), Value::Null] {
        let mut body = ticket("x");
        body["priority"] = priority;
        let created = app
            .create_ticket(&body)
            .bearer(&token)
            .await_status(201)
            .await;
        assert_eq!(created.data()["priority"], "normal");
    }
}

#[tokio::test]
async fn concurrent_creations_get_distinct_numbers_without_gaps() {
    let app = App::builder().instances(4).start().await;
    let token = app.token("acc_a");
    app.list().bearer(&token).await_status(200).await;
    let creations = (0..40).map(|n| {
        app.create_ticket(&ticket("x"))
            .bearer(&token)
            .on(n % 4)
            .send()
    });
    let answers = join_all(creations).await;
    let numbers: BTreeSet<_> = answers
        .iter()
        .map(|answer| answer.data()["number"].as_u64().expect("a number"))
        .collect();
    assert_eq!(numbers, (1..=40).collect());
    let other = app.create_ticket(&ticket("x")).bearer(&app.token("acc_b"));
    assert_eq!(other.await_status(201).await.data()["number"], 1);
}

#[tokio::test]
async fn concurrent_replies_are_all_kept_in_one_order() {
    let app = App::builder().instances(4).start().await;
    // The order does not depend on clocks that agree.
    for (instance, millis) in [(1, -70_000), (2, 40_000), (3, 5)] {
        app.step_clock(instance, millis);
    }
    let id = text(&app.new_ticket("acc_a").await, "id");
    let token = app.token("acc_a");
    let replies = (0..20).map(|n| {
        let body = json!({ "body": format!("{n}") });
        app.reply(&id, &body).bearer(&token).on(n % 4).send()
    });
    for answer in join_all(replies).await {
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let got = app.ticket(&id).bearer(&token).await_status(200).await;
    let messages = got.data()["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 21);
    let times: Vec<_> = messages.iter().map(|m| text(m, "createdAt")).collect();
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    assert_eq!(got.data()["lastMessageAt"], times[20]);
}

#[tokio::test]
async fn a_thread_is_read_whole_and_cannot_outgrow_a_response() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let id = text(&app.new_ticket("acc_a").await, "id");
    // Each message has 80 KB: 20,000 characters of four bytes.
    let body = json!({ "body": "𝒳".repeat(20_000) });
    let mut written = 0;
    let refused = loop {
        let answer = app.reply(&id, &body).bearer(&token).send().await;
        if answer.status != 201 {
            break answer;
        }
        written += 1;
    };
    assert!(written > 60, "{written}");
    assert_eq!((refused.status, refused.code()), (409, "CONFLICT"));
    drop(app.operations());
    let got = app.ticket(&id).bearer(&token).await_status(200).await;
    assert_eq!(
        got.data()["messages"].as_array().unwrap().len(),
        written + 1
    );
    // 5 MB are at least five pages of 1 MB; the other request counts the call.
    assert!((5..9).contains(&app.operations().len()));
}

#[tokio::test]
async fn each_call_makes_the_expected_table_requests() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let id = text(&app.new_ticket("acc_a").await, "id");
    app.list().bearer(&key).await_status(200).await;
    drop(app.operations());
    let reply = json!({ "body": "x" });
    let cases = [
        (app.ticket(&id), vec!["UpdateItem", "Query"]),
        (app.tags(), vec!["UpdateItem", "Query"]),
        (
            app.reply(&id, &reply),
            vec!["UpdateItem", "GetItem", "TransactWriteItems"],
        ),
        (
            app.create_ticket(&ticket("x")),
            vec!["UpdateItem", "GetItem", "TransactWriteItems"],
        ),
        (
            app.update(&id, &json!({ "status": "closed" })),
            vec!["UpdateItem", "GetItem", "TransactWriteItems"],
        ),
    ];
    for (call, expected) in cases {
        call.bearer(&key).send().await;
        let names: Vec<_> = app
            .operations()
            .into_iter()
            .map(|operation| operation.name)
            .collect();
        assert_eq!(names, expected);
    }
}
