//! Lists of tickets: order, filters, search and counts (Tickets in openapi.yaml).

use serde_json::{Value, json};

use crate::app::{
    App, Call,
    resources::{text, ticket},
    response::Response,
};

impl App {
    fn tickets(&self, query: &str) -> Call<'_> {
        self.call("GET", "/api/v1/tickets").query(query)
    }
}

/// An app with a workspace, and the credential of an agent in it.
struct Desk {
    app: App,
    agent: String,
}

impl Desk {
    async fn open() -> Self {
        let app = App::start().await;
        let agent = app.token("acc_a");
        Self { app, agent }
    }

    /// Creates a ticket, and updates it if there are changes.
    async fn ticket(&self, body: Value, changes: Value) -> String {
        let mut new = ticket("x");
        new.as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        let create = self.app.call("POST", "/api/v1/tickets").json(&new);
        let id = text(
            create.bearer(&self.agent).await_status(201).await.data(),
            "id",
        );
        if changes != json!({}) {
            let update = self
                .app
                .call("PATCH", &format!("/api/v1/tickets/{id}"))
                .json(&changes);
            update.bearer(&self.agent).await_status(200).await;
        }
        id
    }

    async fn reply(&self, id: &str, body: &str) {
        let reply = self
            .app
            .call("POST", &format!("/api/v1/tickets/{id}/messages"));
        let reply = reply.json(&json!({ "body": body, "isInternal": true }));
        reply.bearer(&self.agent).await_status(201).await;
    }

    async fn list(&self, query: &str) -> Response {
        self.app
            .tickets(query)
            .bearer(&self.agent)
            .await_status(200)
            .await
    }

    /// The ids of a list that is one page.
    async fn ids(&self, query: &str) -> Vec<String> {
        let page = self.list(query).await;
        assert_eq!(
            (&page.data()["cursor"], &page.data()["hasMore"]),
            (&Value::Null, &json!(false))
        );
        ids(&page)
    }

    async fn refused(&self, query: &str) -> Response {
        let refused = self
            .app
            .tickets(query)
            .bearer(&self.agent)
            .await_status(400)
            .await;
        assert_eq!(refused.code(), "VALIDATION_ERROR");
        refused
    }
}

fn ids(page: &Response) -> Vec<String> {
    let tickets = page.data()["tickets"].as_array().unwrap();
    tickets.iter().map(|ticket| text(ticket, "id")).collect()
}

#[tokio::test]
async fn tickets_are_ordered_by_their_last_message() {
    let desk = Desk::open().await;
    let one = desk.ticket(json!({}), json!({})).await;
    let two = desk.ticket(json!({}), json!({})).await;
    let three = desk.ticket(json!({}), json!({})).await;
    assert_eq!(desk.ids("").await, [&*three, &two, &one]);
    desk.reply(&one, "x").await;
    assert_eq!(desk.ids("").await, [&*one, &three, &two]);
    // An update without a message does not change the order.
    let update = desk.app.call("PATCH", &format!("/api/v1/tickets/{two}"));
    let update = update.json(&json!({ "priority": "high" }));
    update.bearer(&desk.agent).await_status(200).await;
    assert_eq!(desk.ids("status=all").await, [&*one, &three, &two]);
}

#[tokio::test]
async fn a_listed_ticket_has_all_fields_but_its_messages() {
    let desk = Desk::open().await;
    let id = desk
        .ticket(json!({ "requesterName": "Kim" }), json!({ "tags": ["a"] }))
        .await;
    let got = desk.app.call("GET", &format!("/api/v1/tickets/{id}"));
    let mut ticket = got
        .bearer(&desk.agent)
        .await_status(200)
        .await
        .data()
        .clone();
    ticket.as_object_mut().unwrap().remove("messages");
    assert_eq!(desk.list("").await.data()["tickets"], json!([ticket]));
}

#[tokio::test]
async fn filters_combine() {
    let desk = Desk::open().await;
    let a = desk
        .ticket(
            json!({ "channel": "web", "priority": "high" }),
            json!({ "tags": ["vip", "Cafe\u{301}"] }),
        )
        .await;
    let b = desk
        .ticket(
            json!({ "channel": "email", "priority": "high" }),
            json!({ "assigneeSub": "usr_1" }),
        )
        .await;
    let c = desk
        .ticket(
            json!({ "channel": "web", "priority": "low" }),
            json!({ "tags": ["vip"], "assigneeSub": "usr_2", "status": "closed" }),
        )
        .await;
    for (query, expected) in [
        ("status=open", vec![&b, &a]),
        ("status=closed", vec![&c]),
        ("status=pending", vec![]),
        ("status=all", vec![&c, &b, &a]),
        ("assignee=me", vec![&b]),
        ("assignee=usr_2", vec![&c]),
        ("assignee=unassigned", vec![&a]),
        ("tag=vip", vec![&c, &a]),
        ("tag=%20VIP", vec![&c, &a]),
        ("tag=vi%00p", vec![&c, &a]),
        // Composed and decomposed.
        ("tag=CAF%C3%89", vec![&a]),
        ("tag=cafe%CC%81", vec![&a]),
        ("tag=vi", vec![]),
        ("channel=web", vec![&c, &a]),
        ("channel=telegram", vec![]),
        ("priority=high", vec![&b, &a]),
        ("priority=high&channel=web", vec![&a]),
        (
            "status=closed&tag=vip&assignee=usr_2&channel=web&priority=low&q=x",
            vec![&c],
        ),
        ("status=open&tag=vip&assignee=usr_2", vec![]),
        (
            "status=&assignee=&tag=&channel=&priority=&q=&limit=&cursor=",
            vec![&c, &b, &a],
        ),
        ("unknown=1", vec![&c, &b, &a]),
    ] {
        assert_eq!(
            desk.ids(query).await.iter().collect::<Vec<_>>(),
            expected,
            "{query}"
        );
    }
    // An API key is no person, and so has no assigned tickets.
    let (_, key) = desk.app.new_key("acc_a").await;
    let page = desk
        .app
        .tickets("assignee=me")
        .bearer(&key)
        .await_status(200)
        .await;
    assert_eq!(
        page.data(),
        &json!({
            "tickets": [], "cursor": null, "hasMore": false,
            "counts": { "open": 2, "pending": 0, "resolved": 0, "closed": 1 },
        })
    );
}

#[tokio::test]
async fn a_search_finds_text_in_every_searched_field() {
    let desk = Desk::open().await;
    let subject = desk
        .ticket(json!({ "subject": "Where is my ÜBERGRÖSSE?" }), json!({}))
        .await;
    let email = desk
        .ticket(
            json!({ "requesterEmail": "Kim.Lee@example.com" }),
            json!({}),
        )
        .await;
    let name = desk
        .ticket(json!({ "requesterName": "Ana O'Hara" }), json!({}))
        .await;
    let body = desk
        .ticket(json!({ "body": "The parcel\nwas 100% WET." }), json!({}))
        .await;
    let reply = desk.ticket(json!({}), json!({})).await;
    desk.reply(&reply, "refunded as #4711").await;
    // Sigma has two small letters, one of them for the end of a word, and one capital.
    let greek = desk
        .ticket(json!({ "subject": "ΟΔΟΣΑ οδος" }), json!({}))
        .await;
    for (query, expected) in [
        // Composed and decomposed.
        ("q=%C3%BCbergr%C3%B6sse", vec![&subject]),
        ("q=u%CC%88bergro%CC%88sse", vec![&subject]),
        ("q=%20kim%0B.lee%0B", vec![]),
        ("q=%20kim.lee%0B", vec![&email]),
        ("q=kim.lee", vec![&email]),
        ("q=o%27hara", vec![&name]),
        ("q=100%25+wet", vec![&body]),
        ("q=%234711", vec![&reply]),
        ("q=%CE%BF%CE%B4%CE%BF%CF%83", vec![&greek]),
        ("q=%CE%9F%CE%94%CE%9F%CE%A3", vec![&greek]),
        (
            "q=EXAMPLE.COM",
            vec![&greek, &reply, &body, &name, &email, &subject],
        ),
        ("q=nowhere+to+be+found", vec![]),
        // The search does not look into ids or field names.
        ("q=tmsg_", vec![]),
    ] {
        assert_eq!(
            desk.ids(query).await.iter().collect::<Vec<_>>(),
            expected,
            "{query}"
        );
    }
    desk.refused(&format!("q={}", "x".repeat(201))).await;
    assert_eq!(
        desk.ids(&format!("q={}", "%C3%BC".repeat(200))).await,
        [""; 0]
    );
}

#[tokio::test]
async fn the_pages_of_a_list_return_each_ticket_once() {
    let desk = Desk::open().await;
    let mut all = Vec::new();
    for number in 0..7 {
        let changes = if number % 2 == 0 {
            json!({ "tags": ["even"] })
        } else {
            json!({})
        };
        all.insert(0, desk.ticket(json!({}), changes).await);
    }
    let even: Vec<_> = all.iter().step_by(2).cloned().collect();
    for (query, expected) in [
        ("", &all),
        ("status=open", &all),
        ("tag=even", &even),
        ("q=where", &all),
    ] {
        for limit in 1..=8 {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = desk
                    .list(&format!("{query}&limit={limit}&cursor={cursor}"))
                    .await;
                assert!(ids(&page).len() <= limit);
                seen.extend(ids(&page));
                match page.data()["cursor"].as_str() {
                    Some(next) => next.clone_into(&mut cursor),
                    None => break assert_eq!(page.data()["hasMore"], false),
                }
                assert_eq!(page.data()["hasMore"], true);
                // Without a filter, every page but the last is full.
                assert!(!query.is_empty() || ids(&page).len() == limit);
            }
            assert_eq!(seen, *expected, "{query} by {limit}");
        }
    }
    let last = desk.list("limit=7").await;
    assert_eq!(
        last.data()["hasMore"],
        false,
        "no page follows a last one that is full"
    );
}

#[tokio::test]
async fn a_cursor_is_valid_only_for_its_own_list_and_workspace() {
    let desk = Desk::open().await;
    for _ in 0..3 {
        desk.ticket(json!({ "channel": "web" }), json!({})).await;
    }
    let cursor = |page: &Response| page.data()["cursor"].as_str().unwrap().to_owned();
    let page = desk.list("channel=web&limit=1").await;
    let good = cursor(&page);
    let next = desk
        .list(&format!("channel=web&limit=1&cursor={good}"))
        .await;
    // A cursor without filters continues with the filters that it carries.
    let alone = desk.list(&format!("limit=1&cursor={good}")).await;
    assert_eq!(next.data()["tickets"], alone.data()["tickets"]);
    assert_eq!(ids(&desk.list(&format!("cursor={good}")).await).len(), 2);

    for other in [
        "status=open",
        "status=all",
        "channel=email",
        "channel=web&q=x",
    ] {
        let refused = desk.refused(&format!("{other}&cursor={good}")).await;
        assert_eq!(refused.param(), Some("cursor"));
    }
    let mut changed = good.clone().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    for wrong in [
        "x",
        "eyJ9",
        &changed,
        &good[..good.len() - 1],
        &format!("{good}A"),
    ] {
        assert_eq!(
            desk.refused(&format!("cursor={wrong}")).await.param(),
            Some("cursor")
        );
    }
    let foreign = desk.app.tickets(&format!("channel=web&cursor={good}"));
    let foreign = foreign
        .bearer(&desk.app.token("acc_b"))
        .await_status(400)
        .await;
    assert_eq!(foreign.param(), Some("cursor"));
}

#[tokio::test]
async fn an_error_names_the_invalid_query_parameter() {
    let desk = Desk::open().await;
    for (query, param) in [
        ("status=new", "status"),
        ("status=Open", "status"),
        ("channel=fax", "channel"),
        ("priority=asap", "priority"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1&limit=2", "limit"),
        ("status=open&status=closed", "status"),
        ("q=a&q=b", "q"),
        (&format!("tag={}", "x".repeat(41)), "tag"),
        (&format!("assignee={}", "x".repeat(256)), "assignee"),
        ("cursor=x&cursor=y", "cursor"),
    ] {
        assert_eq!(desk.refused(query).await.param(), Some(param), "{query}");
    }
}

#[tokio::test]
async fn counts_cover_the_whole_workspace_under_any_filter() {
    let desk = Desk::open().await;
    assert_eq!(
        desk.list("").await.data()["counts"],
        json!({ "open": 0, "pending": 0, "resolved": 0, "closed": 0 })
    );
    for status in ["pending", "resolved", "resolved", "closed"] {
        desk.ticket(json!({}), json!({ "status": status })).await;
    }
    desk.ticket(json!({}), json!({})).await;
    for query in ["", "status=closed", "q=nothing", "limit=1"] {
        let counts = desk.list(query).await.data()["counts"].clone();
        assert_eq!(
            counts,
            json!({ "open": 1, "pending": 1, "resolved": 2, "closed": 1 }),
            "{query}"
        );
    }
    let other = desk
        .app
        .tickets("")
        .bearer(&desk.app.token("acc_b"))
        .await_status(200)
        .await;
    assert_eq!(other.data()["counts"]["open"], 0);
    assert_eq!(ids(&other), [""; 0]);
}

/// A filter that matches few tickets still reads a bounded number of items for each page.
#[tokio::test]
async fn a_list_reads_in_proportion_to_what_it_returns() {
    let desk = Desk::open().await;
    let (_, key) = desk.app.new_key("acc_a").await;
    let create = desk
        .app
        .call("POST", "/api/v1/tickets")
        .json(&ticket("x"))
        .bearer(&key);
    for _ in 0..300 {
        create.clone().await_status(201).await;
    }
    let read = async |query: &str| {
        drop(desk.app.operations());
        let page = desk.app.tickets(query).bearer(&key).await_status(200).await;
        let mut names: Vec<_> = desk
            .app
            .operations()
            .into_iter()
            .map(|operation| operation.name)
            .collect();
        names.sort();
        (page, names)
    };
    for query in ["limit=100", "status=open&limit=100"] {
        let (page, names) = read(query).await;
        assert_eq!(ids(&page).len(), 100);
        assert_eq!(
            names,
            ["BatchGetItem", "GetItem", "Query", "UpdateItem"],
            "{query}"
        );
    }
    // The function reads the 300 entries in pages of 100 and 200, and one more page to see that there are no more.
    let (_, names) = read("tag=none").await;
    assert!(names.len() <= 5, "{names:?}");
    // A search reads messages until its budget is spent; the next page continues from there.
    let (page, names) = read("q=nothing").await;
    assert!(names.len() < 300, "{}", names.len());
    assert_eq!(
        (ids(&page).len(), &page.data()["hasMore"]),
        (0, &json!(true))
    );
    let rest = desk
        .list(&format!(
            "cursor={}",
            page.data()["cursor"].as_str().unwrap()
        ))
        .await;
    assert_eq!(rest.data()["hasMore"], false);
}
