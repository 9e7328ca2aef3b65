//! A stand-in for Huudis: a signing key, its key set, tokens for whoever asks, and the sign-in of OpenID Connect.
//!
//! Anyone who reaches it can be anyone. It is for one machine, and listens on loopback only.

mod authorize;
mod exchange;
mod page;

use std::{
    collections::HashMap,
    fs,
    io::ErrorKind,
    path::Path,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{Json, Router, body::Bytes, extract::State, http::StatusCode, routing};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    elliptic_curve::rand_core::OsRng,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Error;

/// A P-256 key that signs tokens.
#[derive(Clone)]
pub struct Key(SigningKey);

impl Key {
    /// A new key.
    #[must_use]
    pub fn generate() -> Self {
        Self(SigningKey::random(&mut OsRng))
    }

    /// The key in `file`, or a new one that is then in it.
    ///
    /// # Errors
    ///
    /// Where the file holds something else or cannot be written.
    pub fn kept_in(file: &Path) -> Result<Self, Error> {
        match fs::read(file) {
            Ok(bytes) => Ok(Self(SigningKey::from_slice(&bytes)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = Self::generate();
                fs::write(file, key.0.to_bytes())?;
                Ok(key)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The public half as a JSON Web Key (RFC 7518 section 6.2.1).
    #[must_use]
    pub fn jwk(&self, kid: &str) -> Value {
        let point = self.0.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<_>| bytes.map(|bytes: &_| BASE64URL.encode::<&_>(bytes));
        let (x, y) = (coordinate(point.x()), coordinate(point.y()));
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y })
    }

    /// Signs a token with whatever header and claims (RFC 7515 section 3.1).
    #[must_use]
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature: Signature = self.0.sign(message.as_bytes());
        format!("{message}.{}", BASE64URL.encode(signature.to_bytes()))
    }
}

fn encoded(part: &Value) -> String {
    BASE64URL.encode(part.to_string())
}

/// The issuer: a name, a key, and one client.
pub struct Issuer {
    name: String,
    key: Key,
    client_secret: String,
    /// What has been granted and not yet been fetched, by its code.
    grants: Mutex<HashMap<String, exchange::Grant>>,
}

/// The one client of the issuer.
pub const CLIENT_ID: &str = "suppuo";

const KID: &str = "local-1";

/// How long an access token is good for, in seconds, unless it is asked for with another life.
const TOKEN_SECONDS: i64 = 3600;

/// What `POST /dev/token` takes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    /// Whose token it is.
    pub sub: String,
    /// Their workspace; `null` leaves the claim out.
    pub account_id: Option<String>,
    /// Whom it is for; `suppuo` by default.
    pub aud: Option<Value>,
    /// Who is said to have issued it; this issuer by default.
    pub iss: Option<String>,
    /// Seconds until it expires, an hour by default; negative for one that has.
    pub expires_in: Option<i64>,
}

impl Issuer {
    /// An issuer that is reached at `name`, which is also what it puts into `iss`; its client has this secret.
    #[must_use]
    pub fn new(name: String, key: Key, client_secret: String) -> Self {
        Self {
            name,
            key,
            client_secret,
            grants: Mutex::default(),
        }
    }

    /// A token.
    #[must_use]
    pub fn token(&self, request: TokenRequest) -> String {
        let now = now();
        let mut claims = json!({
            "iss": request.iss.unwrap_or_else(|| self.name.clone()),
            "aud": request.aud.unwrap_or_else(|| CLIENT_ID.into()),
            "sub": request.sub,
            "iat": now,
            "exp": now.saturating_add(request.expires_in.unwrap_or(TOKEN_SECONDS)),
        });
        if let Some(workspace) = request.account_id {
            claims["accountId"] = workspace.into();
        }
        self.signed(&claims)
    }

    fn signed(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KID });
        self.key.sign(&header, claims)
    }

    /// Serves discovery, the key set, tokens and sign-ins until the listener fails, and beside them what else is given.
    ///
    /// # Errors
    ///
    /// Where it does.
    pub async fn serve(self, listener: TcpListener, beside: Router) -> Result<(), Error> {
        let app = Router::new()
            .route("/.well-known/openid-configuration", routing::get(discovery))
            .route("/.well-known/jwks.json", routing::get(key_set))
            .route("/dev/token", routing::post(token))
            .route(
                "/authorize",
                routing::get(authorize::ask).post(authorize::answer),
            )
            .route("/token", routing::post(exchange::answer))
            .with_state(Arc::new(self))
            .merge(beside);
        Ok(axum::serve(listener, app).await?)
    }
}

/// Seconds since the epoch.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

/// A text that nobody can guess.
fn unguessable() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64URL.encode(bytes))
}

/// The issuer's metadata (OpenID Connect Discovery 1.0 section 3, RFC 9207 section 3).
async fn discovery(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    let name = &issuer.name;
    Json(json!({
        "issuer": name,
        "authorization_endpoint": format!("{name}/authorize"),
        "token_endpoint": format!("{name}/token"),
        "jwks_uri": format!("{name}/.well-known/jwks.json"),
        "scopes_supported": ["openid", "email", "profile"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "claims_supported": [
            "iss", "aud", "sub", "iat", "exp", "auth_time", "nonce", "at_hash", "email", "name", "accountId",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn key_set(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    Json(json!({ "keys": [issuer.key.jwk(KID)] }))
}

/// Reads the body whatever its content type: `curl -d` sends none that would fit.
async fn token(
    State(issuer): State<Arc<Issuer>>,
    body: Bytes,
) -> Result<Json<Value>, (StatusCode, String)> {
    let request = serde_json::from_slice(&body);
    let request = request.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok(Json(json!({ "token": issuer.token(request) })))
}
