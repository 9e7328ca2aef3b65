//! What receivers are told of API keys, and what the functions log of it.

use serde_json::{Value, json};

use crate::app::{App, receiver::Receiver, resources::text, workers::Workers};

#[tokio::test]
async fn what_happens_to_keys_is_told_without_the_key() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(200).await;
    let body = json!({ "url": receiver.url(), "events": ["suppuo.api_key.*"] });
    app.subscribe(&body).bearer(&key).await_status(201).await;
    let mut workers = Workers::new(&app);
    workers.do_all_that_is_due().await;
    receiver.take();

    let created = app
        .create("For the till")
        .bearer(&key)
        .await_status(201)
        .await;
    let created = created.data().clone();
    workers.do_all_that_is_due().await;
    let id = text(&created, "id");
    app.revoke(&id).bearer(&key).await_status(200).await;
    workers.do_all_that_is_due().await;
    let received = receiver.take();
    let types: Vec<_> = received
        .iter()
        .map(|one| text(&one.event(), "type"))
        .collect();
    assert_eq!(
        types,
        ["suppuo.api_key.created.v1", "suppuo.api_key.revoked.v1"]
    );
    let new_key = text(&created, "key");
    for request in received {
        let data = request.event()["data"].clone();
        assert_eq!(data["keyId"], created["id"]);
        assert_eq!(data["name"], "For the till");
        assert_eq!(data["keyPrefix"], created["keyPrefix"]);
        // Of the key itself, only the beginning that lists show.
        assert!(!request.body.contains(&new_key));
    }
}

#[tokio::test]
async fn a_rotation_is_told_with_both_prefixes_and_the_end_of_the_overlap() {
    let app = App::start().await;
    let (id, first) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    let receiver = Receiver::start(200).await;
    let body = json!({ "url": receiver.url(), "events": ["suppuo.api_key.rotated.v1"] });
    app.subscribe(&body).bearer(&token).await_status(201).await;
    let mut workers = Workers::new(&app);
    let mut older = first;
    for (seconds, supersede) in [(60, false), (0, true)] {
        let terms = json!({ "overlapSeconds": seconds, "supersede": supersede });
        let rotate = app.call("POST", &format!("/api/v1/api-keys/{id}/rotate"));
        let rotated = rotate.json(&terms).bearer(&token).await_status(200).await;
        let new = text(rotated.data(), "key");
        workers.do_all_that_is_due().await;
        let [request] = &receiver.take()[..] else {
            panic!("one delivery")
        };
        let expected = json!({
            "keyId": id, "name": "test", "keyPrefix": new[..12], "previousKeyPrefix": older[..12],
            "previousValidUntil": rotated.data()["previous"]["validUntil"],
        });
        assert_eq!(request.event()["data"], expected);
        assert_eq!(expected["previousValidUntil"].is_null(), seconds == 0);
        assert!(!request.body.contains(&new) && !request.body.contains(&older));
        older = new;
    }
}

#[tokio::test]
async fn the_log_of_deliveries_has_no_secret_no_url_and_nothing_that_a_receiver_answers() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(500).await;
    let (id, first) = app.subscribed(&key, receiver.url()).await;
    let rotate = app.subscription("POST", &id, "rotate-secret").bearer(&key);
    let second = text(rotate.await_status(200).await.data(), "secret");
    let mut workers = Workers::new(&app);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    receiver.answer_with(302);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    receiver.answer_with(200);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    let log = app.log();
    let lines = log.iter().filter(|line| line.contains(&id));
    assert!(lines.count() >= 3);
    let log = log.concat();
    // A receiver answers "thanks", and redirects to "/elsewhere".
    let url = receiver.url().trim_start_matches("http://");
    for unwanted in [
        &first["whsec_".len()..],
        &second["whsec_".len()..],
        url,
        "thanks",
        "elsewhere",
    ] {
        assert!(!log.contains(unwanted), "{unwanted}");
    }
    let delivery = app.page(&key, "").await.data()[0].clone();
    let of_delivery: Vec<Value> = app
        .log()
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["deliveryId"] == delivery["id"])
        .collect();
    let [line] = &of_delivery[..] else {
        panic!("one line for a message");
    };
    for (name, value) in [
        ("accountId", json!("acc_a")),
        ("subscriptionId", json!(id)),
        ("eventId", delivery["eventId"].clone()),
        ("attempt", json!(1)),
        ("outcome", json!("succeeded")),
        ("responseCode", json!(200)),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
}
