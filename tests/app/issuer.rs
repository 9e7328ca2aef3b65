//! An issuer whose key set a test can change, take away and count the fetches of, and whose sign-ins a test can go through
//! step by step; and beside it the secrets.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing,
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64URL},
};
use local::{issuer::Key, secrets};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

/// The `kid` of the key that a new issuer publishes.
pub const KID: &str = "key-1";

/// A running issuer.
pub struct TestIssuer {
    /// The key that it publishes as [`KID`] until a test changes that.
    pub key: Key,
    name: String,
    client_secret: String,
    served: Arc<Mutex<Served>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Served {
    /// The key set; `None` while the issuer is down.
    key_set: Option<String>,
    fetches: usize,
    /// The discovery document, likewise.
    discovery: Option<Value>,
    /// What is given for a code, once.
    grants: HashMap<String, Grant>,
    /// What an `Authorization` header has to be.
    client: String,
}

/// What the issuer gives for a code, and to whom.
pub struct Grant {
    /// The PKCE challenge that the verifier has to meet.
    pub challenge: String,
    /// Where the browser was sent back to.
    pub redirect_uri: String,
    /// The answer of the token endpoint.
    pub tokens: Value,
}

impl TestIssuer {
    /// Starts one.
    pub async fn start() -> Self {
        let key = Key::generate();
        let client_secret = secrets::generate().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        let client = BASE64_STANDARD.encode(format!("suppuo:{}", encoded(&client_secret)));
        let served = Arc::new(Mutex::new(Served {
            key_set: Some(json!({ "keys": [key.jwk(KID)] }).to_string()),
            discovery: Some(json!({
                "issuer": name,
                "authorization_endpoint": format!("{name}/authorize"),
                "token_endpoint": format!("{name}/token"),
                "jwks_uri": format!("{name}/.well-known/jwks.json"),
            })),
            client: format!("Basic {client}"),
            ..Served::default()
        }));
        let secrets = [
            (secrets::SIGNING_SECRET, secrets::generate().unwrap()),
            (secrets::CLIENT_SECRET, client_secret.clone()),
        ];
        let app = Router::new()
            .route("/.well-known/jwks.json", routing::get(key_set_of))
            .route(
                "/.well-known/openid-configuration",
                routing::get(discovery_of),
            )
            .route("/token", routing::post(exchange))
            .with_state(Arc::clone(&served))
            .merge(secrets::router(secrets));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            key,
            name,
            client_secret,
            served,
            server,
        }
    }

    /// What it puts into `iss`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The secret of its one client.
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// Publishes these keys from now on.
    pub fn publish(&self, keys: &Value) {
        self.publish_text(&json!({ "keys": keys }).to_string());
    }

    /// Publishes this from now on, whatever it is.
    pub fn publish_text(&self, text: &str) {
        self.served.lock().unwrap().key_set = Some(text.to_owned());
    }

    /// Changes the discovery document.
    pub fn discover(&self, changes: &Value) {
        let mut served = self.served.lock().unwrap();
        let document = served.discovery.as_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
    }

    /// Answers `503` from now on.
    pub fn go_down(&self) {
        let mut served = self.served.lock().unwrap();
        served.key_set = None;
        served.discovery = None;
    }

    /// How often the key set was asked for.
    pub fn fetches(&self) -> usize {
        self.served.lock().unwrap().fetches
    }

    /// Takes a code from now on, once.
    pub fn grant(&self, code: &str, grant: Grant) {
        let mut served = self.served.lock().unwrap();
        served.grants.insert(code.to_owned(), grant);
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

/// As forms write it: how a client's secret goes into its header (RFC 6749 section 2.3.1).
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn key_set_of(State(served): State<Arc<Mutex<Served>>>) -> Result<String, StatusCode> {
    let mut served = served.lock().unwrap();
    served.fetches += 1;
    served
        .key_set
        .clone()
        .ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

async fn discovery_of(State(served): State<Arc<Mutex<Served>>>) -> Result<Json<Value>, StatusCode> {
    let document = served.lock().unwrap().discovery.clone();
    document.map(Json).ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// The token endpoint (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
async fn exchange(
    State(served): State<Arc<Mutex<Served>>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let mut served = served.lock().unwrap();
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    if served.discovery.is_none() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Value::Null));
    }
    if headers
        .get("authorization")
        .map(|value| value.to_str().unwrap())
        != Some(&served.client)
    {
        return refuse("invalid_client");
    }
    let Some(grant) = served.grants.remove(&form["code"]) else {
        return refuse("invalid_grant");
    };
    let challenge = BASE64URL.encode(Sha256::digest(&form["code_verifier"]));
    let good = form["grant_type"] == "authorization_code"
        && form["redirect_uri"] == grant.redirect_uri
        && challenge == grant.challenge;
    if !good {
        return refuse("invalid_grant");
    }
    (StatusCode::OK, Json(grant.tokens))
}
