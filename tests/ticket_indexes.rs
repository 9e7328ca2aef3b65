//! The indexes of tickets: what a write of a ticket costs in them, and the steps by which an existing table gets the
//! new ones ("Indexes of tickets" in docs/operations.md).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    app::{App, TEMPLATE, resources::text},
    ticket_list::ids,
};

#[tokio::test]
async fn a_ticket_costs_a_unit_in_each_index_and_two_where_its_place_changes() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    // The key's first call opens its window, with a transaction of its own.
    app.list().bearer(&key).await_status(200).await;
    let new = json!({ "subject": "Where is my order?", "body": "x", "requesterEmail": "kim@example.com" });
    let cost = async |method: &str, path: &str, body: Value, status: u16| {
        drop(app.operations());
        let call = app.call(method, path).json(&body).bearer(&key);
        let answer = call.await_status(status).await;
        let operations = app.operations();
        let writes = operations
            .iter()
            .filter(|one| one.name == "TransactWriteItems");
        let units: f64 = writes.map(|one| one.units).sum();
        (answer, units.to_string())
    };
    let (created, units) = cost("POST", "/api/v1/tickets", new, 201).await;
    let ticket = format!("/api/v1/tickets/{}", text(created.data(), "id"));
    let messages = format!("{ticket}/messages");
    // Workspace, ticket, message, token and event, at two each.
    assert_eq!(units, (10 + 2).to_string());
    for (method, path, body, status, in_transaction, in_indexes) in [
        // Ticket, message, workspace, event, and for the status another event.
        ("POST", &messages, json!({ "body": "x" }), 201, 10, 4),
        ("POST", &messages, json!({ "body": "x" }), 201, 8, 4),
        ("PATCH", &ticket, json!({ "priority": "high" }), 200, 4, 2),
        // Only in the index by status has the ticket another place.
        ("PATCH", &ticket, json!({ "status": "closed" }), 200, 6, 3),
    ] {
        let what = format!("{method} {body}");
        let (_, units) = cost(method, path, body, status).await;
        assert_eq!(units, (in_transaction + in_indexes).to_string(), "{what}");
    }
}

#[tokio::test]
async fn the_indexes_hold_tickets_and_nothing_else() {
    let app = App::start().await;
    app.new_delivery("acc_a").await;
    app.new_ticket("acc_a").await;
    let indexes = TEMPLATE.table("t").unwrap().0["GlobalSecondaryIndexes"].clone();
    let keys = indexes.as_array().unwrap().iter().map(|index| {
        let key = index["KeySchema"].as_array().unwrap().iter();
        let key = key.map(|part| part["AttributeName"].as_str().unwrap().to_owned());
        (
            index["IndexName"].as_str().unwrap(),
            key.collect::<Vec<_>>(),
        )
    });
    let keys: BTreeMap<_, _> = keys.collect();
    assert_eq!(
        keys.keys().collect::<Vec<_>>(),
        [&"Inbox", &"InboxByStatus"]
    );
    let items = app.items();
    assert!(items.iter().any(|item| item["sk"]["S"] == "TICKET"));
    for item in items {
        for key in keys.values() {
            let is_in = key.iter().all(|name| item.get(name).is_some());
            assert_eq!(is_in, item["sk"]["S"] == "TICKET", "{item}");
        }
    }
}

/// What people ask a list for.
const QUERIES: [&str; 6] = [
    "",
    "status=open",
    "status=closed",
    "tag=vip",
    "status=open&tag=vip",
    "q=invoice",
];

/// A table on its way from one step to the next, or back: the functions of both steps list the same, whether or not
/// the table has changed.
#[tokio::test]
async fn no_step_of_the_indexes_fails_or_loses_a_ticket() {
    let app = App::start().await;
    let agent = app.token("acc_a");
    // Two made and two deleted.
    assert_eq!(app.go_to_ticket_indexes("0"), 4);
    let mut functions = BTreeMap::new();
    for step in 0..=4 {
        let of_step = app.sibling().setting("TICKET_INDEXES", step).start().await;
        functions.insert(step, of_step);
    }
    let mut tickets: Vec<(String, Value)> = Vec::new();
    for [from, to] in [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 3],
        [3, 2],
        [2, 1],
        [1, 0],
    ] {
        for has_changed in [false, true] {
            if has_changed {
                assert_eq!(
                    app.go_to_ticket_indexes(&to.to_string()),
                    1,
                    "{from} to {to}"
                );
            }
            let number = tickets.len();
            let id = app.new_invoice(number).await;
            let shown = app
                .call("GET", &format!("/api/v1/tickets/{id}"))
                .bearer(&agent);
            let mut shown = shown.await_status(200).await.data().clone();
            shown.as_object_mut().unwrap().remove("messages");
            tickets.insert(0, (id, shown));
            for step in [from, to] {
                for query in QUERIES {
                    let list = functions[&step].tickets(query).bearer(&agent);
                    let page = list.await_status(200).await;
                    let expected = tickets.iter().filter(|(_, ticket)| matches(query, ticket));
                    let expected: Vec<_> = expected.map(|(_, ticket)| ticket.clone()).collect();
                    let what = format!("{from} to {to}, {has_changed}: step {step}, {query}");
                    assert_eq!(page.data()["tickets"], json!(expected), "{what}");
                    assert_eq!(ids(&page).len(), expected.len(), "{what}");
                }
            }
        }
    }
}

fn matches(query: &str, ticket: &Value) -> bool {
    let is = |status: &str| ticket["status"] == status;
    (!query.contains("status=open") || is("open"))
        && (!query.contains("status=closed") || is("closed"))
        && (!query.contains("tag=vip") || ticket["tags"] == json!(["vip"]))
}

impl App {
    /// Creates a ticket. Every other one is closed, and every third one has a tag.
    async fn new_invoice(&self, number: usize) -> String {
        let agent = self.token("acc_a");
        let new = json!({
            "subject": format!("Number {number}"), "body": "The invoice is wrong", "requesterEmail": "kim@example.com",
        });
        let create = self.call("POST", "/api/v1/tickets").json(&new);
        let id = text(create.bearer(&agent).await_status(201).await.data(), "id");
        let mut changes = json!({ "priority": "low" });
        if number % 2 == 1 {
            changes["status"] = "closed".into();
        }
        if number.is_multiple_of(3) {
            changes["tags"] = json!(["vip"]);
        }
        let change = self
            .call("PATCH", &format!("/api/v1/tickets/{id}"))
            .json(&changes);
        change.bearer(&agent).await_status(200).await;
        id
    }
}
