//! Rotations of the signing secret, which seals the secrets of webhook subscriptions, while instances run.

use serde_json::{Value, json};

use crate::app::{App, receiver::Receiver, resources::text, workers::Workers};

/// An app whose deliverer knows only the signing secret before the current one, and the secrets of two subscriptions
/// that the current one sealed.
async fn outdated_deliverer(app: &App, key: &str, receiver: &Receiver) -> [String; 2] {
    let (id, _) = app.subscribed(key, receiver.url()).await;
    app.raise(key).await;
    Workers::new(app).do_all_that_is_due().await;
    assert_eq!(receiver.take().len(), 1);
    let delete = app.subscription("DELETE", &id, "").bearer(key);
    delete.await_status(200).await;
    app.issuer.rotate_signing_secret();
    let newer = app.sibling().start().await;
    let (_, one) = newer.subscribed(key, receiver.url()).await;
    let (_, other) = newer.subscribed(key, receiver.url()).await;
    [one, other]
}

#[tokio::test]
async fn messages_that_come_together_find_a_newer_signing_secret() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(200).await;
    let secrets = outdated_deliverer(&app, &key, &receiver).await;
    let mut workers = Workers::new(&app);
    workers.new_events();
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    let received = receiver.take();
    for secret in secrets {
        let mut signed = received.iter();
        assert!(signed.any(|one| one.is_signed_by(&[&secret])));
    }
    assert_eq!(received.len(), 2);
}

#[tokio::test]
async fn while_secrets_manager_does_not_answer_messages_come_again_and_nothing_has_failed() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(200).await;
    outdated_deliverer(&app, &key, &receiver).await;
    let mut workers = Workers::new(&app);
    workers.new_events();
    app.raise(&key).await;
    app.issuer.deny_secrets();
    workers.fan_out_all().await;
    for _ in 0..3 {
        assert_eq!(workers.deliver_all().await, 2);
    }
    let recent = workers.deliveries().into_values();
    let recent: Vec<_> = recent
        .filter(|one| one["deliveryStatus"]["S"] == "pending")
        .collect();
    assert_eq!(recent.len(), 2);
    assert!(recent.iter().all(|one| one["attempts"]["N"] == "0"));
    for subscription in app.subscriptions(&key).await {
        assert_eq!(subscription["consecutiveFailures"], json!(0));
    }
}

/// The last part of an attribute's sealed text is not compared: it is another one whenever it is sealed.
fn sealed_by(app: &App, id: &str, name: &str) -> String {
    let items = app.items();
    let sort = format!("WEBHOOK#{id}");
    let item = items.iter().find(|item| item["sk"]["S"] == *sort).unwrap();
    let sealed = item[name]["S"].as_str().unwrap();
    sealed.split_once('.').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_delivery_seals_the_previous_secret_anew_too() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(200).await;
    let (id, first) = app.subscribed(&key, receiver.url()).await;
    app.issuer.rotate_signing_secret();
    let second = {
        let newer = app.sibling().start().await;
        let rotate = newer.subscription("POST", &id, "rotate-secret");
        let rotated = rotate.bearer(&key).await_status(200).await;
        text(rotated.data(), "secret")
    };
    let by = |name: &str| sealed_by(&app, &id, name);
    let newest = by("secret");
    assert_ne!(by("previousSecret"), newest);
    let kept = app.items();
    let mut workers = Workers::new(&app);
    workers.new_events();
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    assert_eq!(
        (by("secret"), by("previousSecret")),
        (newest.clone(), newest)
    );
    // What was sealed by the current signing secret stays as it is.
    let secret = |items: &[Value]| {
        let sort = format!("WEBHOOK#{id}");
        let item = items.iter().find(|item| item["sk"]["S"] == *sort).unwrap();
        item["secret"].clone()
    };
    assert_eq!(secret(&app.items()), secret(&kept));
    // So it outlives another rotation.
    app.issuer.rotate_signing_secret();
    let newest = app.sibling().start().await;
    newest.tested(&key, &id).await;
    let received = receiver.take();
    assert!(
        received.len() == 2
            && received
                .iter()
                .all(|one| one.is_signed_by(&[&second, &first]))
    );
}
