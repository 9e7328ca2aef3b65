//! API keys: create, list, use and revoke (API keys in openapi.yaml).

use futures_util::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{
    App,
    response::{assert_timestamp, keys},
};

#[tokio::test]
async fn a_key_is_created_used_listed_and_revoked() {
    let app = App::start().await;
    let token = app.token("acc_a");

    let created = app
        .create("  My first key ")
        .bearer(&token)
        .await_status(201)
        .await;
    let created = created.data();
    let listed_fields = [
        "allowedIps",
        "createdAt",
        "createdBy",
        "enabled",
        "expiresAt",
        "id",
        "keyPrefix",
        "lastUsedAt",
        "limit",
        "name",
        "previous",
        "scopes",
    ];
    let mut fields = keys(created);
    fields.retain(|field| field != "key");
    assert_eq!(fields, listed_fields);
    assert_eq!(created["name"], "My first key");
    assert_timestamp(&created["createdAt"]);
    let (id, key) = (
        created["id"].as_str().unwrap(),
        created["key"].as_str().unwrap(),
    );
    assert!(id.starts_with("ak_") && id.len() == 29);
    assert_eq!(created["keyPrefix"], key[..12]);

    let listed = app.list().bearer(&token).await_status(200).await;
    let listed = &listed.data()["apiKeys"][0];
    assert_eq!(keys(listed), listed_fields);
    assert_eq!(
        (&listed["id"], &listed["lastUsedAt"]),
        (&json!(id), &Value::Null)
    );
    for field in ["name", "keyPrefix", "createdAt"] {
        assert_eq!(listed[field], created[field]);
    }

    let used = app.list().bearer(key).await_status(200).await;
    assert_timestamp(&used.data()["apiKeys"][0]["lastUsedAt"]);

    let revoked = app.revoke(id).bearer(key).await_status(200).await;
    assert_eq!(revoked.data(), &json!({ "deleted": true }));
    assert_eq!(
        app.list().bearer(key).await_status(401).await.code(),
        "INVALID_TOKEN"
    );
    assert_eq!(
        app.revoke(id).bearer(&token).await_status(404).await.code(),
        "NOT_FOUND"
    );
    assert_eq!(
        app.list().bearer(&token).await_status(200).await.key_ids(),
        [""; 0]
    );
}

#[tokio::test]
async fn the_newest_key_is_listed_first() {
    let app = App::start().await;
    let mut created = Vec::new();
    for _ in 0..5 {
        created.insert(0, app.new_key("acc_a").await.0);
    }
    let listed = app
        .list()
        .bearer(&app.token("acc_a"))
        .await_status(200)
        .await;
    assert_eq!(listed.key_ids(), created);
}

#[tokio::test]
async fn a_workspace_cannot_list_or_revoke_keys_of_another() {
    let app = App::start().await;
    let (a_id, a_key) = app.new_key("acc_a").await;
    let (b_id, b_key) = app.new_key("acc_b").await;
    assert_eq!(
        app.list().bearer(&a_key).await_status(200).await.key_ids(),
        [&*a_id]
    );
    assert_eq!(
        app.list()
            .bearer(&app.token("acc_b"))
            .await_status(200)
            .await
            .key_ids(),
        [&*b_id]
    );
    app.revoke(&b_id).bearer(&a_key).await_status(404).await;
    app.list().bearer(&b_key).await_status(200).await;
}

#[tokio::test]
async fn an_invalid_name_is_refused_and_creates_no_key() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let long = "ж".repeat(121);
    let bad = [
        (json!({}), "`name` is required."),
        (json!({ "name": null }), "`name` is required."),
        (json!({ "Name": "x" }), "`name` is required."),
        (json!({ "name": 7 }), "`name` must be a string."),
        (json!({ "name": ["x"] }), "`name` must be a string."),
        (json!({ "name": "" }), "`name` must not be empty."),
        (
            json!({ "name": " \t\n\u{2003}" }),
            "`name` must not be empty.",
        ),
        (
            json!({ "name": long }),
            "`name` must have at most 120 characters.",
        ),
    ];
    for (body, message) in bad {
        let call = app
            .call("POST", "/api/v1/api-keys")
            .json(&body)
            .bearer(&token);
        let refused = call.await_status(400).await;
        assert_eq!(
            (refused.code(), refused.param(), refused.message()),
            ("VALIDATION_ERROR", Some("name"), message)
        );
    }
    assert_eq!(
        app.list().bearer(&token).await_status(200).await.key_ids(),
        [""; 0]
    );
}

#[tokio::test]
async fn a_name_may_be_any_text_of_up_to_120_characters() {
    let app = App::start().await;
    let token = app.token("acc_a");
    for name in [
        "x",
        "<script>\"'\\",
        "日本語 ✓",
        &"𝒳".repeat(120),
        "tab\tand\nline",
    ] {
        let created = app.create(name).bearer(&token).await_status(201).await;
        assert_eq!(created.data()["name"], name);
    }
    // Unknown fields are ignored.
    let body = json!({ "name": "x", "id": "ak_mine", "key": "mine", "accountId": "acc_b" });
    let call = app
        .call("POST", "/api/v1/api-keys")
        .json(&body)
        .bearer(&token);
    let created = call.await_status(201).await;
    assert_ne!(created.data()["key"], "mine");
    assert_eq!(
        app.list()
            .bearer(&token)
            .await_status(200)
            .await
            .key_ids()
            .len(),
        6
    );
}

#[tokio::test]
async fn the_table_stores_the_hash_and_the_prefix_but_not_the_key() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    app.list().bearer(&key).await_status(200).await;
    let stored = json!(app.items()).to_string();
    assert!(!stored.contains(&key[8..]) && !stored.contains(&key[12..40]));
    assert!(stored.contains(&key[..12]) && stored.contains(&id));
    assert!(stored.contains(&base16ct::lower::encode_string(&Sha256::digest(&key))));
}

#[tokio::test]
async fn the_101st_key_is_a_conflict_even_with_concurrent_creations() {
    let app = App::builder().instances(6).start().await;
    let token = app.token("acc_a");
    for _ in 0..97 {
        app.create("x").bearer(&token).await_status(201).await;
    }
    let at_once = join_all((0..6).map(|n| app.create("x").bearer(&token).on(n).send())).await;
    let created = at_once.iter().filter(|answer| answer.status == 201).count();
    let refused: Vec<_> = at_once
        .iter()
        .filter(|answer| answer.status != 201)
        .collect();
    assert_eq!(created, 3, "{at_once:?}");
    for refused in refused {
        assert_eq!(refused.code(), "CONFLICT");
        assert!(refused.message().contains("100"));
    }

    let listed = app.list().bearer(&token).await_status(200).await;
    assert_eq!(listed.key_ids().len(), 100);
    // Another workspace has its own hundred. A revocation makes room for one key.
    app.new_key("acc_b").await;
    app.revoke(listed.key_ids()[0])
        .bearer(&token)
        .await_status(200)
        .await;
    app.create("x").bearer(&token).await_status(201).await;
    app.create("x").bearer(&token).await_status(409).await;
}

#[tokio::test]
async fn exactly_one_of_several_concurrent_revocations_succeeds() {
    let app = App::builder().instances(4).start().await;
    for _ in 0..5 {
        let (id, key) = app.new_key("acc_a").await;
        let token = app.token("acc_a");
        let at_once = join_all((0..4).map(|n| app.revoke(&id).bearer(&token).on(n).send())).await;
        let mut statuses: Vec<_> = at_once.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404, 404, 404]);
        app.list().bearer(&key).await_status(401).await;
    }
}

#[tokio::test]
async fn a_malformed_key_id_is_not_found() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    for wrong in [
        "x",
        "%20",
        "%00",
        "..",
        "ak_",
        &id.to_uppercase(),
        &format!("{id}x"),
        "WORKSPACE",
    ] {
        app.revoke(wrong).bearer(&key).await_status(404).await;
    }
    app.list().bearer(&key).await_status(200).await;
}
