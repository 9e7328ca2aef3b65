//! Secrets Manager, as far as one secret goes.

use std::{fs, path::Path};

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

/// The name of the secret.
pub const SIGNING_SECRET: &str = "signing";

/// The path under which [`router`] answers.
pub const PATH: &str = "/secrets-manager";

/// Makes up a secret.
///
/// # Errors
///
/// Where the system has no randomness.
pub fn generate() -> Result<String, Error> {
    let mut bytes = [0; 48];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_STANDARD.encode(bytes))
}

/// The secret that a file keeps, made up where there is none.
///
/// # Errors
///
/// Where the file can be neither read nor written.
pub fn kept_in(file: &Path) -> Result<String, Error> {
    if !file.exists() {
        fs::write(file, generate()?)?;
    }
    Ok(fs::read_to_string(file)?)
}

/// Answers `GetSecretValue`, as the Secrets Manager API reference describes it.
pub fn router(secret: String) -> Router {
    Router::new()
        .route(PATH, routing::post(answer))
        .route(&format!("{PATH}/"), routing::post(answer))
        .with_state(secret)
}

async fn answer(
    State(secret): State<String>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let operation = headers.get("x-amz-target").map(HeaderValue::as_bytes);
    if operation == Some(b"secretsmanager.GetSecretValue") && asked["SecretId"] == SIGNING_SECRET {
        let value = json!({ "Name": SIGNING_SECRET, "SecretString": secret });
        (StatusCode::OK, Json(value))
    } else {
        let error =
            json!({ "__type": "ResourceNotFoundException", "Message": "there is no such secret" });
        (StatusCode::BAD_REQUEST, Json(error))
    }
}
