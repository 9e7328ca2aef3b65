//! Calls that several tables use.

use local::gateway::Request;
use serde_json::{Value, json};

/// About as long as a customer's message.
pub(crate) const BODY: &str = "Hello, I ordered two blue mugs on Monday and was told that they would be here by \
    Thursday. It is Saturday now, and the page about my order still says that it is being packed. Could you have a \
    look at what happened to it? I would need them by the end of next week, they are a present. Many thanks!";

/// A call without a credential.
pub(crate) fn open_call(method: &str, path: &str) -> Request {
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        ..Request::default()
    }
}

pub(crate) fn call(method: &str, path: &str, credential: &str) -> Request {
    Request {
        headers: vec![("authorization".to_owned(), format!("Bearer {credential}"))],
        ..open_call(method, path)
    }
}

pub(crate) fn with(body: Value, call: Request) -> Request {
    Request {
        body: Some(body.to_string()),
        ..call
    }
}

pub(crate) fn create_key(credential: &str) -> Request {
    let new = json!({ "name": "bench" });
    with(new, call("POST", "/api/v1/api-keys", credential))
}

/// Creates a key that only some addresses may use. They include the one that the calls here come from.
pub(crate) fn create_listed_key(credential: &str) -> Request {
    let new = json!({ "name": "bench", "allowedIps": ["192.0.2.0/24", "2001:db8::/32"] });
    with(new, call("POST", "/api/v1/api-keys", credential))
}

/// Rotates a key, with the overlap that is the default.
pub(crate) fn rotate_key(id: &str, credential: &str) -> Request {
    let path = format!("/api/v1/api-keys/{id}/rotate");
    call("POST", &path, credential)
}

pub(crate) fn create_ticket(credential: &str) -> Request {
    let new = json!({
        "subject": "Two blue mugs that have not come yet",
        "body": BODY,
        "requesterEmail": "alex.example@example.com",
        "requesterName": "Alex Example",
    });
    with(new, call("POST", "/api/v1/tickets", credential))
}

pub(crate) fn create_canned_reply(credential: &str) -> Request {
    let new = json!({ "title": "Where is my order?", "body": BODY });
    with(new, call("POST", "/api/v1/canned-replies", credential))
}
