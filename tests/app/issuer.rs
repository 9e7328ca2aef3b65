//! An issuer for tests. A test can change or remove its key set, count how often it is fetched, and go through a
//! sign-in step by step. The same server answers for Secrets Manager.

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
use local::{
    issuer::Key,
    secrets::{self, Secrets},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

/// The `kid` of the key that a new issuer publishes.
pub const KID: &str = "key-1";

pub struct TestIssuer {
    /// The key that the issuer publishes as [`KID`] until a test publishes other keys.
    pub key: Key,
    name: String,
    client_secret: String,
    secrets: Secrets,
    served: Arc<Mutex<Served>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Served {
    /// The key set; `None` while the issuer is down.
    key_set: Option<String>,
    fetches: usize,
    /// The discovery document; `None` while the issuer is down.
    discovery: Option<Value>,
    /// The grants by their codes; each code can be redeemed once.
    grants: HashMap<String, Grant>,
    /// The `Authorization` header that the token endpoint expects.
    client: String,
}

/// What the issuer gives for a code, and under which conditions.
pub struct Grant {
    /// The PKCE challenge that the verifier must match.
    pub challenge: String,
    /// The `redirect_uri` of the authorization request, which the exchange must repeat.
    pub redirect_uri: String,
    /// The response of the token endpoint.
    pub tokens: Value,
}

impl TestIssuer {
    pub async fn start() -> Self {
        let key = Key::generate();
        let client_secret = secrets::generate().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::new(Mutex::new(Served {
            key_set: Some(json!({ "keys": [key.jwk(KID)] }).to_string()),
            discovery: Some(json!({
                "issuer": name,
                "authorization_endpoint": format!("{name}/authorize"),
                "token_endpoint": format!("{name}/token"),
                "jwks_uri": format!("{name}/.well-known/jwks.json"),
            })),
            client: basic(&client_secret),
            ..Served::default()
        }));
        let secrets = Secrets::new([
            (secrets::SIGNING_SECRET, secrets::generate().unwrap()),
            (secrets::CLIENT_SECRET, client_secret.clone()),
        ]);
        let app = Router::new()
            .route("/.well-known/jwks.json", routing::get(key_set_of))
            .route(
                "/.well-known/openid-configuration",
                routing::get(discovery_of),
            )
            .route("/token", routing::post(exchange))
            .with_state(Arc::clone(&served))
            .merge(secrets.router());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            key,
            name,
            client_secret,
            secrets,
            served,
            server,
        }
    }

    /// The `iss` of its tokens, which is also its base URL.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The secret of its only client.
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// Gives the signing secret a new version.
    pub fn rotate_signing_secret(&self) {
        let secret = secrets::generate().unwrap();
        self.secrets.rotate(secrets::SIGNING_SECRET, secret);
    }

    /// Secrets Manager denies every read from now on.
    pub fn deny_secrets(&self) {
        self.secrets.deny();
    }

    /// Registers another secret for the client, and stores it as a new version.
    pub fn rotate_client_secret(&self) {
        let secret = secrets::generate().unwrap();
        self.served.lock().unwrap().client = basic(&secret);
        self.secrets.rotate(secrets::CLIENT_SECRET, secret);
    }

    /// Publishes these keys from now on.
    pub fn publish(&self, keys: &Value) {
        self.publish_text(&json!({ "keys": keys }).to_string());
    }

    /// Publishes this text as the key set from now on, even if it is invalid.
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

    /// How often the key set was fetched.
    pub fn fetches(&self) -> usize {
        self.served.lock().unwrap().fetches
    }

    /// Lets a code be redeemed once.
    pub fn grant(&self, code: &str, grant: Grant) {
        let mut served = self.served.lock().unwrap();
        served.grants.insert(code.to_owned(), grant);
    }

    /// Valid claims with these changes; `null` removes a claim.
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

    /// A correctly signed token with valid claims, but for these changes.
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

/// The `Authorization` header of the client (RFC 6749, section 2.3.1).
fn basic(secret: &str) -> String {
    let client = BASE64_STANDARD.encode(format!("suppuo:{}", encoded(secret)));
    format!("Basic {client}")
}

/// Form-encodes a text, as a client must encode its secret for the header (RFC 6749, section 2.3.1).
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

/// The token endpoint (RFC 6749, section 4.1.3; RFC 7636, section 4.6).
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
