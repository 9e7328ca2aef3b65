//! What a key may do, from where, how often and until when (A key's life in openapi.yaml).
//!
//! Over 400 lines: one subject, and the tests share what they create keys with.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::Timestamp;

use crate::app::{App, Call, resources::text, response::keys};

const HOUR: i64 = 60 * 60 * 1000;

impl App {
    pub fn change(&self, id: &str, changes: &Value) -> Call<'_> {
        self.call("PATCH", &format!("/api/v1/api-keys/{id}"))
            .json(changes)
    }

    /// A call that creates a key with these settings.
    pub fn create_with(&self, mut settings: Value) -> Call<'_> {
        settings["name"] = json!("test");
        self.call("POST", "/api/v1/api-keys").json(&settings)
    }

    /// A new key of `acc_a` with these settings: its id and its secret.
    pub async fn new_key_with(&self, settings: Value) -> (String, String) {
        let call = self.create_with(settings).bearer(&self.token("acc_a"));
        let created = call.await_status(201).await;
        (text(created.data(), "id"), text(created.data(), "key"))
    }
}

#[tokio::test]
async fn a_key_has_the_default_settings_until_it_is_told_otherwise() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    let expected = json!({
        "scopes": ["*"], "expiresAt": null, "enabled": true, "allowedIps": [], "limit": null, "previous": null,
        "createdBy": { "type": "user", "id": "usr_1" },
    });
    let listed = app.list().bearer(&key).await_status(200).await;
    for field in keys(&expected) {
        assert_eq!(
            listed.data()["apiKeys"][0][&field],
            expected[&field],
            "{field}"
        );
    }
    let at = Timestamp::now().plus_millis(2 * HOUR);
    let changes = json!({
        "name": " Stock  ", "scopes": ["api_keys:write", "tickets:read"], "expiresAt": at, "limit": 7,
        "allowedIps": ["0.0.0.0/0", "2001:db8::/32"],
    });
    let changed = app
        .change(&id, &changes)
        .bearer(&key)
        .from("192.0.2.1")
        .await_status(200)
        .await;
    let mut expected = changes.clone();
    expected["name"] = json!("Stock");
    for field in keys(&expected) {
        assert_eq!(changed.data()[&field], expected[&field], "{field}");
    }
    let listed = app
        .list()
        .bearer(&key)
        .from("192.0.2.1")
        .await_status(200)
        .await;
    assert_eq!(listed.data()["apiKeys"][0]["scopes"], expected["scopes"]);
    assert_eq!(listed.limit_header("limit"), Some(7));

    let back = json!({ "expiresAt": null, "limit": null, "allowedIps": [], "scopes": ["*"] });
    let refused = app
        .change(&id, &back)
        .bearer(&key)
        .from("192.0.2.1")
        .await_status(403)
        .await;
    assert_eq!(refused.code(), "FORBIDDEN");
    let token = app.token("acc_a");
    let changed = app
        .change(&id, &back)
        .bearer(&token)
        .await_status(200)
        .await;
    for field in keys(&back) {
        assert_eq!(changed.data()[&field], back[&field], "{field}");
    }
    app.change("ak_01jxe0000000000000000000rt", &back)
        .bearer(&token)
        .await_status(404)
        .await;
    app.change(&id, &back)
        .bearer(&app.token("acc_b"))
        .await_status(404)
        .await;
}

#[tokio::test]
async fn a_setting_that_breaks_its_rule_is_refused() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let (id, _) = app.new_key("acc_a").await;
    let now = Timestamp::now();
    let soon = now.plus_millis(HOUR - 60_000);
    let late = now.plus_years(5).plus_millis(HOUR);
    for (field, values) in [
        (
            "scopes",
            vec![
                json!([]),
                json!(["tickets"]),
                json!(vec!["tickets:read"; 21]),
                json!(["*:write"]),
                json!("*"),
                json!([7]),
            ],
        ),
        (
            "expiresAt",
            vec![json!(soon), json!(late), json!("2026-01-01"), json!(7)],
        ),
        ("enabled", vec![json!("true"), json!(0)]),
        (
            "allowedIps",
            vec![
                json!(["10.0.0.1"]),
                json!(["10.0.0.1/8"]),
                json!(["::1/0"]),
                json!("10.0.0.0/8"),
            ],
        ),
        (
            "limit",
            vec![json!(0), json!(2000), json!(-1), json!("7"), json!(1.5)],
        ),
        ("name", vec![json!(""), json!(7)]),
    ] {
        for value in values {
            let changes = json!({ field: value });
            let refused = app
                .change(&id, &changes)
                .bearer(&token)
                .await_status(400)
                .await;
            assert_eq!(refused.param(), Some(field), "{changes}");
            if field != "name" {
                let refused = app
                    .create_with(changes)
                    .bearer(&token)
                    .await_status(400)
                    .await;
                assert_eq!(refused.param(), Some(field));
            }
        }
    }
    let blocks: Vec<_> = (0..21).map(|n| format!("10.{n}.0.0/16")).collect();
    app.change(&id, &json!({ "allowedIps": blocks }))
        .bearer(&token)
        .await_status(400)
        .await;
    for nothing in [json!({}), json!({ "name": null }), json!({ "force": true })] {
        app.change(&id, &nothing)
            .bearer(&token)
            .await_status(400)
            .await;
    }
}

#[tokio::test]
async fn an_expired_key_is_refused_and_says_so() {
    let app = App::builder().instances(2).start().await;
    let at = Timestamp::now().plus_millis(2 * HOUR);
    let (id, key) = app.new_key_with(json!({ "expiresAt": at })).await;
    for instance in 0..2 {
        app.list().bearer(&key).on(instance).await_status(200).await;
    }
    app.step_clock(1, 2 * HOUR + 1);
    let expired = app.list().bearer(&key).on(1).await_status(401).await;
    assert_eq!(expired.code(), "INVALID_TOKEN");
    assert!(
        expired.message().contains("expired"),
        "{}",
        expired.message()
    );
    app.list().bearer(&key).on(0).await_status(200).await;
    let later = json!({ "expiresAt": at.plus_millis(2 * HOUR) });
    app.change(&id, &later)
        .bearer(&app.token("acc_a"))
        .on(0)
        .await_status(200)
        .await;
    app.list().bearer(&key).on(1).await_status(200).await;
}

#[tokio::test]
async fn a_key_is_switched_off_and_on() {
    let app = App::builder().instances(2).start().await;
    let (id, key) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    app.list().bearer(&key).on(1).await_status(200).await;
    app.change(&id, &json!({ "enabled": false }))
        .bearer(&token)
        .on(0)
        .await_status(200)
        .await;
    let off = app.list().bearer(&key).on(1).await_status(401).await;
    assert_eq!(off.code(), "INVALID_TOKEN");
    assert!(off.message().contains("switched off"), "{}", off.message());
    app.change(&id, &json!({ "enabled": true }))
        .bearer(&token)
        .on(0)
        .await_status(200)
        .await;
    app.list().bearer(&key).on(1).await_status(200).await;
}

#[tokio::test]
async fn a_key_is_used_from_its_addresses_alone() {
    let app = App::builder().instances(2).start().await;
    let blocks = json!({ "allowedIps": ["203.0.113.0/24", "2001:db8::/32"] });
    let (id, key) = app.new_key_with(blocks).await;
    let from = |address: &'static str| app.list().bearer(&key).from(address);
    let limit = from("203.0.113.9")
        .await_status(200)
        .await
        .limit_header("limit")
        .unwrap();
    for address in ["203.0.112.9", "2001:db9::1", "::1", ""] {
        let refused = from(address).await_status(403).await;
        assert_eq!(refused.code(), "FORBIDDEN");
        assert_eq!(refused.limit_header("limit"), Some(limit));
    }
    let next = from("2001:db8::7").await_status(200).await;
    // The refused calls were none of the limit.
    assert_eq!(next.limit_header("remaining"), Some(limit - 2));

    // Another instance has seen the list. A change bites at once.
    from("203.0.113.9").on(1).await_status(200).await;
    let token = app.token("acc_a");
    let narrower = json!({ "allowedIps": ["203.0.113.128/25"] });
    app.change(&id, &narrower)
        .bearer(&token)
        .on(0)
        .await_status(200)
        .await;
    from("203.0.113.9").on(1).await_status(403).await;
    from("203.0.113.200").on(1).await_status(200).await;
    app.change(&id, &json!({ "allowedIps": [] }))
        .bearer(&token)
        .on(0)
        .await_status(200)
        .await;
    from("198.51.100.1").on(1).await_status(200).await;
}

#[tokio::test]
async fn a_list_that_was_seen_costs_no_request_more() {
    let app = App::start().await;
    let (_, key) = app
        .new_key_with(json!({ "allowedIps": ["203.0.113.0/24"] }))
        .await;
    let mut costs = Vec::new();
    for address in ["203.0.113.1", "203.0.113.2", "198.51.100.1", "203.0.113.3"] {
        app.operations();
        app.list().bearer(&key).from(address).send().await;
        let operations = app.operations();
        let writes = operations
            .iter()
            .filter(|operation| operation.name != "Query");
        costs.push(writes.count());
    }
    // The first call opens a window, too.
    assert_eq!(costs, [2, 1, 1, 1]);
}

#[tokio::test]
async fn nobody_shuts_their_own_address_out_without_force() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    let list = |force: bool| json!({ "allowedIps": ["203.0.113.0/24"], "force": force });
    for credential in [&key, &app.token("acc_a")] {
        let call = app
            .change(&id, &list(false))
            .bearer(credential)
            .from("198.51.100.1");
        let refused = call.await_status(409).await;
        assert_eq!(
            (refused.code(), refused.param()),
            ("CONFLICT", Some("allowedIps"))
        );
    }
    app.change(&id, &list(false))
        .bearer(&key)
        .from("203.0.113.1")
        .await_status(200)
        .await;
    let (id, key) = app.new_key("acc_a").await;
    app.change(&id, &list(true))
        .bearer(&key)
        .from("198.51.100.1")
        .await_status(200)
        .await;
    app.list()
        .bearer(&key)
        .from("198.51.100.1")
        .await_status(403)
        .await;
}

#[tokio::test]
async fn a_keys_own_limit_is_never_exceeded_on_several_instances() {
    let app = App::builder().instances(4).start().await;
    let (id, key) = app.new_key_with(json!({ "limit": 20 })).await;
    app.list().bearer(&key).await_status(200).await;
    let calls = join_all((0..60).map(|n| app.list().bearer(&key).on(n % 4).send())).await;
    let admitted = calls.iter().filter(|answer| answer.status == 200).count();
    assert!(admitted <= 19, "{admitted}");
    let over = app.list().bearer(&key).await_status(429).await;
    assert_eq!(
        (over.limit_header("limit"), over.limit_header("remaining")),
        (Some(20), Some(0))
    );
    assert!(over.message().contains("20 calls"), "{}", over.message());
    let token = app.token("acc_a");
    app.change(&id, &json!({ "limit": 100 }))
        .bearer(&token)
        .await_status(200)
        .await;
    let next = app.list().bearer(&key).await_status(200).await;
    assert_eq!(next.limit_header("limit"), Some(100));
    // The deployment's limit stands above it.
    let lower = app.sibling().caller_limit(10).start().await;
    lower.list().bearer(&key).await_status(429).await;
}

/// Settings of a calling key, and settings that are more and that are not.
#[tokio::test]
async fn no_key_makes_more_of_itself() {
    let app = App::start().await;
    let at = |hours: i64| json!(Timestamp::now().plus_millis(hours * HOUR));
    let bound = json!({
        "scopes": ["api_keys:write", "tickets:read"], "expiresAt": at(10), "allowedIps": ["192.0.2.0/24"],
        "limit": 500,
    });
    let (own, key) = app.new_key_with(bound.clone()).await;
    let (wider, _) = app.new_key("acc_a").await;
    let mut within = bound.clone();
    within["expiresAt"] = at(9);
    within["allowedIps"] = json!(["192.0.2.0/25", "192.0.2.128/26"]);
    within["limit"] = json!(499);
    let call = async |call: Call<'_>| call.bearer(&key).from("192.0.2.1").send().await;
    let created = call(app.create_with(within.clone())).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(
        created.data()["createdBy"],
        json!({ "type": "api_key", "id": own })
    );
    let other = text(created.data(), "id");
    for (field, more) in [
        (
            "scopes",
            vec![
                json!(["*"]),
                json!(["*:read"]),
                json!(["tickets:write"]),
                Value::Null,
            ],
        ),
        ("expiresAt", vec![at(11), Value::Null]),
        (
            "allowedIps",
            vec![
                json!([]),
                json!(["192.0.0.0/16"]),
                json!(["192.0.2.0/25", "::/0"]),
            ],
        ),
        ("limit", vec![json!(501), Value::Null]),
    ] {
        for value in more {
            let mut settings = within.clone();
            settings[field] = value.clone();
            let refused = call(app.create_with(settings)).await;
            assert_eq!(
                (refused.status, refused.code()),
                (403, "FORBIDDEN"),
                "{field} {value}"
            );
            // In a change, a list that is `null` stays as it is.
            if value.is_null() && matches!(field, "scopes" | "allowedIps") {
                continue;
            }
            for id in [&own, &other] {
                let refused = call(app.change(id, &json!({ field: value }))).await;
                assert_eq!(refused.status, 403, "{field} {value}");
            }
        }
    }
    for id in [&own, &other] {
        let changed = call(app.change(id, &json!({ "name": "new", "limit": 400 }))).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }
    // A key that has more can be neither changed nor rotated.
    assert_eq!(
        call(app.change(&wider, &json!({ "name": "mine" })))
            .await
            .status,
        403
    );
    let rotate = app.call("POST", &format!("/api/v1/api-keys/{wider}/rotate"));
    assert_eq!(call(rotate).await.status, 403);
    assert_eq!(call(app.revoke(&wider)).await.status, 200);
}

#[tokio::test]
async fn concurrent_changes_lose_nothing() {
    let app = App::builder().instances(4).start().await;
    let (id, key) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    let all = [
        json!({ "name": "new" }),
        json!({ "limit": 50 }),
        json!({ "scopes": ["api_keys:read"] }),
        json!({ "expiresAt": Timestamp::now().plus_millis(2 * HOUR) }),
    ];
    let changes = all.iter().enumerate();
    let calls = changes.map(|(n, changes)| app.change(&id, changes).bearer(&token).on(n).send());
    for answer in join_all(calls).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let listed = app.list().bearer(&key).await_status(200).await;
    for changes in &all {
        for field in keys(changes) {
            assert_eq!(listed.data()["apiKeys"][0][&field], changes[&field]);
        }
    }
}
