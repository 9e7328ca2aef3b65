//! Webhook subscriptions (Webhooks in openapi.yaml).

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::{domain::event_type::EventType, time::HOUR};
use strum::VariantArray;

use crate::app::{
    App, Call,
    reference::document,
    resources::{NO_RECEIVER, text},
    response::keys,
};

const PATH: &str = "/api/v1/webhook-subscriptions";

const FIELDS: [&str; 11] = [
    "active",
    "consecutiveFailures",
    "createdAt",
    "disabledAt",
    "disabledReason",
    "events",
    "failingSince",
    "heldUntil",
    "id",
    "updatedAt",
    "url",
];

impl App {
    pub fn subscribe(&self, body: &Value) -> Call<'_> {
        self.call("POST", PATH).json(body)
    }

    /// A call of one subscription: `test`, `rotate-secret`… or none of them.
    pub fn subscription(&self, method: &str, id: &str, action: &str) -> Call<'_> {
        let path = format!("{PATH}/{id}/{action}");
        self.call(method, path.trim_end_matches('/'))
    }

    /// A new subscription of this URL to everything: its id and its secret.
    pub async fn subscribed(&self, token: &str, url: &str) -> (String, String) {
        let created = self.subscribe(&json!({ "url": url })).bearer(token);
        let created = created.await_status(201).await;
        (text(created.data(), "id"), text(created.data(), "secret"))
    }

    pub async fn subscriptions(&self, token: &str) -> Vec<Value> {
        let listed = self.call("GET", PATH).bearer(token).await_status(200).await;
        listed.data()["subscriptions"].as_array().unwrap().clone()
    }

    /// Changes attributes of the item of a subscription, as the deliveries do.
    pub fn change_item(&self, id: &str, attributes: &Value) {
        let sort = format!("WEBHOOK#{id}");
        let mut items = self.items();
        items.retain(|item| item["sk"]["S"] == *sort);
        let item = items[0].as_object_mut().unwrap();
        item.extend(attributes.as_object().unwrap().clone());
        self.put_all(items);
    }
}

#[tokio::test]
async fn a_subscription_is_created_listed_changed_and_deleted() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let created = app.subscribe(&json!({ "url": NO_RECEIVER, "unknown": 1 }));
    let created = created.bearer(&key).await_status(201).await.data().clone();
    let id = text(&created, "id");
    assert!(id.starts_with("whs_") && id.len() == 30);
    assert_eq!(created["events"], json!(["*"]));
    assert_eq!(
        (&created["active"], &created["consecutiveFailures"]),
        (&json!(true), &json!(0))
    );
    for unset in ["failingSince", "heldUntil", "disabledAt", "disabledReason"] {
        assert!(created[unset].is_null(), "{unset}");
    }
    assert_eq!(created["createdAt"], created["updatedAt"]);

    // Only the answer to its creation has the secret.
    let mut shown = created.clone();
    shown.as_object_mut().unwrap().remove("secret").unwrap();
    assert_eq!(keys(&shown), FIELDS);
    assert_eq!(app.subscriptions(&key).await, [shown.clone()]);

    for (changes, name, value) in [
        (
            json!({ "events": ["suppuo.ticket.*"] }),
            "events",
            json!(["suppuo.ticket.*"]),
        ),
        (
            json!({ "active": false, "url": null }),
            "active",
            json!(false),
        ),
        (
            json!({ "url": "https://1.1.1.1:8443/x", "id": "whs_mine", "secret": "mine" }),
            "url",
            json!("https://1.1.1.1:8443/x"),
        ),
    ] {
        let change = app
            .subscription("PATCH", &id, "")
            .json(&changes)
            .bearer(&key);
        let changed = change.await_status(200).await.data().clone();
        assert!(text(&changed, "updatedAt") >= text(&shown, "updatedAt"));
        shown[name] = value;
        shown["updatedAt"] = changed["updatedAt"].clone();
        assert_eq!(changed, shown);
        assert_eq!(app.subscriptions(&key).await, [shown.clone()]);
    }

    let deleted = app.subscription("DELETE", &id, "").bearer(&key);
    let deleted = deleted.await_status(200).await;
    assert_eq!(deleted.data(), &json!({ "deleted": true }));
    for (method, action, body) in [
        ("DELETE", "", json!({})),
        ("PATCH", "", json!({ "active": true })),
        ("POST", "test", json!({})),
        ("POST", "rotate-secret", json!({})),
        (
            "POST",
            "recover",
            json!({ "since": shared::Timestamp::now().to_string() }),
        ),
    ] {
        let gone = app
            .subscription(method, &id, action)
            .json(&body)
            .bearer(&key);
        let gone = gone.await_status(404).await;
        assert_eq!(
            gone.message(),
            "The workspace has no webhook subscription with this id. Check the id, and that the credential is of the \
             right workspace.",
            "{action}"
        );
    }
    assert_eq!(app.subscriptions(&key).await, [] as [Value; 0]);
}

#[tokio::test]
async fn subscriptions_are_listed_newest_first_within_their_workspace() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, app.subscribed(&token, NO_RECEIVER).await.0);
    }
    app.subscribed(&app.token("acc_b"), NO_RECEIVER).await;
    let listed = app.subscriptions(&token).await;
    let listed: Vec<_> = listed.iter().map(|one| text(one, "id")).collect();
    assert_eq!(listed, ids);
    assert_eq!(app.subscriptions(&app.token("acc_b")).await.len(), 1);
}

#[tokio::test]
async fn the_types_are_those_that_the_reference_has() {
    let app = App::start().await;
    let types = app.call("GET", &format!("{PATH}/event-types"));
    let types = types.bearer(&app.token("acc_a")).await_status(200).await;
    let types = types.data()["types"].as_array().unwrap();
    let names: Vec<_> = types.iter().map(|one| text(one, "type")).collect();
    let known: Vec<_> = EventType::VARIANTS.iter().map(|one| one.as_str()).collect();
    assert_eq!(names, known);
    for one in types {
        assert_eq!(keys(one), ["description", "type"]);
        assert!(text(one, "description").ends_with('.'));
    }
    let document = document();
    assert_eq!(
        document["components"]["schemas"]["WebhookEventType"]["enum"],
        json!(known)
    );
    let mut sorted = known.clone();
    sorted.sort_unstable();
    assert_eq!(keys(&document["webhooks"]), sorted);
}

#[tokio::test]
async fn a_workspace_has_up_to_20_subscriptions_however_they_come() {
    let app = App::builder().instances(2).start().await;
    let token = app.token("acc_a");
    let create = |n: usize| {
        let body = json!({ "url": NO_RECEIVER });
        app.subscribe(&body).bearer(&token).on(n % 2).send()
    };
    let answers = join_all((0..24).map(create)).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    // Creations at the same time may get a 409 for that.
    for n in created..20 {
        assert_eq!(create(n).await.status, 201);
    }
    assert_eq!(app.subscriptions(&token).await.len(), 20);
    let refused = create(0).await;
    assert_eq!(
        (refused.status, refused.code(), refused.message()),
        (
            409,
            "CONFLICT",
            "The workspace has 20 webhook subscriptions already. Delete one that is not needed."
        )
    );
    // Another workspace has room, and a deletion makes room.
    app.subscribed(&app.token("acc_b"), NO_RECEIVER).await;
    let id = text(&app.subscriptions(&token).await[7], "id");
    let delete = app.subscription("DELETE", &id, "").bearer(&token);
    delete.await_status(200).await;
    assert_eq!((create(0).await.status, create(1).await.status), (201, 409));
}

#[tokio::test]
async fn a_change_needs_a_field_and_concurrent_ones_keep_each_others() {
    let app = App::builder().instances(2).start().await;
    let token = app.token("acc_a");
    let (id, _) = app.subscribed(&token, NO_RECEIVER).await;
    let change = |body: &Value| app.subscription("PATCH", &id, "").json(body).bearer(&token);
    for nothing in [
        json!({}),
        json!({ "active": null }),
        json!({ "unknown": 1 }),
    ] {
        let refused = change(&nothing).await_status(400).await;
        let rule = "One of `url`, `events` and `active` is required.";
        assert_eq!(refused.message(), rule);
    }
    for wrong in [json!("true"), json!(1), json!([])] {
        let refused = change(&json!({ "active": wrong })).await_status(400).await;
        let told = (refused.message(), refused.param());
        assert_eq!(told, ("`active` must be true or false.", Some("active")));
    }
    let changes = [
        json!({ "active": false }),
        json!({ "events": ["suppuo.test.v1"] }),
    ];
    let changes = changes
        .iter()
        .enumerate()
        .map(|(n, body)| change(body).on(n).await_status(200));
    join_all(changes).await;
    let now = &app.subscriptions(&token).await[0];
    assert_eq!(
        (&now["active"], &now["events"]),
        (&json!(false), &json!(["suppuo.test.v1"]))
    );
}

#[tokio::test]
async fn switching_on_forgets_the_failures() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let (id, _) = app.subscribed(&token, NO_RECEIVER).await;
    let at = shared::Timestamp::now().plus_millis(-30 * HOUR);
    let moment = json!({ "N": at.as_millis().to_string() });
    app.change_item(
        &id,
        &json!({
            "active": { "BOOL": false },
            "consecutiveFailures": { "N": "20" },
            "failingSince": moment,
            "disabledAt": moment,
            "disabledReason": { "S": "failing" },
            "heldUntil": moment,
            "lastHold": { "N": "60000" },
        }),
    );
    let failing = &app.subscriptions(&token).await[0];
    assert_eq!(failing["disabledReason"], "failing");
    assert_eq!(failing["failingSince"], at.to_string());

    // Other changes keep them.
    let change = |body: Value| {
        app.subscription("PATCH", &id, "")
            .json(&body)
            .bearer(&token)
    };
    let kept = change(json!({ "events": ["suppuo.ticket.*"] }))
        .await_status(200)
        .await;
    assert_eq!(kept.data()["consecutiveFailures"], 20);
    let on = change(json!({ "active": true })).await_status(200).await;
    assert_eq!(
        (&on.data()["active"], &on.data()["consecutiveFailures"]),
        (&json!(true), &json!(0))
    );
    for forgotten in ["failingSince", "heldUntil", "disabledAt", "disabledReason"] {
        assert!(on.data()[forgotten].is_null(), "{forgotten}");
    }
}
