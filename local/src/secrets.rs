//! Secrets Manager: reading secrets only.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    routing,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::Error;

/// The name of the secret that seals cursors and sign-ins.
pub const SIGNING_SECRET: &str = "signing";

/// The name of the secret with which the API authenticates to the issuer.
pub const CLIENT_SECRET: &str = "huudis-client";

/// The path of [`router`].
pub const PATH: &str = "/secrets-manager";

/// A random secret.
pub fn generate() -> Result<String, Error> {
    let mut bytes = [0; 48];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_STANDARD.encode(bytes))
}

/// The secret in a file. If the file does not exist, it is created with a random secret.
pub fn kept_in(file: &Path) -> Result<String, Error> {
    if !file.exists() {
        fs::write(file, generate()?)?;
    }
    Ok(fs::read_to_string(file)?)
}

/// Serves `GetSecretValue` (Secrets Manager API reference) for these names and values.
pub fn router(secrets: impl IntoIterator<Item = (&'static str, String)>) -> Router {
    let secrets: BTreeMap<_, _> = secrets.into_iter().collect();
    Router::new()
        .route(PATH, routing::post(answer))
        .route(&format!("{PATH}/"), routing::post(answer))
        .with_state(Arc::new(secrets))
}

async fn answer(
    State(secrets): State<Arc<BTreeMap<&'static str, String>>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let operation = headers.get("x-amz-target").map(HeaderValue::as_bytes);
    let name = request["SecretId"].as_str().unwrap_or_default();
    if operation == Some(b"secretsmanager.GetSecretValue")
        && let Some(secret) = secrets.get(name)
    {
        let value = json!({ "Name": name, "SecretString": secret });
        (StatusCode::OK, Json(value))
    } else {
        let error =
            json!({ "__type": "ResourceNotFoundException", "Message": "there is no such secret" });
        (StatusCode::BAD_REQUEST, Json(error))
    }
}
