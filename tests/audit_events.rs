//! The audit trail: every change of a key, who made it, and how (A key's life in openapi.yaml).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{App, ROUTES, resources::text, response::Response};

async fn trail(app: &App, query: &str) -> Vec<Value> {
    let answer = page(app, query).await;
    answer.data()["events"].as_array().unwrap().clone()
}

async fn page(app: &App, query: &str) -> Response {
    let call = app.call("GET", "/api/v1/audit-events").query(query);
    call.bearer(&app.token("acc_a")).await_status(200).await
}

fn actions(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn every_change_of_a_key_is_told_with_its_values_before_and_after() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    let changes = json!({ "enabled": true, "limit": 7, "name": "Stock" });
    let call = app.change(&id, &changes).bearer(&key).from("203.0.113.7");
    let changed = call
        .header("User-Agent", "n8n\u{7}/1.0")
        .await_status(200)
        .await;
    // Nothing changes, so nothing is told.
    app.change(&id, &changes)
        .bearer(&key)
        .await_status(200)
        .await;
    let path = format!("/api/v1/api-keys/{id}");
    let rotated = app
        .call("POST", &format!("{path}/rotate"))
        .bearer(&token)
        .await_status(200)
        .await;
    app.call("DELETE", &format!("{path}/previous"))
        .bearer(&token)
        .await_status(200)
        .await;
    app.revoke(&id).bearer(&token).await_status(200).await;

    let events = trail(&app, "").await;
    let expected = ["revoked", "overlap_ended", "rotated", "changed", "created"];
    assert_eq!(
        actions(&events),
        expected.map(|action| format!("api_key.{action}"))
    );
    assert!(events.iter().all(|event| event["target"] == *id));
    let change = &events[3];
    assert_eq!(change["actor"], json!({ "type": "api_key", "id": id }));
    assert_eq!(
        change["changes"],
        json!({ "name": { "from": "test", "to": "Stock" }, "limit": { "from": null, "to": 7 } })
    );
    assert_eq!(
        (
            &change["sourceIp"],
            &change["userAgent"],
            &change["requestId"]
        ),
        (
            &json!("203.0.113.7"),
            &json!("n8n/1.0"),
            &json!(changed.request_id())
        )
    );
    assert_eq!(events[4]["actor"], json!({ "type": "user", "id": "usr_1" }));
    assert_eq!(
        events[4]["changes"]["scopes"],
        json!({ "from": null, "to": ["*"] })
    );
    let prefix = json!({ "from": key[..12], "to": text(rotated.data(), "keyPrefix") });
    assert_eq!(events[2]["changes"]["keyPrefix"], prefix);
    assert_eq!(events[1]["changes"]["previous"]["to"], Value::Null);
    assert_eq!(
        events[0]["changes"]["name"],
        json!({ "from": "Stock", "to": null })
    );
    let told = json!(events).to_string();
    let new = text(rotated.data(), "key");
    assert!(!told.contains(&key[12..]) && !told.contains(&new[12..]));
    for item in app.items() {
        assert!(!item.to_string().contains(&new[12..]));
    }
}

#[tokio::test]
async fn the_trail_is_kept_for_a_year() {
    const YEAR: i64 = 365 * 24 * 60 * 60;
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    app.change(&id, &json!({ "name": "Stock" }))
        .bearer(&key)
        .await_status(200)
        .await;
    app.revoke(&id).bearer(&key).await_status(200).await;
    let number =
        |item: &Value, name: &str| -> i64 { item[name]["N"].as_str().unwrap().parse().unwrap() };
    let items = app.items();
    let entries = items.iter().filter(|item| !item["audited"].is_null());
    let kept = entries.map(|item| {
        let occurred = number(item, "occurredAt");
        number(item, "expiresAt") - occurred.div_euclid(1000)
    });
    let kept: Vec<_> = kept.collect();
    assert_eq!(kept.len(), 3);
    // The table counts in whole seconds, rounded up.
    assert!(
        kept.iter().all(|kept| (YEAR..=YEAR + 1).contains(kept)),
        "{kept:?}"
    );
}

#[tokio::test]
async fn the_trail_is_filtered_and_paged_and_stays_in_its_workspace() {
    let app = App::start().await;
    let mut ids = Vec::new();
    for sub in ["usr_1", "usr_2", "usr_1", "usr_2", "usr_1"] {
        ids.push(app.new_key_of("acc_a", sub).await.0);
    }
    app.new_key("acc_b").await;
    assert_eq!(trail(&app, "").await.len(), 5);
    assert_eq!(trail(&app, "actor=usr_2").await.len(), 2);
    let one = trail(&app, &format!("target={}&actor=usr_1", ids[2])).await;
    assert_eq!((one.len(), &one[0]["target"]), (1, &json!(ids[2])));
    assert_eq!(
        trail(&app, &format!("target={}&actor=usr_1", ids[1]))
            .await
            .len(),
        0
    );

    for (filter, expected) in [("", 5), ("actor=usr_1", 3)] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = page(&app, &format!("{filter}&limit=2{cursor}")).await;
            let events = answer.data()["events"].as_array().unwrap();
            assert!(events.len() <= 2);
            seen.extend(events.iter().map(|event| text(event, "id")));
            if answer.data()["hasMore"] == false {
                assert_eq!(answer.data()["cursor"], Value::Null);
                break;
            }
            cursor = format!("&cursor={}", text(answer.data(), "cursor"));
        }
        assert_eq!(seen.len(), expected);
        assert!(seen.is_sorted_by(|newer, older| newer >= older));
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), expected);
    }
    let cursor = text(page(&app, "limit=2").await.data(), "cursor");
    let call = |query: &str| app.call("GET", "/api/v1/audit-events").query(query);
    let other = call(&format!("cursor={cursor}")).bearer(&app.token("acc_b"));
    other.await_status(400).await;
    for wrong in [
        format!("cursor={cursor}&actor=usr_1"),
        "limit=0".to_owned(),
        "cursor=x".to_owned(),
    ] {
        call(&wrong)
            .bearer(&app.token("acc_a"))
            .await_status(400)
            .await;
    }
}

/// The writes that the audit trail does not tell, and why.
const EXEMPT: [(&str, &str); 18] = [
    ("POST /api/v1/auth/logout", "a session is no key"),
    ("POST /api/v1/tickets", TICKETS),
    ("POST /api/v1/tickets/{id}/messages", TICKETS),
    ("PATCH /api/v1/tickets/{id}", TICKETS),
    ("POST /api/v1/public/tickets", TICKETS),
    (
        "POST /api/v1/public/tickets/{accessToken}/messages",
        TICKETS,
    ),
    ("POST /api/v1/canned-replies", CONTENT),
    ("PATCH /api/v1/canned-replies/{id}", CONTENT),
    ("DELETE /api/v1/canned-replies/{id}", CONTENT),
    ("POST /api/v1/webhook-subscriptions", WEBHOOKS),
    ("PATCH /api/v1/webhook-subscriptions/{id}", WEBHOOKS),
    ("DELETE /api/v1/webhook-subscriptions/{id}", WEBHOOKS),
    ("POST /api/v1/webhook-subscriptions/{id}/test", WEBHOOKS),
    (
        "POST /api/v1/webhook-subscriptions/{id}/rotate-secret",
        WEBHOOKS,
    ),
    ("POST /api/v1/webhook-subscriptions/{id}/recover", WEBHOOKS),
    (
        "POST /api/v1/webhook-subscriptions/deliveries/{id}/retry",
        WEBHOOKS,
    ),
    ("OPTIONS /api/v1/public/{proxy+}", "it writes nothing"),
    ("$default", "it writes nothing"),
];

const TICKETS: &str = "a ticket keeps its own history";
const CONTENT: &str = "what people write is no access";
const WEBHOOKS: &str = "the trail is about keys";

#[tokio::test]
async fn every_write_is_in_the_audit_trail_or_exempt() {
    let app = App::start().await;
    let exempt: BTreeSet<_> = EXEMPT.iter().map(|(key, _)| (*key).to_owned()).collect();
    let mut writes = BTreeSet::from(["$default".to_owned()]);
    for route in ROUTES.iter() {
        let key = route.key();
        let is_write = !key.starts_with("GET ") && !key.starts_with("HEAD ") && key != "$default";
        if !is_write {
            continue;
        }
        writes.insert(key.clone());
        if exempt.contains(&key) {
            continue;
        }
        let mut event = crate::events::event(&route.function, "");
        if event["body"]
            .as_str()
            .is_some_and(|body| body.contains("{key}"))
        {
            event = app.found(event, &app.new_key("acc_a").await.1);
        }
        let body = event["body"].clone();
        let call = app.call_of(route, "acc_a").await;
        let mut call = call.bearer(&app.token("acc_a"));
        for (name, value) in event["headers"].as_object().unwrap() {
            if name.starts_with("github-") {
                call = call.header(name, value.as_str().unwrap());
            }
        }
        let call = call
            .body(body.as_str().unwrap_or_default())
            .from("192.0.2.1");
        let before = trail(&app, "").await.len();
        let answer = call.send().await;
        assert!(answer.status < 300, "{key}: {answer:?}");
        let events = trail(&app, "").await;
        assert_eq!(
            events.len(),
            before + 1,
            "{key} is neither in the trail nor exempt"
        );
        assert_eq!(events[0]["requestId"], answer.request_id());
    }
    let stale: Vec<_> = exempt.difference(&writes).collect();
    assert!(stale.is_empty(), "no such writes: {stale:?}");
}
