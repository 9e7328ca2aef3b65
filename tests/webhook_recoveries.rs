//! Recoveries of more deliveries than a request has time for, and of old ones (Webhooks in openapi.yaml).

use serde_json::{Value, json};
use shared::{
    DeliveryId, Timestamp, WebhookSubscriptionId,
    ids::EventId,
    time::{HOUR, MINUTE},
};

use crate::{
    app::{App, receiver::Receiver, resources::text, workers::Workers},
    webhook_deliveries::number,
};

/// More than a part of a recovery has.
const MANY: usize = 1200;

const DAY: i64 = 24 * HOUR;

/// The item with this sort key.
fn item(app: &App, sort: &str) -> Value {
    let mut items = app.items();
    items.retain(|item| item["sk"]["S"] == *sort);
    items.remove(0)
}

/// A failed delivery of a ticket's event, as it is in the table, and its event.
async fn failed(app: &App, key: &str, id: &str) -> [Value; 2] {
    let tested = app.tested(key, id).await;
    app.as_delivery_of_ticket(key, &tested).await;
    ["id", "eventId"].map(|name| item(app, &text(&tested, name)))
}

/// Copies of both, for an event of this time.
fn copies([delivery, event]: &[Value; 2], at: Timestamp) -> [Value; 2] {
    let id = EventId::new(at);
    let text_of = |item: &Value, name: &str| item[name]["S"].as_str().unwrap().to_owned();
    let subscription = WebhookSubscriptionId::parse(&text_of(delivery, "subscriptionId")).unwrap();
    let mut copies = [delivery.clone(), event.clone()];
    copies[0]["sk"] = json!({ "S": DeliveryId::of(&subscription, &id).to_string() });
    copies[0]["eventId"] = json!({ "S": id.to_string() });
    copies[1]["sk"] = json!({ "S": id.to_string() });
    copies[1]["id"] = json!({ "S": id.to_string() });
    copies
}

#[tokio::test]
async fn a_recovery_of_many_deliveries_goes_on_in_the_queue() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(500).await;
    let (id, _) = app.subscribed(&key, receiver.url()).await;
    let one = failed(&app, &key, &id).await;
    let now = Timestamp::now();
    let more =
        (1..i64::try_from(MANY).unwrap()).map(|number| copies(&one, now.plus_millis(-number)));
    app.put_all(more.flatten().collect());
    receiver.take();
    receiver.answer_with(200);

    let mut workers = Workers::new(&app);
    workers.new_events();
    workers.forget_records();
    let since = now.plus_millis(-HOUR).to_string();
    let recovered = app.recover(&key, &id, &since).await_status(202).await;
    let queued = recovered.data()["queued"].as_u64().unwrap();
    assert!((500..800).contains(&queued), "{queued}");
    workers.receive_messages();
    workers.do_all_that_is_due().await;
    let deliveries = workers.deliveries();
    assert_eq!(deliveries.len(), MANY);
    for delivery in deliveries.values() {
        assert_eq!(delivery["deliveryStatus"]["S"], "succeeded", "{delivery}");
        assert_eq!(delivery["attempts"]["N"], "2", "once more");
    }
    assert_eq!(receiver.take().len(), MANY);
}

#[tokio::test]
async fn a_part_of_a_recovery_that_comes_twice_or_too_late_queues_nothing() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(500).await;
    let (id, _) = app.subscribed(&key, receiver.url()).await;
    failed(&app, &key, &id).await;
    let now = Timestamp::now();
    let part = |until: i64| {
        let body = json!({
            "type": "recover.v1",
            "accountId": "acc_a",
            "subscriptionId": id,
            "since": now.plus_millis(-HOUR).to_string(),
            "until": now.plus_millis(until).to_string(),
            "after": null,
        });
        json!({ "Records": [{ "messageId": "m", "body": body.to_string() }] })
    };
    let recover = async |until: i64| {
        let done = app.work("webhooks-deliver", &part(until)).await.unwrap();
        assert_eq!(done["batchItemFailures"], json!([]));
        app.queued().len()
    };
    // It failed after the time that the recovery is of.
    assert_eq!(recover(-MINUTE).await, 0);
    assert_eq!(recover(MINUTE).await, 1);
    assert_eq!(recover(MINUTE).await, 0, "it is pending already");
}

#[tokio::test]
async fn a_delivery_that_failed_again_weeks_after_its_event_is_recovered() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(500).await;
    let (id, _) = app.subscribed(&key, receiver.url()).await;
    let one = failed(&app, &key, &id).await;
    let now = Timestamp::now();
    let mut old = copies(&one, now.plus_millis(-25 * DAY));
    old[0]["createdAt"] = number(now.plus_millis(-25 * DAY));
    app.put_all(old.to_vec());
    let since = now.plus_millis(-HOUR).to_string();
    let recovered = app.recover(&key, &id, &since).await_status(202).await;
    assert_eq!(recovered.data(), &json!({ "queued": 2 }));
}
