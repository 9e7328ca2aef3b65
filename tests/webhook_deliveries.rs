//! The log of webhook deliveries (Webhooks in openapi.yaml).

use serde_json::{Value, json};
use shared::{DeliveryId, Timestamp, time::MINUTE};

use crate::app::{
    App, Call,
    receiver::Receiver,
    resources::{NO_RECEIVER, text},
    response::Response,
};

const PATH: &str = "/api/v1/webhook-subscriptions/deliveries";

impl App {
    fn deliveries(&self, token: &str, query: &str) -> Call<'_> {
        self.call("GET", PATH).query(query).bearer(token)
    }

    pub async fn page(&self, token: &str, query: &str) -> Response {
        self.deliveries(token, query).await_status(200).await
    }

    pub fn delivery(&self, token: &str, id: &str) -> Call<'_> {
        self.call("GET", &format!("{PATH}/{id}")).bearer(token)
    }

    pub fn retry(&self, token: &str, id: &str) -> Call<'_> {
        self.call("POST", &format!("{PATH}/{id}/retry"))
            .bearer(token)
    }

    /// Copies a delivery, as it is in the table, with other attributes.
    pub fn copy_delivery(&self, of: &Value, at: Timestamp, attributes: &Value) -> String {
        let sort = text(of, "id");
        let mut items = self.items();
        items.retain(|item| item["sk"]["S"] == *sort);
        let id = DeliveryId::new(at).to_string();
        let item = items[0].as_object_mut().unwrap();
        item.insert("sk".to_owned(), json!({ "S": id }));
        item.insert("createdAt".to_owned(), number(at));
        item.insert("updatedAt".to_owned(), number(at));
        item.extend(attributes.as_object().unwrap().clone());
        self.put_all(items);
        id
    }
}

pub fn number(at: Timestamp) -> Value {
    json!({ "N": at.as_millis().to_string() })
}

pub fn ids(page: &Response) -> Vec<String> {
    let deliveries = page.data().as_array().unwrap();
    deliveries.iter().map(|one| text(one, "id")).collect()
}

fn meta<'a>(page: &'a Response, name: &str) -> &'a Value {
    &page.envelope()["meta"][name]
}

#[tokio::test]
async fn the_log_has_every_delivery_newest_first_and_each_as_it_is_alone() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let none = app.page(&key, "").await;
    assert_eq!(none.data(), &json!([]));
    assert_eq!(
        (meta(&none, "cursor"), meta(&none, "hasMore")),
        (&Value::Null, &json!(false))
    );

    let receiver = Receiver::start(200).await;
    let (first, _) = app.subscribed(&key, receiver.url()).await;
    let (second, _) = app.subscribed(&key, NO_RECEIVER).await;
    let mut sent = Vec::new();
    for id in [&first, &second, &first] {
        sent.insert(0, app.tested(&key, id).await);
    }
    let page = app.page(&key, "").await;
    assert_eq!(page.data(), &json!(sent));
    for delivery in &sent {
        let alone = app.delivery(&key, &text(delivery, "id"));
        assert_eq!(alone.await_status(200).await.data(), delivery);
    }

    // Another workspace sees none of it.
    let other = app.token("acc_b");
    assert_eq!(app.page(&other, "").await.data(), &json!([]));
    for id in [&*text(&sent[0], "id"), "whd_1", "x", &first] {
        let unknown = app.delivery(&other, id).await_status(404).await;
        assert_eq!(
            unknown.message(),
            "The workspace has no delivery with this id. Check the id, and that the credential is of the right \
             workspace."
        );
        app.retry(&other, id).await_status(404).await;
    }
    // The log keeps what was sent to a subscription that is gone.
    let delete = app.subscription("DELETE", &first, "").bearer(&key);
    delete.await_status(200).await;
    assert_eq!(app.page(&key, "").await.data(), &json!(sent));
}

#[tokio::test]
async fn a_delivery_is_kept_for_30_days() {
    let app = App::start().await;
    let delivery = app.new_delivery("acc_a").await;
    let items = app.items();
    let find = |sort: &str| items.iter().find(|item| item["sk"]["S"] == *sort);
    let days = |item: &Value| {
        let ends: i64 = item["expiresAt"]["N"].as_str().unwrap().parse().unwrap();
        (ends - Timestamp::now().as_millis() / 1000) / (24 * 60 * 60)
    };
    assert!((29..=30).contains(&days(find(&text(&delivery, "id")).unwrap())));
    // Its text is in the event, which is kept for longer.
    assert!(days(find(&text(&delivery, "eventId")).unwrap()) > 30);
}

#[tokio::test]
async fn filters_combine() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let receiver = Receiver::start(200).await;
    let (first, _) = app.subscribed(&token, receiver.url()).await;
    let (second, _) = app.subscribed(&token, NO_RECEIVER).await;
    let good = app.tested(&token, &first).await;
    let bad = app.tested(&token, &second).await;
    let now = Timestamp::now();
    let pending = json!({
        "deliveryStatus": { "S": "pending" },
        "eventType": { "S": "suppuo.ticket.created.v1" },
    });
    let pending = app.copy_delivery(&bad, now.plus_millis(MINUTE), &pending);
    let (good, bad) = (text(&good, "id"), text(&bad, "id"));
    for (query, expected) in [
        ("status=&type=&subscriptionId=", vec![&pending, &bad, &good]),
        ("status=pending", vec![&pending]),
        ("status=succeeded", vec![&good]),
        ("status=failed", vec![&bad]),
        ("type=suppuo.test.v1", vec![&bad, &good]),
        ("type=suppuo.ticket.created.v1&status=failed", vec![]),
        (&format!("subscriptionId={first}"), vec![&good]),
        (
            &format!("subscriptionId={second}&type=suppuo.test.v1"),
            vec![&bad],
        ),
        (&format!("subscriptionId={second}&status=succeeded"), vec![]),
        // One that does not exist, or not any more.
        ("subscriptionId=whs_01jxe0000000000000000000rt", vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().cloned().collect();
        assert_eq!(ids(&app.page(&token, query).await), expected, "{query}");
    }
    for (query, param) in [
        ("status=sent", "status"),
        ("status=Failed", "status"),
        ("status=failed&status=pending", "status"),
        ("type=suppuo.ticket.*", "type"),
        ("type=*", "type"),
        ("subscriptionId=whs_1", "subscriptionId"),
        ("subscriptionId=x", "subscriptionId"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("cursor=x", "cursor"),
    ] {
        let refused = app.deliveries(&token, query).await_status(400).await;
        assert_eq!(
            (refused.code(), refused.param()),
            ("VALIDATION_ERROR", Some(param)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn paging_gives_each_delivery_once() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let made = app.new_delivery("acc_a").await;
    let now = Timestamp::now();
    let mut all = vec![text(&made, "id")];
    for number in 1..=24 {
        let status = ["failed", "succeeded"][number % 2];
        let at = now.plus_millis(i64::try_from(number).unwrap() * 1000);
        let status = json!({ "deliveryStatus": { "S": status } });
        all.insert(0, app.copy_delivery(&made, at, &status));
    }
    let failed: Vec<_> = all.iter().step_by(2).cloned().collect();
    for (filter, limit, expected) in [
        ("", 7, &all),
        ("", 20, &all),
        ("", 100, &all),
        ("status=failed", 4, &failed),
        ("status=failed", 13, &failed),
    ] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let query = format!("{filter}&limit={limit}&cursor={cursor}");
            let page = app.page(&token, &query).await;
            assert!(ids(&page).len() <= limit);
            found.extend(ids(&page));
            let next = meta(&page, "cursor").as_str();
            assert_eq!(meta(&page, "hasMore"), next.is_some());
            match next {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(&found, expected, "{filter} {limit}");
    }
    assert_eq!(
        ids(&app.page(&token, "").await),
        all[..20],
        "20 is the default"
    );

    // A cursor belongs to its filter, which may be left out, and to its workspace and list.
    let page = app.page(&token, "status=failed&limit=5").await;
    let cursor = meta(&page, "cursor").as_str().unwrap();
    let next = app.page(&token, &format!("cursor={cursor}&limit=2")).await;
    assert_eq!(ids(&next), failed[5..7]);
    let tickets = app
        .call("GET", "/api/v1/tickets")
        .query(&format!("cursor={cursor}"));
    for refused in [
        app.deliveries(&token, &format!("cursor={cursor}&status=pending")),
        app.deliveries(&app.token("acc_b"), &format!("cursor={cursor}")),
        app.deliveries(&token, &format!("cursor={cursor}x")),
        tickets.bearer(&token),
    ] {
        assert_eq!(refused.await_status(400).await.param(), Some("cursor"));
    }
}
