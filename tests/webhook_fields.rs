//! The fields of webhook subscriptions: what may be sent where (Webhooks in openapi.yaml).

use serde_json::{Value, json};

use crate::app::{App, resources::NO_RECEIVER};

#[tokio::test]
async fn a_pattern_is_everything_a_type_or_the_beginning_of_types() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let (id, _) = app.subscribed(&token, NO_RECEIVER).await;
    let set = |events: Value| {
        let change = app.subscription("PATCH", &id, "").bearer(&token);
        change.json(&json!({ "events": events })).send()
    };
    for (sent, kept) in [
        (json!(["*"]), json!(["*"])),
        (json!(["suppuo.*", "suppuo.*"]), json!(["suppuo.*"])),
        (
            json!([
                "suppuo.ticket.created.v1",
                "suppuo.api_key.*",
                "suppuo.ticket.created.v1"
            ]),
            json!(["suppuo.ticket.created.v1", "suppuo.api_key.*"]),
        ),
        (
            json!(["suppuo.ticket.created.*"]),
            json!(["suppuo.ticket.created.*"]),
        ),
        // More than 20 entries, of which 2 are different.
        (
            json!([vec!["*"; 30], vec!["suppuo.test.v1"]].concat()),
            json!(["*", "suppuo.test.v1"]),
        ),
    ] {
        let changed = set(sent).await;
        assert_eq!((changed.status, &changed.data()["events"]), (200, &kept));
    }
    let pattern = "Each of `events` must be `*`, a type of event, or the beginning of types up to a dot and `*`, such \
                   as `suppuo.ticket.*`. `GET /api/v1/webhook-subscriptions/event-types` lists the types.";
    let list = "`events` must be a list of strings.";
    let mut cases = vec![
        (json!([]), "`events` must have at least one entry."),
        (json!("*"), list),
        (json!([7]), list),
        (json!({}), list),
    ];
    for wrong in [
        "",
        "suppuo",
        "suppuo*",
        "suppuo.tick*",
        "suppuo.tickets.*",
        "suppuo.ticket.created",
        "suppuo.ticket.created.v2",
        "Suppuo.ticket.*",
        "suppuo.*.created.v1",
        "other.*",
        " *",
    ] {
        cases.push((json!(["*", wrong]), pattern));
    }
    for (events, message) in cases {
        let refused = set(events.clone()).await;
        assert_eq!(
            (refused.status, refused.message()),
            (400, message),
            "{events}"
        );
        assert_eq!(refused.param(), Some("events"));
        let refused = app.subscribe(&json!({ "url": NO_RECEIVER, "events": events }));
        let refused = refused.bearer(&token).await_status(400).await;
        assert_eq!(
            (refused.message(), refused.param()),
            (message, Some("events"))
        );
    }
}

#[tokio::test]
async fn a_target_is_https_and_public() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let (id, _) = app.subscribed(&token, NO_RECEIVER).await;
    let set = |url: &Value| {
        let change = app.subscription("PATCH", &id, "").bearer(&token);
        change.json(&json!({ "url": url })).send()
    };
    let long = format!("https://1.1.1.1/{}", "x".repeat(2000 - 16));
    for (sent, kept) in [
        ("https://1.1.1.1", "https://1.1.1.1"),
        (" https://1.1.1.1:8443/a?b=c ", "https://1.1.1.1:8443/a?b=c"),
        (
            "https://[2606:4700:4700::1111]/",
            "https://[2606:4700:4700::1111]/",
        ),
        (&long, &long),
    ] {
        let changed = set(&json!(sent)).await;
        assert_eq!(
            (changed.status, &changed.data()["url"]),
            (200, &json!(kept))
        );
    }
    let mut refused = vec![
        json!(7),
        json!(""),
        json!([NO_RECEIVER]),
        json!(format!("{long}x")),
    ];
    for wrong in [
        "shop.example.com/hooks",
        "http://1.1.1.1/",
        "ftp://1.1.1.1/",
        "https://",
        "https:///x",
        "https://kim@1.1.1.1/",
        "https://kim:secret@1.1.1.1/",
        "https://localhost/",
        "https://shop/",
        "https://shop.local/",
        "https://shop.internal./",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://\u{ff11}27\u{ff0e}0\u{ff0e}0\u{ff0e}1/",
        "https://10.0.0.1/",
        "https://100.100.100.200/",
        "https://168.63.129.16/",
        "https://169.254.169.254/latest/meta-data/",
        "https://192.168.1.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/",
        "http://10.0.0.1/",
    ] {
        refused.push(json!(wrong));
    }
    for url in refused {
        let created = app.subscribe(&json!({ "url": url })).bearer(&token);
        for answer in [set(&url).await, created.send().await] {
            assert_eq!((answer.status, answer.param()), (400, Some("url")), "{url}");
            assert!(
                answer.message().starts_with("`url` must "),
                "{}",
                answer.message()
            );
        }
    }
    assert_eq!(app.subscriptions(&token).await.len(), 1);

    // Only a test may send to its own machine.
    let deployed = app.sibling().setting("SUPPUO_LOOPBACK_WEBHOOKS", "0");
    let deployed = deployed.start().await;
    for url in [NO_RECEIVER, "http://[::1]/"] {
        let refused = deployed.subscribe(&json!({ "url": url })).bearer(&token);
        assert_eq!(refused.await_status(400).await.param(), Some("url"));
    }
}
