//! GitHub for tests: it publishes keys, and signs what its secret scanning reports.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing,
};
use local::{
    github::{IDENTIFIER, KEYS, SIGNATURE, published},
    issuer::Key,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{App, Call};

/// The identifier of the key that GitHub publishes from the start.
pub const FIRST: &str = "first";

pub struct TestGithub {
    pub key: Key,
    url: String,
    served: Arc<Mutex<Served>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Served {
    /// The published document; `None` while GitHub is down.
    document: Option<String>,
    fetches: usize,
}

impl TestGithub {
    pub async fn start() -> Self {
        let key = Key::generate();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{KEYS}", listener.local_addr().unwrap());
        let served = Arc::new(Mutex::new(Served::default()));
        let app = Router::new().route(KEYS, routing::get(document));
        let app = app.with_state(Arc::clone(&served));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let github = Self {
            key,
            url,
            served,
            server,
        };
        github.publish(&[published(FIRST, &github.key)]);
        github
    }

    /// Where the keys are.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Publishes these keys from now on.
    pub fn publish(&self, keys: &[Value]) {
        self.publish_text(&json!({ "public_keys": keys }).to_string());
    }

    /// Publishes this text from now on, even if it is invalid.
    pub fn publish_text(&self, text: &str) {
        self.served.lock().unwrap().document = Some(text.to_owned());
    }

    /// Answers `503` from now on.
    pub fn go_down(&self) {
        self.served.lock().unwrap().document = None;
    }

    /// How often the keys were fetched.
    pub fn fetches(&self) -> usize {
        self.served.lock().unwrap().fetches
    }
}

impl Drop for TestGithub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// As GitHub's API does, it refuses a client that does not say its name.
async fn document(
    State(served): State<Arc<Mutex<Served>>>,
    headers: HeaderMap,
) -> Result<String, StatusCode> {
    let mut served = served.lock().unwrap();
    served.fetches += 1;
    if !headers.contains_key("user-agent") {
        return Err(StatusCode::FORBIDDEN);
    }
    let document = served.document.clone();
    document.ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// The body of a report of these tokens.
pub fn report(tokens: &[&str]) -> String {
    let found = tokens.iter().map(|token| {
        let url = "https://github.com/octocat/Hello-World/blob/main/foo/bar.txt";
        json!({ "token": token, "type": "suppuo_api_key", "url": url, "source": "content" })
    });
    Value::Array(found.collect()).to_string()
}

impl App {
    /// `POST /api/v1/secret-scanning/github` with a body that GitHub has signed.
    pub fn scanned(&self, body: &str) -> Call<'_> {
        self.signed_as(FIRST, &self.github.key, body)
    }

    /// The same, signed with this key.
    pub fn signed_as(&self, identifier: &str, key: &Key, body: &str) -> Call<'_> {
        self.call("POST", "/api/v1/secret-scanning/github")
            .header("Content-Type", "application/json")
            .header(IDENTIFIER, identifier)
            .header(SIGNATURE, &key.sign_bytes(body.as_bytes()))
            .body(body)
    }

    /// Fills an event with a key that was found, and if GitHub sends it, signs it.
    pub fn found(&self, mut event: Value, key: &str) -> Value {
        let Some(body) = event["body"].as_str() else {
            return event;
        };
        let body = body.replace("{key}", key);
        let headers = event["headers"].as_object_mut().unwrap();
        if let Some(signature) = headers.get_mut("github-public-key-signature") {
            *signature = self.github.key.sign_bytes(body.as_bytes()).into();
            headers.insert("github-public-key-identifier".to_owned(), FIRST.into());
        }
        event["body"] = body.into();
        event
    }
}
