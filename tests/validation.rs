//! Validation of bodies: for every field, each way to be invalid, with its message and its `param`.

use serde_json::{Value, json};

use crate::{
    app::{
        App,
        form::{CLEANED, Form, NO_TEXT, NOTHING},
        resources::{text, ticket},
    },
    public_form::form,
};

async fn app() -> App {
    let app = App::builder()
        .setting("PUBLIC_LIMIT", 1_000_000)
        .setting("SUBMISSIONS_IN_10_MINUTES", 1_000_000)
        .setting("SUBMISSIONS_IN_AN_HOUR", 1_000_000);
    app.start().await
}

#[tokio::test]
async fn the_fields_of_a_new_ticket_are_validated() {
    let app = app().await;
    let (_, key) = app.new_key("acc_a").await;
    let create = Form {
        call: app.call("POST", "/api/v1/tickets").bearer(&key),
        good: ticket("x"),
        lines: &[("subject", 300)],
        optional_lines: &[("requesterName", 200)],
        bodies: &[("body", 20_000)],
        emails: &["requesterEmail"],
    };
    create.check_all().await;
    let channels = "{} must be `web`, `email` or `whatsapp`.";
    let cases = [
        (json!("telegram"), channels),
        (json!("Web"), channels),
        (json!(7), channels),
    ];
    create.check("channel", &cases).await;
}

#[tokio::test]
async fn the_fields_of_a_reply_are_validated() {
    let app = app().await;
    let (_, key) = app.new_key("acc_a").await;
    let made = app.new_ticket("acc_a").await;
    let path = format!("/api/v1/tickets/{}/messages", text(&made, "id"));
    let reply = Form {
        call: app.call("POST", &path).bearer(&key),
        good: json!({ "body": "x" }),
        lines: &[],
        optional_lines: &[("authorName", 200)],
        bodies: &[("body", 20_000)],
        emails: &[],
    };
    reply.check_all().await;
    let flag = "{} must be true or false.";
    let cases = [(json!("true"), flag), (json!(1), flag), (json!({}), flag)];
    reply.check("isInternal", &cases).await;

    let public = format!(
        "/api/v1/public/tickets/{}/messages",
        text(&made, "accessToken")
    );
    let public = Form {
        call: app.call("POST", &public),
        optional_lines: &[],
        ..reply
    };
    public.check_all().await;
}

#[tokio::test]
async fn the_fields_of_a_ticket_update_are_validated() {
    let app = app().await;
    let (_, key) = app.new_key("acc_a").await;
    let id = text(&app.new_ticket("acc_a").await, "id");
    let update = Form {
        call: app
            .call("PATCH", &format!("/api/v1/tickets/{id}"))
            .bearer(&key),
        good: json!({ "status": "open" }),
        lines: &[],
        optional_lines: &[],
        bodies: &[],
        emails: &[],
    };
    let length = "{} must have at most 255 characters.";
    let subs = [
        (json!(7), NO_TEXT),
        (json!({}), NO_TEXT),
        (json!("𝒳".repeat(256)), length),
    ];
    update.check("assigneeSub", &subs).await;
    let statuses = "{} must be `open`, `pending`, `resolved` or `closed`.";
    update
        .check(
            "status",
            &[
                (json!("all"), statuses),
                (json!("Open"), statuses),
                (json!(1), statuses),
            ],
        )
        .await;
    let priorities = "{} must be `low`, `normal`, `high` or `urgent`.";
    update
        .check(
            "priority",
            &[(json!("asap"), priorities), (json!([]), priorities)],
        )
        .await;
    let empty = "Each of {} must not be empty.";
    let (list, length) = (
        "{} must be a list of strings.",
        "Each of {} must have at most 40 characters.",
    );
    let many = |most: u32| json!((0..most).map(|n| n.to_string()).collect::<Vec<_>>());
    let tags = [
        (json!("vip"), list),
        (json!(["vip", 7]), list),
        (json!([""]), empty),
        (json!(["  "]), empty),
        (json!(["𝒳".repeat(41)]), length),
        (json!(["\u{200b}"]), empty),
        (json!(["\u{0}"]), empty),
        (many(11), "{} must have at most 10 different entries."),
        // A list that fills the whole body is refused, too.
        (many(100_000), "{} must have at most 10 different entries."),
    ];
    update.check("tags", &tags).await;
    let tags = update
        .accepted("tags", &json!(["Cafe\u{301}\u{0}", "CAFÉ", "a\u{b}b"]))
        .await;
    assert_eq!(tags["tags"], json!(["café", "a\nb"]));
    let doubled: Vec<_> = (0..22)
        .map(|n| format!(" {}{}", "𝒳".repeat(39), n % 10))
        .collect();
    let tags = update.accepted("tags", &json!(doubled)).await;
    assert_eq!(tags["tags"].as_array().unwrap().len(), 10);
    // An update without any change is refused.
    for nothing in [
        json!({}),
        json!({ "unknown": 1 }),
        json!({ "status": null, "priority": null, "tags": null }),
    ] {
        let refused = update.call.clone().json(&nothing).await_status(400).await;
        assert_eq!(
            refused.message(),
            "One of `status`, `priority`, `assigneeSub` and `tags` is required."
        );
    }
}

#[tokio::test]
async fn the_fields_of_a_canned_reply_are_validated() {
    let app = app().await;
    let (_, key) = app.new_key("acc_a").await;
    let create = Form {
        call: app.call("POST", "/api/v1/canned-replies").bearer(&key),
        good: json!({ "title": "x", "body": "x" }),
        lines: &[("title", 120)],
        optional_lines: &[],
        bodies: &[("body", 20_000)],
        emails: &[],
    };
    create.check_all().await;
    let id = app.new_canned_reply("acc_a").await;
    let update = app
        .call("PATCH", &format!("/api/v1/canned-replies/{id}"))
        .bearer(&key);
    for (field, value, message) in [
        (
            "title",
            json!("x".repeat(121)),
            "`title` must have at most 120 characters.",
        ),
        ("title", json!(7), "`title` must be a string."),
        ("title", json!("\u{2060}"), "`title` must not be empty."),
        ("body", json!(""), "`body` must not be empty."),
    ] {
        let refused = update
            .clone()
            .json(&json!({ field: value }))
            .await_status(400)
            .await;
        assert_eq!((refused.message(), refused.param()), (message, Some(field)));
    }
    for nothing in [json!({}), json!({ "title": null }), json!({ "unknown": 1 })] {
        let refused = update.clone().json(&nothing).await_status(400).await;
        assert_eq!(refused.message(), "One of `title` and `body` is required.");
    }
}

#[tokio::test]
async fn the_fields_of_the_public_form_are_validated() {
    let app = app().await;
    app.new_key("acc_a").await;
    let submit = Form {
        call: app.call("POST", "/api/v1/public/tickets"),
        good: form("acc_a"),
        lines: &[("subject", 300)],
        optional_lines: &[("name", 200)],
        bodies: &[("body", 20_000)],
        emails: &["email"],
    };
    submit.check_all().await;
    let cases = [
        (Value::Null, "{} is required."),
        (json!(7), "{} must be a string."),
    ];
    submit.check("accountId", &cases).await;
}

#[tokio::test]
async fn the_name_of_an_api_key_is_validated() {
    let app = app().await;
    let (_, key) = app.new_key("acc_a").await;
    let name = async |name: &str| app.create(name).bearer(&key).send().await;
    for (sent, expected) in CLEANED {
        assert_eq!(name(sent).await.data()["name"], expected);
    }
    for nothing in NOTHING {
        let refused = name(nothing).await;
        assert_eq!(
            refused.message(),
            "`name` must not be empty.",
            "{nothing:?}"
        );
    }
}

#[tokio::test]
async fn one_error_names_all_missing_fields() {
    let app = app().await;
    let (_, key) = app.new_key("acc_a").await;
    for (path, body, message, param) in [
        (
            "/api/v1/tickets",
            json!({}),
            "`subject`, `body` and `requesterEmail` are required.",
            "subject",
        ),
        (
            "/api/v1/tickets",
            json!({ "subject": "x", "body": null }),
            "`body` and `requesterEmail` are required.",
            "body",
        ),
        (
            "/api/v1/canned-replies",
            json!({ "title": "x" }),
            "`body` is required.",
            "body",
        ),
        (
            "/api/v1/public/tickets",
            json!({ "name": "Kim" }),
            "`accountId`, `subject`, `body` and `email` are required.",
            "accountId",
        ),
        (
            "/api/v1/leaked-keys",
            json!({ "key": "x" }),
            "`keys` is required.",
            "keys",
        ),
        (
            "/api/v1/webhook-subscriptions",
            json!({ "events": ["*"] }),
            "`url` is required.",
            "url",
        ),
    ] {
        let refused = app
            .call("POST", path)
            .bearer(&key)
            .json(&body)
            .await_status(400)
            .await;
        assert_eq!((refused.message(), refused.param()), (message, Some(param)));
    }
}

#[tokio::test]
async fn a_ticket_can_be_assigned_only_to_a_person() {
    let app = app().await;
    let (_, key) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    let id = text(&app.new_ticket("acc_a").await, "id");
    let assign = async |credential: &str, sub: Value| {
        let call = app
            .call("PATCH", &format!("/api/v1/tickets/{id}"))
            .bearer(credential);
        call.json(&json!({ "assigneeSub": sub })).send().await
    };
    let listed = async |credential: &str, assignee: &str| {
        let list = app.call("GET", "/api/v1/tickets").bearer(credential);
        let list = list
            .query(&format!("assignee={assignee}"))
            .await_status(200)
            .await;
        list.data()["tickets"].as_array().unwrap().len()
    };
    assert_eq!(
        assign(&token, json!("me")).await.data()["assigneeSub"],
        "usr_1"
    );
    assert_eq!(
        (listed(&token, "me").await, listed(&key, "usr_1").await),
        (1, 1)
    );
    // Pasted with invisible characters.
    assert_eq!(
        assign(&key, json!("\u{feff}usr_1\u{0}")).await.data()["assigneeSub"],
        "usr_1"
    );
    // An API key is no person.
    let refused = assign(&key, json!("me")).await;
    assert_eq!(
        (refused.status, refused.param()),
        (400, Some("assigneeSub"))
    );
    assert_eq!(listed(&key, "usr_1").await, 1);
    for nobody in [
        json!(""),
        json!(" "),
        json!("\u{200b}"),
        json!(null),
        json!("unassigned"),
    ] {
        assert_eq!(
            assign(&key, json!("usr_2")).await.data()["assigneeSub"],
            "usr_2"
        );
        assert_eq!(
            assign(&key, nobody).await.data()["assigneeSub"],
            Value::Null
        );
        assert_eq!(listed(&key, "unassigned").await, 1);
    }
}
