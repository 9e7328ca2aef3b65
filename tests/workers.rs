//! The functions without a route: what they are allowed and what they use, their variables, their events.

use std::collections::BTreeSet;

use local::{lambda::Instance, pool::function_of, queue::NewMessage};
use serde_json::json;
use shared::{Timestamp, WebhookSubscriptionId, time::MINUTE};

use crate::{
    app::{
        App, WORKERS, binary, machine::AppWithWorkers, receiver::Receiver, resources::NO_RECEIVER,
    },
    events::event,
};

/// A policy is minimal when the function uses every action in it: for a receiver that succeeds, one that is gone, and
/// one that nothing connects to; and after a rotation of the signing secret.
#[tokio::test]
async fn each_workers_policy_allows_exactly_what_it_uses() {
    let app = AppWithWorkers::start().await;
    // The token would expire when the clock is moved.
    let (_, key) = app.new_key("acc_a").await;
    let (good, gone) = (Receiver::start(200).await, Receiver::start(410).await);
    let (id, _) = app.subscribed(&key, good.url()).await;
    for url in [gone.url(), NO_RECEIVER] {
        app.subscribed(&key, url).await;
    }
    app.raise(&key).await;
    app.until_idle().await;
    let received = good.take().len();
    assert_eq!(
        received, 2,
        "the event, and that a subscription was disabled"
    );
    assert_eq!(gone.take().len(), 1);
    // The first retry waits in the queue, the second for the schedule.
    app.tick().await;
    for _ in 0..8 {
        app.advance(MINUTE);
        app.tick().await;
    }
    app.issuer.rotate_signing_secret();
    app.raise(&key).await;
    let recovery = json!({
        "type": "recover.v1",
        "accountId": "acc_a",
        "subscriptionId": id,
        "since": Timestamp::now().to_string(),
        "until": Timestamp::now().to_string(),
        "after": null,
    });
    app.machine.sqs().send(
        "DeliveryQueue",
        NewMessage {
            body: recovery.to_string(),
            ..NewMessage::default()
        },
    );
    app.until_idle().await;
    assert_eq!(good.take().len(), 1);
    // The fan-out gives up on a subscription that nobody can read.
    let broken = WebhookSubscriptionId::new(Timestamp::now());
    app.put_all(vec![json!({
        "pk": { "S": "ACC#acc_a" },
        "sk": { "S": format!("WEBHOOK#{broken}") },
    })]);
    app.raise(&key).await;
    app.until_idle().await;
    assert_eq!(good.take().len(), 1);
    let operations = app.machine.operations();
    for worker in &*WORKERS {
        let own = operations.iter();
        let own = own.filter(|one| function_of(&one.caller) == worker.function);
        let used: BTreeSet<_> = own.flat_map(|one| one.actions.clone()).collect();
        assert_eq!(used, worker.actions, "{}", worker.function);
    }
}

/// AWS's own form of the events, not the emulation's.
#[tokio::test]
async fn each_workers_event_is_answered() {
    let app = App::start().await;
    for worker in &*WORKERS {
        let answer = app
            .work(&worker.function, &event(&worker.function, ""))
            .await;
        let answer = answer.unwrap();
        let failures = &answer["batchItemFailures"];
        assert!(failures.is_null() || *failures == json!([]), "{answer}");
    }
}

#[tokio::test]
async fn a_worker_starts_with_exactly_its_variables() {
    for worker in &*WORKERS {
        let starts = async |without: &str| {
            let variables = worker.variables.keys().filter(|name| *name != without);
            let variables = variables.map(|name| (name.clone(), "http://127.0.0.1:9/x".to_owned()));
            let region = ("AWS_REGION".to_owned(), "us-east-1".to_owned());
            let environment: Vec<_> = variables.chain([region]).collect();
            let binary = binary(&worker.function);
            let instance = Instance::start(&binary, &environment, worker.timeout).await;
            instance.unwrap().starts().await
        };
        assert!(starts("").await, "{}", worker.function);
        let variables = worker.variables.keys();
        // The secret is read when the function first needs it.
        for variable in variables.filter(|name| *name != "SIGNING_SECRET") {
            assert!(
                !starts(variable).await,
                "{} without {variable}",
                worker.function
            );
        }
    }
}
