//! GitHub, as far as its secret scanning goes: it publishes a key, and signs what it reports ("Secret scanning partner
//! program", GitHub Docs).
//!
//! Anyone who reaches it can have a report signed. So it is for one machine, and must listen on loopback only.

use axum::{Json, Router, body::Bytes, extract::State, routing};
use serde_json::{Value, json};

use crate::issuer::Key;

/// The path of the published keys, which is that of GitHub's API below `/github`.
pub const KEYS: &str = "/github/meta/public_keys/secret_scanning";

/// The path that signs a report: `POST` it to get the headers with which GitHub would send it.
pub const SIGN: &str = "/github/sign";

/// The headers of a report.
pub const IDENTIFIER: &str = "Github-Public-Key-Identifier";
pub const SIGNATURE: &str = "Github-Public-Key-Signature";

/// The identifier of this machine's key.
const LOCAL: &str = "local-1";

/// Serves the published keys, and signs whatever it is sent.
pub fn router(key: Key) -> Router {
    Router::new()
        .route(KEYS, routing::get(keys))
        .route(SIGN, routing::post(sign))
        .with_state(key)
}

/// An entry of the document of published keys.
#[must_use]
pub fn published(identifier: &str, key: &Key) -> Value {
    json!({ "key_identifier": identifier, "key": key.pem(), "is_current": true })
}

async fn keys(State(key): State<Key>) -> Json<Value> {
    Json(json!({ "public_keys": [published(LOCAL, &key)] }))
}

async fn sign(State(key): State<Key>, report: Bytes) -> Json<Value> {
    Json(json!({ IDENTIFIER: LOCAL, SIGNATURE: key.sign_bytes(&report) }))
}
