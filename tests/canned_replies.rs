//! Canned replies (Canned replies in openapi.yaml).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::app::{App, Call, resources::text};

const PATH: &str = "/api/v1/canned-replies";

impl App {
    fn create_canned(&self, title: &str, body: &str) -> Call<'_> {
        self.call("POST", PATH)
            .json(&json!({ "title": title, "body": body }))
    }

    fn canned(&self, method: &str, id: &str) -> Call<'_> {
        self.call(method, &format!("{PATH}/{id}"))
    }

    async fn canned_titles(&self, token: &str) -> Vec<String> {
        let listed = self.call("GET", PATH).bearer(token).await_status(200).await;
        let replies = listed.data()["cannedReplies"].as_array().unwrap();
        replies.iter().map(|reply| text(reply, "title")).collect()
    }
}

#[tokio::test]
async fn a_canned_reply_is_created_listed_updated_and_deleted() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let created = app
        .create_canned(" Refunds ", "Within 14 days.\n")
        .bearer(&key);
    let created = created.await_status(201).await.data().clone();
    let mut names: Vec<_> = created.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(
        names,
        ["accountId", "body", "createdAt", "id", "title", "updatedAt"]
    );
    let id = text(&created, "id");
    assert!(id.starts_with("cnr_") && id.len() == 30);
    assert_eq!(
        (&created["title"], &created["body"], &created["accountId"]),
        (
            &json!("Refunds"),
            &json!("Within 14 days.\n"),
            &json!("acc_a")
        )
    );
    let listed = app.call("GET", PATH).bearer(&key).await_status(200).await;
    assert_eq!(listed.data(), &json!({ "cannedReplies": [created] }));

    for (changes, title, body) in [
        (
            json!({ "title": "Refund policy" }),
            "Refund policy",
            "Within 14 days.\n",
        ),
        (json!({ "body": "Ask." }), "Refund policy", "Ask."),
        (
            json!({ "title": "R", "body": "No.", "id": "cnr_mine" }),
            "R",
            "No.",
        ),
        (json!({ "title": null, "body": "Yes." }), "R", "Yes."),
    ] {
        let changed = app
            .canned("PATCH", &id)
            .json(&changes)
            .bearer(&key)
            .await_status(200)
            .await;
        let of = |name: &str| changed.data()[name].clone();
        assert_eq!(
            (of("title"), of("body"), of("id")),
            (json!(title), json!(body), json!(id))
        );
        assert_eq!(of("createdAt"), created["createdAt"]);
        assert!(text(changed.data(), "updatedAt") >= text(&created, "updatedAt"));
    }
    let deleted = app
        .canned("DELETE", &id)
        .bearer(&key)
        .await_status(200)
        .await;
    assert_eq!(deleted.data(), &json!({ "deleted": true }));
    for method in ["DELETE", "PATCH"] {
        let gone = app
            .canned(method, &id)
            .json(&json!({ "title": "x" }))
            .bearer(&key);
        let gone = gone.await_status(404).await;
        assert_eq!(gone.code(), "NOT_FOUND");
        assert_eq!(
            gone.message(),
            "The workspace has no canned reply with this id. Check the id, and that the credential is of the right \
             workspace."
        );
    }
    assert_eq!(app.canned_titles(&key).await, [""; 0]);
}

#[tokio::test]
async fn canned_replies_are_sorted_by_title_within_their_workspace() {
    let app = App::start().await;
    let token = app.token("acc_a");
    for title in [
        "b",
        "zebra",
        "B",
        "apple",
        "C",
        "b",
        "a\u{308}pple",
        "Apple",
        "10",
        "9",
    ] {
        app.create_canned(title, "x")
            .bearer(&token)
            .await_status(201)
            .await;
    }
    assert_eq!(
        app.canned_titles(&token).await,
        [
            "10", "9", "apple", "Apple", "äpple", "b", "b", "B", "C", "zebra"
        ]
    );
    assert_eq!(app.canned_titles(&app.token("acc_b")).await, [""; 0]);
}

#[tokio::test]
async fn concurrent_updates_keep_each_others_changes() {
    let app = App::builder().instances(2).start().await;
    let token = app.token("acc_a");
    let id = app.new_canned_reply("acc_a").await;
    let changes = [json!({ "title": "T" }), json!({ "body": "B" })];
    let changes = changes.iter().enumerate().map(|(n, body)| {
        app.canned("PATCH", &id)
            .json(body)
            .bearer(&token)
            .on(n)
            .await_status(200)
    });
    join_all(changes).await;
    let listed = app.call("GET", PATH).bearer(&token).await_status(200).await;
    let reply = &listed.data()["cannedReplies"][0];
    assert_eq!(
        (&reply["title"], &reply["body"]),
        (&json!("T"), &json!("B"))
    );
    // One of two concurrent deletions succeeds.
    let deletions = [0, 1].map(|n| app.canned("DELETE", &id).bearer(&token).on(n).send());
    let mut statuses: Vec<_> = join_all(deletions)
        .await
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

/// A list has no pages: the workspace may not have more canned replies than one response can hold.
#[tokio::test]
async fn a_canned_reply_that_would_overfill_the_list_is_a_conflict() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let body = "𝒳".repeat(20_000);
    let mut kept = 0;
    let refused = loop {
        let answer = app.create_canned("x", &body).bearer(&token).send().await;
        if answer.status != 201 {
            break answer;
        }
        kept += 1;
    };
    assert!(kept > 60);
    assert_eq!((refused.status, refused.code()), (409, "CONFLICT"));
    let listed = app.call("GET", PATH).bearer(&token).await_status(200).await;
    let replies = listed.data()["cannedReplies"].as_array().unwrap();
    assert_eq!(replies.len(), kept);

    // An update that lengthens a reply is refused too; one that shortens a reply makes room.
    let small = app
        .create_canned("x", "x")
        .bearer(&token)
        .await_status(201)
        .await;
    let grow = app
        .canned("PATCH", &text(small.data(), "id"))
        .json(&json!({ "body": body }));
    assert_eq!(
        grow.clone().bearer(&token).await_status(409).await.code(),
        "CONFLICT"
    );
    let first: &Value = &replies[0];
    let shrink = app
        .canned("PATCH", &text(first, "id"))
        .json(&json!({ "body": "x" }));
    shrink.bearer(&token).await_status(200).await;
    grow.bearer(&token).await_status(200).await;
    app.canned("DELETE", &text(&replies[1], "id"))
        .bearer(&token)
        .await_status(200)
        .await;
    app.create_canned("x", &body)
        .bearer(&token)
        .await_status(201)
        .await;
}
