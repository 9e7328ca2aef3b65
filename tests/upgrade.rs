//! Upgrades from the last release, which knew no restrictions of keys, no rotations and no audit trail: "While a
//! deployment runs" in docs/operations.md.
//!
//! Its keys work as before. The tests cannot run its functions, so [`old_function`] is what one did to authenticate a
//! key: its conditional write, as it sent it, and what it then read from the item.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::{ApiKeyId, ExposeSecret, Timestamp, domain::api_key::PlaintextKey};

use crate::app::{App, Call, resources::text};

const HOUR: i64 = 60 * 60 * 1000;

fn hash(secret: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(secret))
}

/// The items of a key as the last release wrote them, with a window of so many calls, which opened so long ago.
struct OldKey {
    id: String,
    secret: String,
    opened: Timestamp,
    items: Vec<Value>,
}

impl OldKey {
    fn new(opened_before: i64, calls: u32) -> Self {
        let secret = PlaintextKey::generate();
        let hash = hash(secret.expose_secret());
        let now = Timestamp::now();
        let created = now.plus_millis(-HOUR);
        let id = ApiKeyId::new(created).to_string();
        let opened = now.plus_millis(-opened_before);
        let number = |number: i64| json!({ "N": number.to_string() });
        let item = json!({
            "pk": { "S": format!("KEY#{hash}") }, "sk": { "S": "KEY" }, "accountId": { "S": "acc_a" },
            "keyId": { "S": id }, "opened": number(opened.as_millis()), "calls": number(calls.into()),
        });
        let listing = json!({
            "pk": { "S": "ACC#acc_a" }, "sk": { "S": format!("KEY#{id}") }, "name": { "S": "Stock" },
            "keyPrefix": { "S": secret.prefix() }, "keyHash": { "S": hash },
            "createdAt": number(created.as_millis()), "lastUsedAt": number(opened.as_millis()),
        });
        Self {
            id,
            secret: secret.expose_secret().to_owned(),
            opened,
            items: vec![item, listing],
        }
    }
}

impl App {
    /// Puts keys of the last release into the table.
    fn put_old_keys(&self, keys: &[&OldKey]) {
        let mut items: Vec<_> = keys.iter().flat_map(|key| key.items.clone()).collect();
        items.push(json!({
            "pk": { "S": "ACC#acc_a" }, "sk": { "S": "WORKSPACE" }, "keyCount": { "N": keys.len().to_string() },
            "createdAt": { "N": Timestamp::now().as_millis().to_string() },
        }));
        self.put_all(items);
    }

    fn rotation(&self, id: &str, terms: &Value) -> Call<'_> {
        let call = self.call("POST", &format!("/api/v1/api-keys/{id}/rotate"));
        call.json(terms).bearer(&self.token("acc_a"))
    }

    /// Rotates a key, and returns its new secret.
    async fn new_secret(&self, id: &str, terms: &Value) -> String {
        let rotated = self.rotation(id, terms).await_status(200).await;
        text(rotated.data(), "key")
    }

    async fn changed(&self, id: &str, changes: &Value) -> Value {
        let call = self.change(id, changes).bearer(&self.token("acc_a"));
        call.await_status(200).await.data().clone()
    }

    async fn calls_of(&self, id: &str) -> i64 {
        let call = self.call("GET", &format!("/api/v1/api-keys/{id}/usage"));
        let answer = call.bearer(&self.token("acc_a")).await_status(200).await;
        let days = answer.data()["days"].as_array().unwrap().iter();
        days.map(|day| day["calls"].as_i64().unwrap()).sum()
    }
}

/// What a function of the last release does with a key.
#[derive(Debug, PartialEq)]
enum Old {
    Admits,
    /// `401`.
    Refuses,
    /// `500`: it cannot tell whose call it is.
    Fails,
}

/// Authenticates a key and counts its call as the last release did (`store/rate_windows` and `store/caller_windows` of
/// that time).
fn old_function(app: &App, secret: &str) -> Old {
    let now = Timestamp::now();
    let key = json!({ "pk": { "S": format!("KEY#{}", hash(secret)) }, "sk": { "S": "KEY" } });
    let moment = |at: Timestamp| json!({ "N": at.as_millis().to_string() });
    let counted = app.update_item(json!({
        "Key": key,
        "UpdateExpression": "ADD calls :calls0 ",
        "ConditionExpression": "opened > :ended0 AND calls <= :room0",
        "ExpressionAttributeValues": {
            ":calls0": { "N": "1" }, ":ended0": moment(now.plus_millis(-60_000)), ":room0": { "N": "1999" },
        },
        "ReturnValues": "ALL_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }));
    // It read both from the item before anything else: after the count, and before it opened the next window.
    let is_known =
        |item: &Value| item["keyId"]["S"].is_string() && item["accountId"]["S"].is_string();
    let found = match counted {
        Ok(item) if is_known(&item) => return Old::Admits,
        Err(None) => return Old::Refuses,
        Err(Some(item)) if is_known(&item) => item,
        Ok(_) | Err(Some(_)) => return Old::Fails,
    };
    // These two were one transaction.
    let opened = app.update_item(json!({
        "Key": key,
        "UpdateExpression": "SET opened = :now, calls = :calls0 ",
        "ConditionExpression": "opened = :seen0",
        "ExpressionAttributeValues": { ":calls0": { "N": "1" }, ":now": moment(now), ":seen0": found["opened"] },
    }));
    let listing = format!("KEY#{}", found["keyId"]["S"].as_str().unwrap());
    let workspace = format!("ACC#{}", found["accountId"]["S"].as_str().unwrap());
    let stamped = app.update_item(json!({
        "Key": { "pk": { "S": workspace }, "sk": { "S": listing } },
        "UpdateExpression": "SET lastUsedAt = :now",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": { ":now": moment(now) },
    }));
    assert!(opened.is_ok() && stamped.is_ok());
    Old::Admits
}

#[tokio::test]
async fn a_key_of_the_last_release_is_a_key_with_the_defaults_and_its_window_goes_on() {
    let app = App::builder().caller_limit(10).start().await;
    let (used, unused) = (OldKey::new(20_000, 3), OldKey::new(30 * HOUR, 5));
    app.put_old_keys(&[&used, &unused]);
    let listed = app.list().bearer(&used.secret).await_status(200).await;
    assert_eq!(listed.limit_header("remaining"), Some(6));
    let keys = listed.data()["apiKeys"].as_array().unwrap();
    let shown = keys.iter().find(|key| key["id"] == *used.id).unwrap();
    let expected = json!({
        "name": "Stock", "keyPrefix": used.secret[..12], "lastUsedAt": used.opened, "createdBy": null,
        "scopes": ["*"], "expiresAt": null, "enabled": true, "allowedIps": [], "limit": null, "previous": null,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(shown[field], *value, "{field}");
    }
    assert_eq!(app.calls_of(&used.id).await, 4);
    // The next window closes the one of the last release.
    app.step_clock(0, 61_000);
    for (secret, id, calls) in [(&used.secret, &used.id, 5), (&unused.secret, &unused.id, 6)] {
        let next = app.list().bearer(secret).await_status(200).await;
        assert_eq!(next.limit_header("remaining"), Some(9));
        assert_eq!(app.calls_of(id).await, calls);
    }
}

#[tokio::test]
async fn a_key_of_the_last_release_can_be_changed_rotated_and_revoked() {
    let app = App::builder().instances(2).start().await;
    let old = OldKey::new(20_000, 3);
    app.put_old_keys(&[&old]);
    let token = app.token("acc_a");
    // Neither change has a revision to begin with, and neither is lost.
    let changes = [json!({ "name": "Till" }), json!({ "limit": 10 })];
    let calls = changes.iter().enumerate();
    let calls = calls.map(|(n, changes)| app.change(&old.id, changes).bearer(&token).on(n).send());
    for answer in join_all(calls).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let new = app.new_secret(&old.id, &json!({})).await;
    for (secret, remaining) in [(&old.secret, 6), (&new, 5)] {
        let answer = app.list().bearer(secret).await_status(200).await;
        assert_eq!(answer.limit_header("remaining"), Some(remaining));
        let shown = &answer.data()["apiKeys"][0];
        assert_eq!(
            (&shown["name"], &shown["createdBy"]),
            (&json!("Till"), &Value::Null)
        );
    }
    let path = format!("/api/v1/api-keys/{}/previous", old.id);
    app.call("DELETE", &path)
        .bearer(&token)
        .await_status(200)
        .await;
    app.list().bearer(&old.secret).await_status(401).await;
    app.list().bearer(&new).await_status(200).await;
    app.revoke(&old.id).bearer(&token).await_status(200).await;
    app.list().bearer(&new).await_status(401).await;
    let trail = app.call("GET", "/api/v1/audit-events").bearer(&token);
    let trail = trail.await_status(200).await;
    assert_eq!(trail.data()["events"].as_array().unwrap().len(), 5);
    let items = app.items();
    let workspace = items.iter().find(|item| item["sk"]["S"] == "WORKSPACE");
    assert_eq!(workspace.unwrap()["keyCount"]["N"], "0");
}

#[tokio::test]
async fn a_key_of_the_last_release_that_was_found_in_public_is_revoked() {
    let app = App::start().await;
    let (found, other) = (OldKey::new(20_000, 3), OldKey::new(HOUR, 1));
    app.put_old_keys(&[&found, &other]);
    let report = app.call("POST", "/api/v1/leaked-keys");
    let report = report.json(&json!({ "keys": [found.secret] }));
    report.await_status(202).await;
    app.list().bearer(&found.secret).await_status(401).await;
    let listed = app.list().bearer(&other.secret).await_status(200).await;
    assert_eq!(listed.key_ids(), [&*other.id]);
}

#[tokio::test]
async fn keys_of_both_releases_are_beside_each_other() {
    let app = App::start().await;
    let old: Vec<_> = (0..99).map(|_| OldKey::new(HOUR, 1)).collect();
    app.put_old_keys(&old.iter().collect::<Vec<_>>());
    let (id, secret) = app.new_key_with(json!({ "limit": 7 })).await;
    // Together they are as many as a workspace may have.
    let token = app.token("acc_a");
    app.create("x").bearer(&token).await_status(409).await;
    let listed = app.list().bearer(&secret).await_status(200).await;
    let ids = listed.key_ids();
    assert_eq!((ids.len(), ids[0]), (100, &*id));
    let by_old = app.revoke(&id).bearer(&old[0].secret);
    by_old.await_status(200).await;
    app.list().bearer(&secret).await_status(401).await;
    // A key with the defaults may give them to any key.
    let rotation = app.call("POST", &format!("/api/v1/api-keys/{}/rotate", old[1].id));
    rotation.bearer(&old[0].secret).await_status(200).await;
    app.create("x")
        .bearer(&old[1].secret)
        .await_status(201)
        .await;
}

#[tokio::test]
async fn an_old_function_admits_keys_without_restrictions_by_the_same_window() {
    let app = App::start().await;
    let (id, secret) = app.new_key("acc_a").await;
    let remaining = async |secret: &str| {
        let answer = app.list().bearer(secret).await_status(200).await;
        answer.limit_header("remaining").unwrap()
    };
    // An old function opens the first window, and this one counts on.
    assert_eq!(old_function(&app, &secret), Old::Admits);
    assert_eq!(remaining(&secret).await, 1998);
    assert_eq!(old_function(&app, &secret), Old::Admits);
    assert_eq!(remaining(&secret).await, 1996);
    assert_eq!(app.calls_of(&id).await, 4);
    let new = app.new_secret(&id, &json!({})).await;
    assert_eq!(old_function(&app, &new), Old::Admits);
    assert_eq!(remaining(&new).await, 1994);
    assert_eq!(app.calls_of(&id).await, 6);
    app.changed(&id, &json!({ "name": "Till" })).await;
    assert_eq!(old_function(&app, &new), Old::Admits);
}

#[tokio::test]
async fn an_old_function_admits_no_key_with_a_restriction() {
    let app = App::start().await;
    let expiry = Timestamp::now().plus_millis(2 * HOUR);
    for (restriction, default) in [
        (
            json!({ "scopes": ["tickets:read"] }),
            json!({ "scopes": ["*"] }),
        ),
        (
            json!({ "scopes": ["*", "*:read"] }),
            json!({ "scopes": ["*"] }),
        ),
        (json!({ "expiresAt": expiry }), json!({ "expiresAt": null })),
        (json!({ "enabled": false }), json!({ "enabled": true })),
        (
            json!({ "allowedIps": ["192.0.2.0/24"] }),
            json!({ "allowedIps": [] }),
        ),
        (json!({ "limit": 1999 }), json!({ "limit": null })),
    ] {
        // From its beginning.
        let (id, secret) = app.new_key_with(restriction.clone()).await;
        assert_eq!(old_function(&app, &secret), Old::Fails, "{restriction}");
        let new = app.new_secret(&id, &json!({})).await;
        assert_eq!(old_function(&app, &new), Old::Fails, "{restriction}");
        // Later, while its window is open and before it has one.
        for is_used in [true, false] {
            let (id, secret) = app.new_key("acc_a").await;
            if is_used {
                app.list().bearer(&secret).await_status(200).await;
            }
            let mut forced = restriction.clone();
            forced["force"] = json!(true);
            app.changed(&id, &forced).await;
            assert_eq!(old_function(&app, &secret), Old::Fails, "{restriction}");
            app.changed(&id, &default).await;
            assert_eq!(old_function(&app, &secret), Old::Admits, "{default}");
        }
    }
}

#[tokio::test]
async fn an_old_function_admits_no_secret_that_is_older_or_over() {
    let app = App::start().await;
    let token = app.token("acc_a");
    for is_used in [true, false] {
        let new_key = async || {
            let (id, secret) = app.new_key("acc_a").await;
            if is_used {
                app.list().bearer(&secret).await_status(200).await;
            }
            (id, secret)
        };
        // A pointer, before and after this release has noted its use; and what is left of it.
        let (id, older) = new_key().await;
        let current = app.new_secret(&id, &json!({})).await;
        assert_eq!(old_function(&app, &older), Old::Fails);
        app.list().bearer(&older).await_status(200).await;
        assert_eq!(old_function(&app, &older), Old::Fails);
        let path = format!("/api/v1/api-keys/{id}/previous");
        app.call("DELETE", &path)
            .bearer(&token)
            .await_status(200)
            .await;
        assert_eq!(old_function(&app, &older), Old::Refuses);
        assert_eq!(old_function(&app, &current), Old::Admits);

        let next = app.new_secret(&id, &json!({ "overlapSeconds": 0 })).await;
        assert_eq!(old_function(&app, &current), Old::Refuses);
        app.new_secret(&id, &json!({ "supersede": true })).await;
        let last = app.new_secret(&id, &json!({ "supersede": true })).await;
        assert_eq!(old_function(&app, &next), Old::Refuses);
        app.revoke(&id).bearer(&token).await_status(200).await;
        assert_eq!(old_function(&app, &last), Old::Refuses);

        let (_, found) = new_key().await;
        let report = app.call("POST", "/api/v1/leaked-keys");
        report
            .json(&json!({ "keys": [found] }))
            .await_status(202)
            .await;
        assert_eq!(old_function(&app, &found), Old::Refuses);
        // Trying has brought nothing back.
        for secret in [&older, &current, &next, &last, &found] {
            app.list().bearer(secret).await_status(401).await;
        }
    }
}
