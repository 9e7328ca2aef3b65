//! Calls about webhooks with an idempotency key (Doing a thing once in openapi.yaml).

use std::time::Duration;

use futures_util::future::join_all;
use local::proxy::{Fault, Operation};
use serde_json::json;

use crate::{
    app::{
        App,
        receiver::Receiver,
        resources::{NO_RECEIVER, text},
    },
    idempotency::{assert_replay, refused},
};

#[tokio::test]
async fn a_secret_that_was_shown_is_not_shown_again() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let create = || {
        let call = app.subscribe(&json!({ "url": NO_RECEIVER }));
        call.bearer(&token).once("create")
    };
    let id = text(create().await_status(201).await.data(), "id");
    for _ in 0..2 {
        let message = refused(create()).await;
        assert!(message.contains(&format!("`{id}`")), "{message}");
    }
    assert_eq!(app.subscriptions(&token).await.len(), 1);

    let secrets = || {
        let items = app.items();
        let of = |name: &str| {
            items
                .iter()
                .find_map(|item| item[name]["S"].as_str())
                .map(str::to_owned)
        };
        (of("secret"), of("previousSecret"))
    };
    let rotate = || {
        app.subscription("POST", &id, "rotate-secret")
            .bearer(&token)
            .once("rotate")
    };
    let (first, _) = secrets();
    rotate().await_status(200).await;
    let rotated = secrets();
    assert_eq!(rotated.1, first);
    assert!(refused(rotate()).await.contains(&id));
    assert_eq!(secrets(), rotated);
    // No record has a secret.
    let records = app.records();
    assert_eq!(records.len(), 2);
    for record in records {
        assert!(record["answer"].is_null());
        assert_eq!(record["madeId"]["S"], *id);
        assert!(!record.to_string().contains("whsec_"));
    }
}

#[tokio::test]
async fn a_change_is_made_once_and_answered_as_it_is_stored() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let id = text(&app.new_subscription("acc_a").await, "id");
    let number = json!({ "N": "3" });
    for (key, changes) in [
        ("url", json!({ "url": "http://127.0.0.1:9/other" })),
        (
            "off",
            json!({ "active": false, "events": ["suppuo.ticket.*"] }),
        ),
        ("on", json!({ "active": true })),
    ] {
        let failures =
            json!({ "consecutiveFailures": number, "heldUntil": { "N": "1781146800000" } });
        app.change_item(&id, &failures);
        let change = || {
            app.subscription("PATCH", &id, "")
                .json(&changes)
                .bearer(&token)
                .once(key)
        };
        let changed = change().await_status(200).await;
        let stored = &app.subscriptions(&token).await[0];
        assert_eq!(changed.data(), stored, "{key}");
        assert_eq!(
            changed.data()["consecutiveFailures"],
            if key == "on" { 0 } else { 3 }
        );
        assert_replay(&change().send().await, &changed);
        assert_eq!(&app.subscriptions(&token).await[0], stored);
    }
}

#[tokio::test]
async fn a_test_is_sent_once() {
    let app = App::builder().instances(4).start().await;
    let token = app.token("acc_a");
    let receiver = Receiver::start(200).await;
    let (id, _) = app.subscribed(&token, receiver.url()).await;
    let test = |key: &str| {
        app.subscription("POST", &id, "test")
            .bearer(&token)
            .once(key)
    };
    let first = test("k").await_status(200).await;
    assert_replay(&test("k").send().await, &first);
    assert_eq!(receiver.take().len(), 1);

    let answers = join_all((0..4).map(|n| test("together").on(n).send())).await;
    let first: Vec<_> = answers.iter().filter(|one| !one.is_replayed()).collect();
    assert_eq!((first.len(), first[0].status), (1, 200), "{answers:?}");
    for replay in answers.iter().filter(|one| one.is_replayed()) {
        assert_replay(replay, first[0]);
    }
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(
        app.page(&token, "").await.data().as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn a_test_that_could_not_be_written_may_be_sent_again() {
    let faults = |operation: &Operation| match &*operation.name {
        "TransactWriteItems" => Fault::Fail,
        _ => Fault::None,
    };
    let app = App::start().await;
    let token = app.token("acc_a");
    let receiver = Receiver::start(200).await;
    let (id, _) = app.subscribed(&token, receiver.url()).await;
    let failing = app.sibling().faults(faults).start().await;
    let test = async |app: &App| {
        let call = app.subscription("POST", &id, "test").bearer(&token);
        call.once("k").send().await
    };
    assert_eq!(test(&failing).await.status, 500);
    assert_eq!(test(&app).await.status, 200);
    assert_eq!(receiver.take().len(), 2);
    assert!(test(&app).await.is_replayed());
}

/// A call whose process was killed left its claim, which ends with its time.
#[tokio::test]
async fn a_call_that_was_cut_off_is_not_done_for_ever() {
    let app = App::builder().timeout(Duration::from_secs(5)).start().await;
    let token = app.token("acc_a");
    let id = text(&app.new_subscription("acc_a").await, "id");
    let test = || {
        app.subscription("POST", &id, "test")
            .bearer(&token)
            .once("k")
    };
    test().await_status(200).await;
    let mut records = app.records();
    let record = records[0].as_object_mut().unwrap();
    record.remove("answer");
    record.remove("status");
    record.insert("claim".to_owned(), json!({ "S": "another request" }));
    app.put_all(records.clone());
    let message = refused(test()).await;
    assert!(message.contains("being done at this moment"), "{message}");
    records[0]["expiresAt"] = json!({ "N": "1781146800" });
    app.put_all(records);
    assert!(!test().await_status(200).await.is_replayed());
    assert!(test().await_status(200).await.is_replayed());
}

#[tokio::test]
async fn a_delivery_is_queued_once() {
    let app = App::builder().instances(4).start().await;
    let token = app.token("acc_a");
    let delivery = app.new_delivery("acc_a").await;
    let retry = || app.retry(&token, &text(&delivery, "id")).once("retry");
    let answers = join_all((0..4).map(|n| retry().on(n).send())).await;
    let first: Vec<_> = answers.iter().filter(|one| !one.is_replayed()).collect();
    assert_eq!((first.len(), first[0].status), (1, 202), "{answers:?}");
    for replay in answers.iter().filter(|one| one.is_replayed()) {
        assert_replay(replay, first[0]);
    }
    assert_eq!(app.queued().len(), 1);

    let subscription = text(&app.new_delivery("acc_a").await, "subscriptionId");
    let recover = || {
        let since = json!({ "since": text(&delivery, "createdAt") });
        let call = app.subscription("POST", &subscription, "recover");
        call.json(&since).bearer(&token).once("recover")
    };
    let answers = join_all((0..4).map(|n| recover().on(n).send())).await;
    let statuses: Vec<_> = answers.iter().map(|one| one.status).collect();
    assert_eq!(statuses, [202; 4], "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|one| one.data() == &json!({ "queued": 1 }))
    );
    assert_eq!(answers.iter().filter(|one| one.is_replayed()).count(), 3);
    assert_eq!(app.queued().len(), 1);
}
