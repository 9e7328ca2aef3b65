//! An issuer whose key set a test can change, take away and count the fetches of; and beside it the secret.

use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{Router, extract::State, http::StatusCode, routing};
use local::{issuer::Key, secrets};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// The `kid` of the key that a new issuer publishes.
pub const KID: &str = "key-1";

/// A running issuer.
pub struct TestIssuer {
    /// The key that it publishes as [`KID`] until a test changes that.
    pub key: Key,
    name: String,
    served: Arc<Mutex<Served>>,
    server: JoinHandle<()>,
}

struct Served {
    /// The key set; `None` while the issuer is down.
    key_set: Option<String>,
    fetches: usize,
}

impl TestIssuer {
    /// Starts one.
    pub async fn start() -> Self {
        let key = Key::generate();
        let key_set = json!({ "keys": [key.jwk(KID)] }).to_string();
        let served = Arc::new(Mutex::new(Served {
            key_set: Some(key_set),
            fetches: 0,
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/.well-known/jwks.json", routing::get(key_set_of))
            .with_state(Arc::clone(&served))
            .merge(secrets::router([(
                secrets::SIGNING_SECRET,
                secrets::generate().unwrap(),
            )]));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            key,
            name,
            served,
            server,
        }
    }

    /// What it puts into `iss`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Publishes these keys from now on.
    pub fn publish(&self, keys: &Value) {
        self.publish_text(&json!({ "keys": keys }).to_string());
    }

    /// Publishes this from now on, whatever it is.
    pub fn publish_text(&self, text: &str) {
        self.served.lock().unwrap().key_set = Some(text.to_owned());
    }

    /// Answers `503` from now on.
    pub fn go_down(&self) {
        self.served.lock().unwrap().key_set = None;
    }

    /// How often the key set was asked for.
    pub fn fetches(&self) -> usize {
        self.served.lock().unwrap().fetches
    }

    /// Good claims, with these changed; `null` takes one out.
    pub fn claims(&self, changes: &Value) -> Value {
        let now = now();
        let mut claims = json!({ "iss": self.name, "aud": "suppuo", "iat": now, "exp": now + 300 });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        claims
    }

    /// A token that is signed as it should be, with good claims but for these.
    pub fn token(&self, changes: &Value) -> String {
        self.key.sign(
            &json!({ "alg": "ES256", "typ": "JWT", "kid": KID }),
            &self.claims(changes),
        )
    }
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Seconds since the epoch.
pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .try_into()
        .unwrap()
}

async fn key_set_of(State(served): State<Arc<Mutex<Served>>>) -> Result<String, StatusCode> {
    let mut served = served.lock().unwrap();
    served.fetches += 1;
    served
        .key_set
        .clone()
        .ok_or(StatusCode::SERVICE_UNAVAILABLE)
}
