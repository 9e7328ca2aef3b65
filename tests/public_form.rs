//! The public form: a customer without a login submits a ticket, views it, and answers (Public form in openapi.yaml).

use serde_json::{Value, json};

use crate::app::{App, Call, resources::text};

impl App {
    /// `POST /api/v1/public/tickets`.
    pub fn submit(&self, body: &Value) -> Call<'_> {
        self.call("POST", "/api/v1/public/tickets").json(body)
    }

    pub fn view(&self, token: &str) -> Call<'_> {
        self.call("GET", &format!("/api/v1/public/tickets/{token}"))
    }

    fn answer(&self, token: &str, body: &str) -> Call<'_> {
        self.call("POST", &format!("/api/v1/public/tickets/{token}/messages"))
            .json(&json!({ "body": body }))
    }
}

/// A valid form for this workspace.
pub fn form(workspace: &str) -> Value {
    json!({
        "accountId": workspace, "subject": "Order question", "body": "Where is it?", "email": "kim@example.com",
        "name": "Kim",
    })
}

#[tokio::test]
async fn a_customer_submits_views_and_answers_a_ticket() {
    let app = App::start().await;
    let agent = app.token("acc_a");
    app.list().bearer(&agent).await_status(200).await;
    let submitted = app.submit(&form("acc_a")).await_status(201).await;
    let mut names: Vec<_> = submitted.data().as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["accessToken", "number"]);
    assert_eq!(submitted.data()["number"], 1);
    let token = text(submitted.data(), "accessToken");

    let listed = app
        .call("GET", "/api/v1/tickets")
        .bearer(&agent)
        .await_status(200)
        .await;
    let ticket = &listed.data()["tickets"][0];
    let of = |name: &str| ticket[name].clone();
    assert_eq!(
        (of("channel"), of("status"), of("priority")),
        (json!("web"), json!("open"), json!("normal"))
    );
    assert_eq!(
        (of("requesterEmail"), of("requesterName")),
        (json!("kim@example.com"), json!("Kim"))
    );
    assert_eq!(of("accessToken"), json!(token));

    let id = text(ticket, "id");
    for (body, internal) in [("On it!", false), ("He is nice.", true)] {
        let reply = app.call("POST", &format!("/api/v1/tickets/{id}/messages"));
        let reply =
            reply.json(&json!({ "body": body, "isInternal": internal, "authorName": "Ana" }));
        reply.bearer(&agent).await_status(201).await;
    }
    let view = app.view(&token).await_status(200).await;
    let messages = view.data()["messages"].as_array().unwrap();
    let shown: Vec<_> = messages
        .iter()
        .map(|m| (&m["authorType"], &m["authorName"], &m["body"]))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!("requester"), &json!("Kim"), &json!("Where is it?")),
            (&json!("agent"), &json!("Ana"), &json!("On it!")),
        ]
    );
    let answer = app.answer(&token, "Any update?").await_status(201).await;
    assert_eq!(answer.data()["status"], "open");
    let answers = app.view(&token).await_status(200).await;
    let last = answers.data()["messages"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (&last["id"], &last["authorName"]),
        (&answer.data()["id"], &json!("Kim"))
    );
    let mut names: Vec<_> = answer.data().as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["id", "status"]);
}

#[tokio::test]
async fn the_view_shows_only_what_the_customer_may_see() {
    let app = App::start().await;
    let ticket = app.new_ticket("acc_a").await;
    let view = app
        .view(&text(&ticket, "accessToken"))
        .await_status(200)
        .await;
    assert_eq!(
        view.data(),
        &json!({
            "number": 1, "subject": "Order question", "status": "open", "createdAt": ticket["createdAt"],
            "messages": [{
                "id": view.data()["messages"][0]["id"], "authorType": "requester", "authorName": null,
                "body": "Where is it?", "createdAt": ticket["createdAt"], "attachments": [],
            }],
        })
    );
    let shown = view.data().to_string();
    assert!(!shown.contains("acc_a") && !shown.contains("tkt_") && !shown.contains("usr_"));
}

#[tokio::test]
async fn a_customers_answer_opens_a_ticket_in_any_status() {
    let app = App::start().await;
    let ticket = app.new_ticket("acc_a").await;
    let token = text(&ticket, "accessToken");
    for status in ["open", "pending", "resolved", "closed"] {
        let update = app.call("PATCH", &format!("/api/v1/tickets/{}", text(&ticket, "id")));
        let update = update.json(&json!({ "status": status }));
        update.bearer(&app.token("acc_a")).await_status(200).await;
        assert_eq!(
            app.answer(&token, "x").await_status(201).await.data()["status"],
            "open"
        );
        assert_eq!(
            app.view(&token).await_status(200).await.data()["status"],
            "open"
        );
    }
}

#[tokio::test]
async fn an_unknown_ticket_token_is_not_found() {
    let app = App::start().await;
    let ticket = app.new_ticket("acc_a").await;
    let token = text(&ticket, "accessToken");
    let mistyped = format!(
        "{}{}",
        &token[..39],
        if token.ends_with('0') { '1' } else { '0' }
    );
    for wrong in [
        "x",
        &mistyped,
        &token.to_uppercase(),
        &text(&ticket, "id"),
        &format!("{token}0"),
        "%00",
        "a%2Fb",
    ] {
        // A token of digits alone does not change in upper case.
        if wrong != token {
            assert_eq!(
                app.view(wrong).await_status(404).await.code(),
                "NOT_FOUND",
                "{wrong}"
            );
            assert_eq!(
                app.answer(wrong, "x").await_status(404).await.code(),
                "NOT_FOUND"
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_workspace_takes_no_tickets() {
    let app = App::start().await;
    let before = app.items().len();
    for unknown in ["acc_a", "acc_", "nonsense", "", "acc_a#WORKSPACE"] {
        let refused = app.submit(&form(unknown)).await_status(400).await;
        assert_eq!(
            (refused.code(), refused.param()),
            ("VALIDATION_ERROR", Some("accountId"))
        );
    }
    // The only new item counts the calls.
    assert_eq!(app.items().len(), before + 1);
    // A call of somebody in the workspace makes it known.
    app.list()
        .bearer(&app.token("acc_a"))
        .await_status(200)
        .await;
    app.submit(&form("acc_a"))
        .from("198.51.100.1")
        .await_status(201)
        .await;
}

#[tokio::test]
async fn a_bot_gets_a_normal_response_and_creates_nothing() {
    let app = App::start().await;
    app.new_ticket("acc_a").await;
    let bot = |company: Value| {
        let mut form = form("acc_a");
        form["company"] = company;
        form
    };
    let kept = |app: &App| {
        app.items()
            .into_iter()
            .filter(|item| item["calls"].is_null())
            .count()
    };
    let before = kept(&app);
    let answered = app.submit(&bot(json!("ACME"))).await_status(201).await;
    assert_eq!(answered.data()["number"], 2);
    let token = text(answered.data(), "accessToken");
    assert_eq!(kept(&app), before);
    app.view(&token).await_status(404).await;
    // It counts as a submission, as a person's form does.
    assert_eq!(
        (
            answered.limit_header("limit"),
            answered.limit_header("remaining")
        ),
        (Some(5), Some(4))
    );
    let ticket = app.new_ticket("acc_a").await;
    let before = kept(&app);
    let path = format!(
        "/api/v1/public/tickets/{}/messages",
        text(&ticket, "accessToken")
    );
    let reply = app
        .call("POST", &path)
        .json(&json!({ "body": "Buy", "company": "ACME" }));
    let answered = reply.await_status(201).await;
    assert!(text(answered.data(), "id").starts_with("tmsg_"));
    assert_eq!(
        (&answered.data()["status"], kept(&app)),
        (&json!("open"), before)
    );
    // A bot cannot tell the difference: an invalid form is refused for bots as for people.
    let mut elsewhere = bot(json!("ACME"));
    elsewhere["accountId"] = "acc_unknown".into();
    app.submit(&elsewhere).await_status(400).await;

    for person in [Value::Null, json!("")] {
        app.submit(&bot(person))
            .from("198.51.100.1")
            .await_status(201)
            .await;
    }
    assert!(kept(&app) > before);
    let genuine = app
        .submit(&form("acc_a"))
        .from("198.51.100.2")
        .await_status(201)
        .await;
    assert_eq!(token.len(), text(genuine.data(), "accessToken").len());
}

/// Browsers that fill in forms, and libraries that send every field, leave values in a field that nobody sees.
#[tokio::test]
async fn only_visible_text_in_the_hidden_field_marks_a_bot() {
    let app = App::start().await;
    let ticket = app.new_ticket("acc_a").await;
    let token = text(&ticket, "accessToken");
    let messages = async || {
        let view = app.view(&token).from("198.51.100.200");
        let view = view.await_status(200).await;
        view.data()["messages"].as_array().unwrap().len()
    };
    let no_bots = [
        json!(null),
        json!(""),
        json!(" "),
        json!("\t\r\n\u{a0}\u{3000}"),
        json!("\u{200b}"),
        json!("\u{2060}\u{feff}\u{200e}\u{202e}\u{3164}\u{ad}"),
        json!("\u{0}\u{7f}\u{85}"),
        json!(false),
        json!(true),
        json!(0),
        json!(7.5),
        json!([]),
        json!({}),
        json!(["ACME"]),
        json!({ "name": "ACME" }),
    ];
    let bots = [
        json!("ACME"),
        json!("."),
        json!(" \u{200b}0 "),
        json!("false"),
    ];
    let (mut tickets, mut replies) = (1, messages().await);
    let values = no_bots.iter().map(|value| (value, false));
    let values = values.chain(bots.iter().map(|value| (value, true)));
    for (address, (value, by_a_bot)) in values.enumerate() {
        let from = format!("198.51.100.{address}");
        let mut form = form("acc_a");
        form["company"] = value.clone();
        let submitted = app.submit(&form).from(&from).await_status(201).await;
        // A bot gets the number that its ticket would have had.
        assert_eq!(submitted.data()["number"], tickets + 1, "{value}");
        tickets += i32::from(!by_a_bot);
        let path = format!("/api/v1/public/tickets/{token}/messages");
        let reply = json!({ "body": "Any update?", "company": value });
        let reply = app.call("POST", &path).json(&reply).from(&from);
        reply.await_status(201).await;
        replies += usize::from(!by_a_bot);
        assert_eq!(messages().await, replies, "{value}");
    }
}

#[tokio::test]
async fn the_ticket_token_is_stored_only_in_the_ticket() {
    let app = App::start().await;
    app.list()
        .bearer(&app.token("acc_a"))
        .await_status(200)
        .await;
    let submitted = app.submit(&form("acc_a")).await_status(201).await;
    let token = text(submitted.data(), "accessToken");
    app.view(&token).await_status(200).await;
    let holders: Vec<_> = app
        .items()
        .into_iter()
        .filter(|item| item.to_string().contains(&token))
        .collect();
    assert_eq!(holders.len(), 1);
    assert_eq!(holders[0]["sk"]["S"], "TICKET");
    // The log does not hold it.
    assert!(
        app.log()
            .iter()
            .all(|line| !line.contains(&token) && !line.contains("kim@example"))
    );
}

#[tokio::test]
async fn an_unreadable_signing_secret_is_a_500() {
    let app = App::builder()
        .setting("SIGNING_SECRET", "missing")
        .start()
        .await;
    let failed = app.view("x").await_status(500).await;
    assert_eq!(failed.code(), "INTERNAL_ERROR");
    assert!(
        app.log()
            .iter()
            .any(|line| line.contains("read the signing secret: "))
    );
    // Endpoints that need no secret work.
    app.new_ticket("acc_a").await;
}

#[tokio::test]
async fn the_signing_secret_is_read_once() {
    let app = App::start().await;
    for _ in 0..3 {
        app.view("x").await_status(404).await;
    }
    assert_eq!(app.secret_operations().len(), 1);
}
