//! Creates the resources that the routes' paths name, through the API as a client does.

use local::template::Route;
use serde_json::{Value, json};

use super::{App, Call};

impl App {
    /// A call of a route on a new resource of this workspace.
    pub async fn call_of(&self, route: &Route, workspace: &str) -> Call<'_> {
        let Some((method, path)) = &route.endpoint else {
            return self.call("GET", "/nowhere");
        };
        let resource = path.split('/').nth(3).unwrap_or_default();
        let parameter = path.split(['{', '}']).nth(1);
        let value = match (resource, parameter) {
            (_, None) => String::new(),
            (_, Some("file")) => "portal.css".to_owned(),
            (_, Some("proxy+")) => "tickets".to_owned(),
            ("api-keys", _) => self.new_key(workspace).await.0,
            ("canned-replies", _) => self.new_canned_reply(workspace).await,
            ("tickets", _) => text(&self.new_ticket(workspace).await, "id"),
            ("public", _) => text(&self.new_ticket(workspace).await, "accessToken"),
            (new, _) => panic!("say here how one of {new} is made"),
        };
        let path = match parameter {
            Some(name) => path.replace(&format!("{{{name}}}"), &value),
            None => path.clone(),
        };
        self.call(method, &path)
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
}

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
