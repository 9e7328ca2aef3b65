//! What a report of a leak does to a key: to its secret, to an older one, and to one that is over.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::app::{App, github::report, resources::text};

const HOUR: i64 = 60 * 60 * 1000;

/// Rotates a key, and returns its new secret; `None` if there is no such key.
async fn rotate(app: &App, id: &str, terms: &Value) -> Option<String> {
    let call = app.call("POST", &format!("/api/v1/api-keys/{id}/rotate"));
    let rotated = call.json(terms).bearer(&app.token("acc_a")).send().await;
    match rotated.status {
        200 => Some(text(rotated.data(), "key")),
        404 => None,
        _ => panic!("{rotated:?}"),
    }
}

/// Reports a token as GitHub does, and returns the label of the answer.
async fn label(app: &App, token: &str) -> String {
    let answer = app.scanned(&report(&[token])).await_status(200).await;
    text(&answer.envelope()[0], "label")
}

/// The data of the events of exposed keys.
fn events(app: &App) -> Vec<Value> {
    let items = app.items();
    let exposed = items
        .iter()
        .filter(|item| item["type"]["S"] == "suppuo.api_key.exposed.v1");
    exposed
        .map(|item| serde_json::from_str(item["data"]["S"].as_str().unwrap()).unwrap())
        .collect()
}

/// What the audit trail says of a key.
async fn trail(app: &App, id: &str) -> Vec<Value> {
    let call = app.call("GET", "/api/v1/audit-events");
    let call = call.query(&format!("target={id}"));
    let listed = call.bearer(&app.token("acc_a")).await_status(200).await;
    listed.data()["events"].as_array().unwrap().clone()
}

async fn works(app: &App, key: &str) -> bool {
    let answer = app.list().bearer(key).send().await;
    assert!(matches!(answer.status, 200 | 401), "{answer:?}");
    answer.status == 200
}

#[tokio::test]
async fn a_report_is_in_the_audit_trail_and_told_to_webhooks_once() {
    let app = App::start().await;
    for source in ["github", "leak_report"] {
        let (id, key) = app.new_key("acc_a").await;
        let send = async || {
            let leaked = app.call("POST", "/api/v1/leaked-keys");
            let call = match source {
                "github" => app.scanned(&report(&[&key])),
                _ => leaked.json(&json!({ "keys": [key] })),
            };
            let call = call.from("198.51.100.7").header("user-agent", "a scanner");
            assert!(call.send().await.status < 300);
        };
        send().await;
        let told = json!({
            "keyId": id, "name": "test", "keyPrefix": key[..12], "source": source, "onlyPrevious": false,
        });
        assert!(events(&app).contains(&told), "{:?}", events(&app));
        let told = events(&app).len();
        let entries = trail(&app, &id).await;
        assert_eq!(entries[0]["action"], "api_key.exposed");
        let actor = json!({ "type": source, "id": source });
        assert_eq!(entries[0]["actor"], actor);
        assert_eq!(entries[0]["sourceIp"], "198.51.100.7");
        assert_eq!(entries[0]["userAgent"], "a scanner");
        assert!(!works(&app, &key).await);
        // A second report finds it over.
        send().await;
        assert_eq!(events(&app).len(), told);
        assert_eq!(trail(&app, &id).await, entries);
    }
    assert_eq!(events(&app).len(), 2);
}

#[tokio::test]
async fn of_a_key_whose_older_secret_was_found_only_the_overlap_ends() {
    let app = App::start().await;
    let (id, old) = app.new_key("acc_a").await;
    let new = rotate(&app, &id, &json!({})).await.unwrap();
    assert!(works(&app, &old).await);
    assert_eq!(label(&app, &old).await, "true_positive");
    assert!(!works(&app, &old).await && works(&app, &new).await);
    let told = events(&app);
    let expected = json!([{
        "keyId": id, "name": "test", "keyPrefix": new[..12], "source": "github", "onlyPrevious": true,
    }]);
    assert_eq!(json!(told), expected);
    let entries = trail(&app, &id).await;
    assert_eq!(entries[0]["action"], "api_key.exposed");
    assert_eq!(entries[0]["changes"]["previous"]["to"], Value::Null);
    let listed = app.list().bearer(&new).await_status(200).await;
    assert_eq!(listed.data()["apiKeys"][0]["previous"], Value::Null);
    // Once more, and then the new secret.
    assert_eq!(label(&app, &old).await, "true_positive");
    assert_eq!(events(&app), told);
    assert!(works(&app, &new).await);
    assert_eq!(label(&app, &new).await, "true_positive");
    assert!(!works(&app, &new).await);
    assert_eq!(events(&app).len(), 2);
}

#[tokio::test]
async fn of_a_key_whose_newer_secret_was_found_both_secrets_end() {
    let app = App::start().await;
    let (id, old) = app.new_key("acc_a").await;
    let new = rotate(&app, &id, &json!({})).await.unwrap();
    assert_eq!(label(&app, &new).await, "true_positive");
    assert!(!works(&app, &old).await && !works(&app, &new).await);
    assert_eq!(events(&app).len(), 1);
    for secret in [&old, &new] {
        assert_eq!(label(&app, secret).await, "true_positive");
    }
    assert_eq!(events(&app).len(), 1);
}

#[tokio::test]
async fn a_secret_that_is_over_was_ours_however_it_ended() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let (revoked_id, revoked) = app.new_key("acc_a").await;
    app.revoke(&revoked_id)
        .bearer(&token)
        .await_status(200)
        .await;
    let (id, superseded) = app.new_key("acc_a").await;
    let second = rotate(&app, &id, &json!({ "overlapSeconds": 0 }))
        .await
        .unwrap();
    let third = rotate(&app, &id, &json!({ "overlapSeconds": 3600 }))
        .await
        .unwrap();
    app.step_clock(0, HOUR + 1000);
    let before = events(&app);
    for over in [&revoked, &superseded, &second] {
        assert_eq!(label(&app, over).await, "true_positive");
    }
    assert_eq!(events(&app), before);
    assert!(works(&app, &third).await);
}

#[tokio::test]
async fn a_secret_that_is_refused_for_now_does_not_come_back() {
    let app = App::start().await;
    // The test moves the clock by hours.
    let later = shared::Timestamp::now()
        .plus_millis(24 * HOUR)
        .as_secs_ceil();
    let token = json!({ "sub": "usr_1", "accountId": "acc_a", "exp": later });
    let token = app.issuer.token(&token);
    let path = |id: &str| format!("/api/v1/api-keys/{id}");
    let change = async |id: &str, changes: Value| {
        let call = app.call("PATCH", &path(id)).json(&changes);
        call.bearer(&token).send().await.status
    };
    let (id, off) = app.new_key("acc_a").await;
    assert_eq!(change(&id, json!({ "enabled": false })).await, 200);
    assert_eq!(label(&app, &off).await, "true_positive");
    assert_eq!(change(&id, json!({ "enabled": true })).await, 404);

    // It expires during an overlap, and gets a later expiry afterwards.
    let at = |hours: i64| shared::Timestamp::now().plus_millis(hours * HOUR);
    let (id, old) = app.new_key("acc_a").await;
    let new = rotate(&app, &id, &json!({ "overlapSeconds": 36_000 }))
        .await
        .unwrap();
    let expiry = json!({ "expiresAt": at(2).to_string() });
    assert_eq!(change(&id, expiry).await, 200);
    app.step_clock(0, 3 * HOUR);
    assert_eq!(label(&app, &old).await, "true_positive");
    let expiry = json!({ "expiresAt": at(30).to_string() });
    assert_eq!(change(&id, expiry).await, 200);
    assert!(works(&app, &new).await);
    assert!(!works(&app, &old).await);
}

#[tokio::test]
async fn a_report_that_races_a_rotation_ends_what_was_found_and_nothing_else() {
    let app = App::builder().instances(2).start().await;
    for _ in 0..8 {
        let (id, key) = app.new_key("acc_a").await;
        let terms = json!({});
        let (label, new) = join(label(&app, &key), rotate(&app, &id, &terms)).await;
        assert_eq!(label, "true_positive");
        assert!(!works(&app, &key).await);
        if let Some(new) = new {
            assert!(works(&app, &new).await, "nobody has found it");
        }
    }
}

/// By the clock that rotates it again its overlap is over, by the other one it is not.
#[tokio::test]
async fn a_secret_that_is_older_than_the_older_one_is_over_by_any_clock() {
    let app = App::builder().instances(2).start().await;
    let (id, first) = app.new_key("acc_a").await;
    let rotate_on = async |instance: usize, seconds: i64| {
        let terms = json!({ "overlapSeconds": seconds });
        let call = app.call("POST", &format!("/api/v1/api-keys/{id}/rotate"));
        let call = call.json(&terms).bearer(&app.token("acc_a")).on(instance);
        text(call.await_status(200).await.data(), "key")
    };
    let second = rotate_on(0, 30).await;
    app.step_clock(1, 31_000);
    let third = rotate_on(1, 3600).await;
    let refused = app.list().bearer(&first).on(0).await_status(401).await;
    assert_eq!(refused.code(), "INVALID_TOKEN");
    let report = app.call("POST", "/api/v1/leaked-keys");
    let report = report.json(&json!({ "keys": [first] })).on(0);
    report.await_status(202).await;
    assert!(events(&app).is_empty());
    assert!(works(&app, &second).await && works(&app, &third).await);
}
