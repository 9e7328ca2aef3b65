//! Lists of tickets: order, filters, search and counts (Tickets in openapi.yaml).

use serde_json::{Value, json};

use crate::app::{
    App, Call,
    resources::{text, ticket},
    response::Response,
};

impl App {
    pub fn tickets(&self, query: &str) -> Call<'_> {
        self.call("GET", "/api/v1/tickets").query(query)
    }
}

/// An app with a workspace, and the credential of an agent in it.
pub struct Desk {
    pub app: App,
    agent: String,
}

impl Desk {
    pub async fn open() -> Self {
        let app = App::start().await;
        let agent = app.token("acc_a");
        Self { app, agent }
    }

    /// Creates a ticket, and updates it if there are changes.
    pub async fn ticket(&self, body: Value, changes: Value) -> String {
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

    pub async fn reply(&self, id: &str, body: &str) {
        let reply = self
            .app
            .call("POST", &format!("/api/v1/tickets/{id}/messages"));
        let reply = reply.json(&json!({ "body": body, "isInternal": true }));
        reply.bearer(&self.agent).await_status(201).await;
    }

    pub async fn list(&self, query: &str) -> Response {
        self.app
            .tickets(query)
            .bearer(&self.agent)
            .await_status(200)
            .await
    }

    /// The ids of a list that is one page.
    pub async fn ids(&self, query: &str) -> Vec<String> {
        let page = self.list(query).await;
        assert_eq!(
            (&page.data()["cursor"], &page.data()["hasMore"]),
            (&Value::Null, &json!(false))
        );
        ids(&page)
    }

    pub async fn refused(&self, query: &str) -> Response {
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

pub fn ids(page: &Response) -> Vec<String> {
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
