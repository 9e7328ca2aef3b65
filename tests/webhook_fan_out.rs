//! What the fan-out makes of events: deliveries, at a cost; and what it does with what it cannot read.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::{Timestamp, WebhookSubscriptionId, ids::EventId};

use crate::app::{App, receiver::Receiver, resources::text, workers::Workers};

/// An event of `acc_a` that happens now, with these attributes.
fn event(attributes: &Value) -> Value {
    let now = Timestamp::now();
    let id = EventId::new(now).to_string();
    let mut item = json!({
        "pk": { "S": "ACC#acc_a#EVENTS" },
        "sk": { "S": id },
        "id": { "S": id },
        "type": { "S": "suppuo.ticket.created.v1" },
        "occurredAt": { "N": now.as_millis().to_string() },
        "accountId": { "S": "acc_a" },
        "data": { "S": "{}" },
    });
    let attributes = attributes.as_object().unwrap().clone();
    item.as_object_mut().unwrap().extend(attributes);
    item
}

#[tokio::test]
async fn a_record_that_is_no_event_is_given_up_at_once_and_delays_no_other() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(200).await;
    app.subscribed(&key, receiver.url()).await;
    let mut workers = Workers::new(&app);
    workers.new_events();
    workers.forget_records();
    let broken = event(&json!({ "data": { "L": [] } }));
    app.put_all(vec![broken.clone(), event(&json!({}))]);
    workers.fan_out_all().await;
    assert_eq!(workers.records(), 0, "none comes again");
    workers.do_all_that_is_due().await;
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(
        app.given_up(),
        [
            json!({ "why": "The record is no event.", "pk": broken["pk"]["S"], "sk": broken["sk"]["S"] })
        ]
    );
}

#[tokio::test]
async fn a_subscription_that_cannot_be_read_is_given_up_and_the_others_get_the_event() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(200).await;
    app.subscribed(&key, receiver.url()).await;
    let broken = WebhookSubscriptionId::new(Timestamp::now());
    app.put_all(vec![json!({
        "pk": { "S": "ACC#acc_a" },
        "sk": { "S": format!("WEBHOOK#{broken}") },
    })]);
    let mut workers = Workers::new(&app);
    workers.new_events();
    workers.forget_records();
    let event = event(&json!({}));
    app.put_all(vec![event.clone()]);
    workers.do_all_that_is_due().await;
    assert_eq!(receiver.take().len(), 1);
    let [given_up] = &app.given_up()[..] else {
        panic!("not one message");
    };
    assert_eq!(
        (&given_up["accountId"], &given_up["eventId"]),
        (&json!("acc_a"), &event["id"]["S"])
    );
}

/// Earlier versions wrote maps. Such a version may still run during a deployment.
#[tokio::test]
async fn an_event_whose_data_is_a_map_is_delivered_as_json() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(500).await;
    app.subscribed(&key, receiver.url()).await;
    let mut workers = Workers::new(&app);
    workers.new_events();
    workers.forget_records();
    let data = json!({ "M": {
        "ticketId": { "S": "tkt_1" },
        "number": { "N": "7" },
        "subject": { "S": "\"Where\"?" },
        "isInternal": { "BOOL": false },
    }});
    let event = event(&json!({ "data": data }));
    app.put_all(vec![event.clone()]);
    workers.do_all_that_is_due().await;
    receiver.answer_with(200);
    let next = workers.next_attempt().unwrap();
    workers.advance_to(next + 1000);
    workers.do_all_that_is_due().await;
    let received = receiver.take();
    assert_eq!(received.len(), 2);
    let data =
        r#""data":{"isInternal":false,"number":7,"subject":"\"Where\"?","ticketId":"tkt_1"}}"#;
    for request in &received {
        assert!(request.body.ends_with(data), "{}", request.body);
    }
    let log = app.page(&key, "").await;
    assert_eq!(text(&log.data()[0], "body"), received[0].body);
}

/// The write units of all calls since the last time, and the names of these calls.
fn written(app: &App) -> (f64, BTreeSet<String>) {
    let operations = app.operations().into_iter();
    let writes =
        operations.filter(|one| !matches!(&*one.name, "GetItem" | "BatchGetItem" | "Query"));
    writes.fold((0.0, BTreeSet::new()), |(units, mut names), one| {
        names.insert(one.name);
        (units + one.units, names)
    })
}

#[tokio::test]
async fn an_event_costs_no_write_without_a_subscription_and_two_units_for_a_delivery_that_succeeds()
{
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let mut workers = Workers::new(&app);
    workers.do_all_that_is_due().await;
    app.raise(&key).await;
    app.operations();
    workers.do_all_that_is_due().await;
    let (_, writes) = written(&app);
    assert_eq!(writes, BTreeSet::new());

    let receiver = Receiver::start(200).await;
    for subscriptions in 1..=2 {
        app.subscribed(&key, receiver.url()).await;
        app.raise(&key).await;
        app.operations();
        workers.do_all_that_is_due().await;
        assert_eq!(receiver.take().len(), subscriptions);
        let (units, _) = written(&app);
        let expected = 2.0 * f64::from(u32::try_from(subscriptions).unwrap());
        assert!((units - expected).abs() < 0.1, "{units}");
    }
}
