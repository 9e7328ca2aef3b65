//! Tickets: updates, and the tags that they set (Tickets in openapi.yaml).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::app::{App, resources::text};

#[tokio::test]
async fn an_update_changes_only_the_fields_that_it_names() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let id = text(&app.new_ticket("acc_a").await, "id");
    let update = async |body: Value| {
        let updated = app
            .update(&id, &body)
            .bearer(&token)
            .await_status(200)
            .await;
        let of = |name: &str| updated.data()[name].clone();
        [of("status"), of("priority"), of("assigneeSub"), of("tags")]
    };
    let s = |text: &str| json!(text);
    assert_eq!(
        update(json!({ "assigneeSub": " usr_9 " })).await,
        [s("open"), s("normal"), s("usr_9"), json!(["old"])]
    );
    assert_eq!(
        update(json!({ "status": "closed", "priority": null, "unknown": 1 })).await,
        [s("closed"), s("normal"), s("usr_9"), json!(["old"])]
    );
    assert_eq!(
        update(json!({ "tags": [], "priority": "high" })).await,
        [s("closed"), s("high"), s("usr_9"), json!([])]
    );
    for nobody in [Value::Null, json!("")] {
        update(json!({ "assigneeSub": "usr_9" })).await;
        let [.., assignee, _] = update(json!({ "assigneeSub": nobody })).await;
        assert_eq!(assignee, Value::Null);
    }
    // An agent's reply leaves a closed ticket closed. For a requester's message, see public_form.rs.
    let reply = app.reply(&id, &json!({ "body": "x" })).bearer(&token);
    assert_eq!(reply.await_status(201).await.data()["status"], "closed");
}

#[tokio::test]
async fn concurrent_updates_keep_each_others_changes() {
    let app = App::builder().instances(3).start().await;
    let token = app.token("acc_a");
    let id = text(&app.new_ticket("acc_a").await, "id");
    let bodies = [
        json!({ "status": "resolved" }),
        json!({ "priority": "urgent" }),
        json!({ "assigneeSub": "usr_9" }),
        json!({ "tags": ["a", "b"] }),
    ];
    let updates = bodies.iter().zip([0, 1, 2, 0]);
    let updates =
        updates.map(|(body, n)| app.update(&id, body).bearer(&token).on(n).await_status(200));
    join_all(updates).await;
    let got = app.ticket(&id).bearer(&token).await_status(200).await;
    let of = |name: &str| got.data()[name].clone();
    assert_eq!(
        [of("status"), of("priority"), of("assigneeSub"), of("tags")],
        [
            json!("resolved"),
            json!("urgent"),
            json!("usr_9"),
            json!(["a", "b"])
        ]
    );
}

#[tokio::test]
async fn the_tags_of_a_workspace_are_those_of_its_tickets() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let tags = async || {
        let tags = app.tags().bearer(&token).await_status(200).await;
        tags.data().clone()
    };
    assert_eq!(tags().await, json!({ "tags": [] }));
    let [one, two] = [app.new_ticket("acc_a").await, app.new_ticket("acc_a").await];
    let set = async |ticket: &Value, tags: Value| {
        let update = app.update(&text(ticket, "id"), &json!({ "tags": tags }));
        update.bearer(&token).await_status(200).await;
    };
    assert_eq!(tags().await, json!({ "tags": ["old"] }));
    set(&one, json!(["vip", "billing"])).await;
    assert_eq!(tags().await, json!({ "tags": ["billing", "old", "vip"] }));
    set(&two, json!(["vip"])).await;
    assert_eq!(tags().await, json!({ "tags": ["billing", "vip"] }));
    set(&one, json!([])).await;
    set(&two, json!(["vip"])).await;
    assert_eq!(tags().await, json!({ "tags": ["vip"] }));
    let other = app
        .tags()
        .bearer(&app.token("acc_b"))
        .await_status(200)
        .await;
    assert_eq!(other.data(), &json!({ "tags": [] }));
}

#[tokio::test]
async fn tags_are_all_listed_until_they_no_longer_fit_in_a_response() {
    let app = App::start().await;
    let token = app.token("acc_a");
    // The longest tags: 40 characters, most of them of four bytes.
    let tag = |number: u32| format!("{number:05}{}", "𝒳".repeat(35));
    let item = |number| {
        json!({
            "pk": { "S": "ACC#acc_a" },
            "sk": { "S": format!("TAG#{}", tag(number)) },
            "tickets": { "N": "1" },
        })
    };
    app.put_all((0..36_000).map(item).collect());
    let all = app.tags().bearer(&token).await_status(200).await;
    let all = all.data()["tags"].as_array().unwrap();
    assert_eq!((all.len(), &all[35_999]), (36_000, &json!(tag(35_999))));
    app.put_all((36_000..37_000).map(item).collect());
    let refused = app.tags().bearer(&token).await_status(409).await;
    assert_eq!(refused.code(), "CONFLICT");
    // Tickets can still be created and tagged.
    let ticket = app.new_ticket("acc_a").await;
    let update = app.update(&text(&ticket, "id"), &json!({ "tags": [tag(0)] }));
    update.bearer(&token).await_status(200).await;
}
