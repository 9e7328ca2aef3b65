//! Creates the resources that the routes' paths name, through the API as a client does.

use local::template::Route;
use serde_json::{Value, json};

use super::{App, Call};

impl App {
    /// A new key of a workspace: its id and the key.
    pub async fn new_key(&self, workspace: &str) -> (String, String) {
        self.new_key_of(workspace, "usr_1").await
    }

    /// The same, but created by this person.
    pub async fn new_key_of(&self, workspace: &str, sub: &str) -> (String, String) {
        let token = self
            .issuer
            .token(&json!({ "sub": sub, "accountId": workspace }));
        let created = self.create("test").bearer(&token).await_status(201).await;
        let text = |name: &str| created.data()[name].as_str().unwrap().to_owned();
        (text("id"), text("key"))
    }

    /// A call of a route on a new resource of this workspace.
    pub async fn call_of(&self, route: &Route, workspace: &str) -> Call<'_> {
        let Some((method, path)) = &route.endpoint else {
            return self.call("GET", "/nowhere");
        };
        let area = ["/api/v1", "/dashboard"]
            .iter()
            .find_map(|area| path.strip_prefix(area));
        let resource = area
            .and_then(|path| path.split('/').nth(1))
            .unwrap_or_default();
        let parameter = path.split(['{', '}']).nth(1);
        let value = match (resource, parameter) {
            (_, None) => String::new(),
            (_, Some("file")) => "portal.css".to_owned(),
            (_, Some("proxy+")) => "tickets".to_owned(),
            // It has an older secret.
            ("api-keys", _) if path.ends_with("/previous") => self.new_rotated_key(workspace).await,
            ("api-keys", _) => self.new_key(workspace).await.0,
            ("canned-replies", _) => self.new_canned_reply(workspace).await,
            ("tickets", _) => text(&self.new_ticket(workspace).await, "id"),
            ("webhook-subscriptions", _) if path.contains("/deliveries/") => {
                text(&self.new_delivery(workspace).await, "id")
            }
            // It has a delivery that has failed.
            ("webhook-subscriptions", _) if path.ends_with("/recover") => {
                text(&self.new_delivery(workspace).await, "subscriptionId")
            }
            ("webhook-subscriptions", _) => text(&self.new_subscription(workspace).await, "id"),
            ("public", _) => text(&self.new_ticket(workspace).await, "accessToken"),
            (new, _) => panic!("say here how one of {new} is made"),
        };
        let path = match parameter {
            Some(name) => path.replace(&format!("{{{name}}}"), &value),
            None => path.clone(),
        };
        self.call(method, &path)
    }

    /// The id of a new key with an older secret that still works.
    async fn new_rotated_key(&self, workspace: &str) -> String {
        let (id, _) = self.new_key(workspace).await;
        let rotation = self.call("POST", &format!("/api/v1/api-keys/{id}/rotate"));
        let rotation = rotation.bearer(&self.token(workspace));
        rotation.await_status(200).await;
        id
    }

    /// A new ticket with the tag `old`.
    pub async fn new_ticket(&self, workspace: &str) -> Value {
        let token = self.token(workspace);
        let created = self
            .call("POST", "/api/v1/tickets")
            .json(&ticket("Order question"))
            .bearer(&token)
            .await_status(201)
            .await;
        let id = text(created.data(), "id");
        let updated = self
            .call("PATCH", &format!("/api/v1/tickets/{id}"))
            .json(&json!({ "tags": ["old"] }))
            .bearer(&token)
            .await_status(200)
            .await;
        updated.data().clone()
    }

    /// Raises an event, by a ticket.
    pub async fn raise(&self, key: &str) {
        let create = self.call("POST", "/api/v1/tickets").json(&ticket("New"));
        create.bearer(key).await_status(201).await;
    }

    /// The id of a new canned reply of a workspace.
    pub async fn new_canned_reply(&self, workspace: &str) -> String {
        let created = self
            .call("POST", "/api/v1/canned-replies")
            .json(&json!({ "title": "Refunds", "body": "Within 14 days." }))
            .bearer(&self.token(workspace))
            .await_status(201)
            .await;
        text(created.data(), "id")
    }

    /// A new webhook subscription, whose receiver accepts no connection.
    pub async fn new_subscription(&self, workspace: &str) -> Value {
        let created = self
            .call("POST", "/api/v1/webhook-subscriptions")
            .json(&json!({ "url": NO_RECEIVER }))
            .bearer(&self.token(workspace))
            .await_status(201)
            .await;
        created.data().clone()
    }

    /// A delivery to a new subscription, which has failed.
    pub async fn new_delivery(&self, workspace: &str) -> Value {
        let subscription = text(&self.new_subscription(workspace).await, "id");
        let token = self.token(workspace);
        let tested = self.tested(&token, &subscription).await;
        self.as_delivery_of_ticket(&token, &tested).await
    }

    /// Turns a test, which is never sent again, into the delivery of a ticket's event.
    pub async fn as_delivery_of_ticket(&self, token: &str, test: &Value) -> Value {
        let kind = json!({ "S": "suppuo.ticket.created.v1" });
        let (delivery, event) = (text(test, "id"), text(test, "eventId"));
        let mut items = self.items();
        items.retain_mut(|item| {
            let name = match item["sk"]["S"].as_str() {
                Some(sort) if sort == delivery => "eventType",
                Some(sort) if sort == event => "type",
                _ => return false,
            };
            item[name] = kind.clone();
            true
        });
        self.put_all(items);
        let found = self.delivery(token, &delivery).await_status(200).await;
        found.data().clone()
    }
}

/// Nothing listens on the port `discard` (RFC 863).
pub const NO_RECEIVER: &str = "http://127.0.0.1:9/hook";

/// A body that creates a ticket with this subject.
pub fn ticket(subject: &str) -> Value {
    json!({ "subject": subject, "body": "Where is it?", "requesterEmail": "kim@example.com" })
}

/// The text of a field.
pub fn text(data: &Value, name: &str) -> String {
    data[name]
        .as_str()
        .unwrap_or_else(|| panic!("no `{name}` in {data}"))
        .to_owned()
}
