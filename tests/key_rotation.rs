//! Rotation of API keys: two secrets for a while, one limit, one life (A key's life in openapi.yaml).

use futures_util::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::{ExposeSecret, domain::api_key::PlaintextKey};

use crate::app::{App, Call, resources::text, response::assert_timestamp};

const HOUR: i64 = 60 * 60 * 1000;

impl App {
    fn rotate(&self, id: &str, terms: &Value) -> Call<'_> {
        self.call("POST", &format!("/api/v1/api-keys/{id}/rotate"))
            .json(terms)
    }

    fn end_overlap(&self, id: &str) -> Call<'_> {
        self.call("DELETE", &format!("/api/v1/api-keys/{id}/previous"))
    }

    /// The key as the list shows it.
    async fn listed(&self, id: &str) -> Value {
        let listed = self
            .list()
            .bearer(&self.token("acc_a"))
            .await_status(200)
            .await;
        let keys = listed.data()["apiKeys"].as_array().unwrap().clone();
        let key = keys.into_iter().find(|key| key["id"] == *id);
        key.expect("it is listed")
    }

    /// Rotates a key. Returns its new secret.
    async fn rotated_key(&self, id: &str, terms: &Value, by: &str) -> String {
        let rotated = self.rotate(id, terms).bearer(by).await_status(200).await;
        text(rotated.data(), "key")
    }

    async fn accepts(&self, key: &str) {
        self.list().bearer(key).await_status(200).await;
    }

    async fn refuses(&self, key: &str) {
        let refused = self.list().bearer(key).await_status(401).await;
        assert_eq!(refused.code(), "INVALID_TOKEN");
    }
}

#[tokio::test]
async fn both_secrets_work_until_the_overlap_is_over() {
    let app = App::start().await;
    let (id, old) = app.new_key("acc_a").await;
    app.accepts(&old).await;
    let before = app.listed(&id).await;

    let token = app.token("acc_a");
    let rotated = app
        .rotate(&id, &json!({}))
        .bearer(&token)
        .await_status(200)
        .await;
    let new = text(rotated.data(), "key");
    assert_eq!(text(rotated.data(), "keyPrefix"), new[..12]);
    let previous = &rotated.data()["previous"];
    assert_eq!(previous["keyPrefix"], old[..12]);
    assert_timestamp(&previous["validUntil"]);
    assert_eq!(previous["lastUsedAt"], Value::Null);

    let after = app.listed(&id).await;
    for field in [
        "id",
        "name",
        "createdAt",
        "createdBy",
        "lastUsedAt",
        "scopes",
    ] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(after["previous"], *previous);
    for key in [&old, &new] {
        app.accepts(key).await;
    }
    assert_timestamp(&app.listed(&id).await["previous"]["lastUsedAt"]);

    app.step_clock(0, 24 * HOUR - 1000);
    app.accepts(&old).await;
    app.step_clock(0, 24 * HOUR + 1000);
    app.refuses(&old).await;
    app.accepts(&new).await;
    let listed = app.list().bearer(&new).await_status(200).await;
    assert_eq!(listed.data()["apiKeys"][0]["previous"], Value::Null);
}

#[tokio::test]
async fn a_second_rotation_waits_or_supersedes() {
    let app = App::start().await;
    let (id, first) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    let second = app.rotated_key(&id, &json!({}), &token).await;

    let refused = app
        .rotate(&id, &json!({}))
        .bearer(&token)
        .await_status(409)
        .await;
    assert_eq!(refused.param(), Some("supersede"));
    let terms = json!({ "supersede": true, "overlapSeconds": 60 });
    let third = app.rotated_key(&id, &terms, &token).await;
    app.refuses(&first).await;
    for key in [&second, &third] {
        app.accepts(key).await;
    }
    app.step_clock(0, 61_000);
    app.refuses(&second).await;
    app.accepts(&third).await;
    // The overlap is over, so nothing has to be superseded.
    app.rotated_key(&id, &json!({}), &token).await;
}

#[tokio::test]
async fn without_an_overlap_the_older_secret_is_refused_at_once() {
    let app = App::start().await;
    let (id, old) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    let terms = json!({ "overlapSeconds": 0 });
    let rotated = app
        .rotate(&id, &terms)
        .bearer(&token)
        .await_status(200)
        .await;
    assert_eq!(rotated.data()["previous"], Value::Null);
    app.refuses(&old).await;
    app.list()
        .bearer(&text(rotated.data(), "key"))
        .await_status(200)
        .await;
    app.end_overlap(&id).bearer(&token).await_status(404).await;
}

#[tokio::test]
async fn an_overlap_is_ended_once() {
    let app = App::start().await;
    let (id, old) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    app.end_overlap(&id).bearer(&token).await_status(404).await;
    let new = app.rotated_key(&id, &json!({}), &token).await;
    let ended = app.end_overlap(&id).bearer(&old).await_status(200).await;
    assert_eq!(ended.data(), &json!({ "deleted": true }));
    app.refuses(&old).await;
    app.accepts(&new).await;
    app.end_overlap(&id).bearer(&token).await_status(404).await;
    assert_eq!(app.listed(&id).await["previous"], Value::Null);
}

#[tokio::test]
async fn revoking_ends_both_secrets() {
    let app = App::start().await;
    let (id, old) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    let new = app.rotated_key(&id, &json!({}), &token).await;
    app.revoke(&id).bearer(&token).await_status(200).await;
    app.refuses(&old).await;
    app.refuses(&new).await;
    app.rotate(&id, &json!({}))
        .bearer(&token)
        .await_status(404)
        .await;
    app.end_overlap(&id).bearer(&token).await_status(404).await;
}

#[tokio::test]
async fn a_key_with_two_secrets_is_one_of_the_hundred() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let (id, _) = app.new_key("acc_a").await;
    let terms = json!({ "supersede": true });
    app.rotated_key(&id, &terms, &token).await;
    for _ in 0..99 {
        app.new_key("acc_a").await;
    }
    let full = app.create("x").bearer(&token).await_status(409).await;
    assert!(full.message().contains("100"), "{}", full.message());
    // A full workspace can still rotate.
    app.rotated_key(&id, &terms, &token).await;
    app.create("x").bearer(&token).await_status(409).await;
    app.revoke(&id).bearer(&token).await_status(200).await;
    app.create("x").bearer(&token).await_status(201).await;
    app.create("x").bearer(&token).await_status(409).await;
}

#[tokio::test]
async fn both_secrets_draw_on_one_limit_and_rotating_resets_nothing() {
    let app = App::builder().caller_limit(10).start().await;
    let (id, old) = app.new_key("acc_a").await;
    for _ in 0..4 {
        app.accepts(&old).await;
    }
    let token = app.token("acc_a");
    let new = app.rotated_key(&id, &json!({}), &token).await;
    let answer = app.list().bearer(&new).await_status(200).await;
    assert_eq!(answer.limit_header("remaining"), Some(5));
    for key in [&old, &new, &old, &new, &old] {
        app.accepts(key).await;
    }
    for key in [&old, &new] {
        let over = app.list().bearer(key).await_status(429).await;
        assert_eq!(over.limit_header("remaining"), Some(0));
    }
}

#[tokio::test]
async fn a_key_that_rotates_leaves_an_overlap_of_an_hour() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    let (other, _) = app.new_key("acc_a").await;
    for id in [&id, &other] {
        for seconds in [0, 3599] {
            let terms = json!({ "overlapSeconds": seconds });
            let refused = app.rotate(id, &terms).bearer(&key).await_status(400).await;
            assert_eq!(refused.param(), Some("overlapSeconds"));
        }
        let terms = json!({ "overlapSeconds": 3600 });
        app.rotated_key(id, &terms, &key).await;
    }
    for seconds in [json!(-1), json!(604_801), json!("1"), json!(1.5)] {
        let terms = json!({ "overlapSeconds": seconds });
        app.rotate(&id, &terms).bearer(&key).await_status(400).await;
    }
}

#[tokio::test]
async fn the_older_secret_does_not_outlive_the_key() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let at = shared::Timestamp::now().plus_millis(2 * HOUR);
    let body = json!({ "name": "x", "expiresAt": at });
    let created = app
        .call("POST", "/api/v1/api-keys")
        .json(&body)
        .bearer(&token);
    let created = created.await_status(201).await;
    let (id, old) = (text(created.data(), "id"), text(created.data(), "key"));
    let rotated = app
        .rotate(&id, &json!({}))
        .bearer(&token)
        .await_status(200)
        .await;
    assert_eq!(rotated.data()["previous"]["validUntil"], json!(at));
    app.step_clock(0, 2 * HOUR + 1000);
    for key in [&old, &text(rotated.data(), "key")] {
        let expired = app.list().bearer(key).await_status(401).await;
        assert!(expired.message().contains("expired"), "{expired:?}");
    }
}

#[tokio::test]
async fn of_several_rotations_at_once_one_succeeds() {
    let app = App::builder().instances(4).start().await;
    let (id, old) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    let terms = json!({ "overlapSeconds": 3600 });
    let at_once = (0..4).map(|n| app.rotate(&id, &terms).bearer(&token).on(n).send());
    let answers = join_all(at_once).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    let rotated = answers.iter().find(|answer| answer.status == 200).unwrap();
    for key in [&old, &text(rotated.data(), "key")] {
        app.accepts(key).await;
    }
}

#[tokio::test]
async fn a_rotation_costs_the_calls_of_a_busy_key_nothing() {
    let app = App::builder().instances(4).start().await;
    let (id, old) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    app.accepts(&old).await;
    let calls = (0..40).map(|n| app.list().bearer(&old).on(n % 4).send());
    let terms = json!({ "overlapSeconds": 3600 });
    let rotation = app.rotate(&id, &terms).bearer(&token).send();
    let (answers, rotated) = futures_util::future::join(join_all(calls), rotation).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert!(answers.iter().all(|answer| answer.status == 200));
    let next = app
        .list()
        .bearer(&text(rotated.data(), "key"))
        .await_status(200)
        .await;
    let limit = next.limit_header("limit").unwrap();
    // A write that met the transaction may have counted twice, never less than once.
    assert!(next.limit_header("remaining").unwrap() <= limit - 42);
}

#[tokio::test]
async fn a_call_with_the_older_secret_is_one_write_more() {
    let app = App::start().await;
    let (id, old) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    let new = app.rotated_key(&id, &json!({}), &token).await;
    for key in [&old, &new] {
        app.accepts(key).await;
    }
    let writes = |app: &App| {
        let operations = app.operations().into_iter();
        operations
            .filter(|operation| operation.name != "Query")
            .count()
    };
    writes(&app);
    app.accepts(&new).await;
    assert_eq!(writes(&app), 1);
    app.accepts(&old).await;
    assert_eq!(writes(&app), 2);
    // Its use is noted once a minute.
    app.step_clock(0, 61_000);
    app.accepts(&new).await;
    writes(&app);
    app.accepts(&old).await;
    assert_eq!(writes(&app), 3);
}

#[tokio::test]
async fn a_key_does_not_end_the_secret_that_it_calls_with() {
    let app = App::start().await;
    let (id, first) = app.new_key("acc_a").await;
    let (_, another) = app.new_key("acc_a").await;
    let second = app.rotated_key(&id, &json!({}), &first).await;
    let terms = json!({ "supersede": true });
    let refused = app
        .rotate(&id, &terms)
        .bearer(&first)
        .await_status(400)
        .await;
    assert_eq!(refused.param(), Some("supersede"));
    for key in [&first, &second] {
        app.accepts(key).await;
    }
    let third = app.rotated_key(&id, &terms, &second).await;
    app.refuses(&first).await;
    app.rotated_key(&id, &terms, &another).await;
    app.refuses(&second).await;
    app.accepts(&third).await;
}

#[tokio::test]
async fn a_refused_call_is_no_use_of_the_older_secret() {
    let app = App::start().await;
    let (id, old) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    app.rotated_key(&id, &json!({}), &token).await;
    app.change(&id, &json!({ "enabled": false }))
        .bearer(&token)
        .await_status(200)
        .await;
    app.refuses(&old).await;
    assert_eq!(app.listed(&id).await["previous"]["lastUsedAt"], Value::Null);
    let on = json!({ "enabled": true, "allowedIps": ["203.0.113.0/24"], "force": true });
    app.change(&id, &on).bearer(&token).await_status(200).await;
    app.list()
        .bearer(&old)
        .from("198.51.100.1")
        .await_status(403)
        .await;
    assert_eq!(app.listed(&id).await["previous"]["lastUsedAt"], Value::Null);
    app.list()
        .bearer(&old)
        .from("203.0.113.1")
        .await_status(200)
        .await;
    assert_timestamp(&app.listed(&id).await["previous"]["lastUsedAt"]);
}

/// What a function of a release that knows no rotation leaves when it revokes a rotated key: it deletes the current
/// secret's item and the listing.
#[tokio::test]
async fn an_older_secret_without_its_key_is_refused() {
    let app = App::start().await;
    let old = PlaintextKey::generate();
    let hash = base16ct::lower::encode_string(&Sha256::digest(old.expose_secret()));
    let until = shared::Timestamp::now().plus_millis(HOUR).as_millis();
    app.put_all(vec![json!({
        "pk": { "S": format!("KEY#{hash}") }, "sk": { "S": "KEY" }, "accountId": { "S": "acc_a" },
        "pointerKeyId": { "S": "ak_01jxe0000000000000000000rt" }, "successor": { "S": "0".repeat(64) },
        "validUntil": { "N": until.to_string() },
    })]);
    app.refuses(old.expose_secret()).await;
}
