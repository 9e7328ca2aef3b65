//! Secrets Manager: reading secrets only.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    routing,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{Error, lambda::locked};

/// The name of the secret that seals cursors and sign-ins.
pub const SIGNING_SECRET: &str = "signing";

/// The name of the secret with which the API authenticates to the issuer.
pub const CLIENT_SECRET: &str = "huudis-client";

/// At the end of each secret's ARN, after a hyphen.
pub const ARN_SUFFIX: &str = "AbCdEf";

/// The path of [`Secrets::router`].
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

/// The secrets of a deployment, each with all its versions, of which the last one is current.
#[derive(Clone)]
pub struct Secrets {
    versions: Arc<Mutex<BTreeMap<&'static str, Vec<String>>>>,
    denied: Arc<AtomicBool>,
}

impl Secrets {
    /// Secrets with these names and values.
    pub fn new(secrets: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let versions = secrets.into_iter().map(|(name, value)| (name, vec![value]));
        Self {
            versions: Arc::new(Mutex::new(versions.collect())),
            denied: Arc::default(),
        }
    }

    /// Gives a secret a new current version.
    pub fn rotate(&self, name: &'static str, value: String) {
        locked(&self.versions).entry(name).or_default().push(value);
    }

    /// Denies every read from now on.
    pub fn deny(&self) {
        self.denied.store(true, Relaxed);
    }

    /// Serves `GetSecretValue` (Secrets Manager API reference) for the current and the previous version.
    pub fn router(&self) -> Router {
        Router::new()
            .route(PATH, routing::post(answer))
            .route(&format!("{PATH}/"), routing::post(answer))
            .with_state(self.clone())
    }

    /// The value and the id of a version.
    fn find(&self, id: &str, stage: &str) -> Option<(String, String)> {
        let secrets = locked(&self.versions);
        let name = id.split_once(":secret:").map_or(Some(id), |(_, end)| {
            // What looks like a whole ARN is one ("Secret ARN", `GetSecretValue`, Secrets Manager API reference).
            let looks_whole = end.rsplit_once('-').is_some_and(|(_, suffix)| {
                suffix.len() == ARN_SUFFIX.len()
                    && suffix.bytes().all(|b| b.is_ascii_alphanumeric())
            });
            let whole = end
                .strip_suffix(ARN_SUFFIX)
                .and_then(|name| name.strip_suffix('-'));
            if looks_whole { whole } else { Some(end) }
        })?;
        let versions = secrets.get(name)?;
        let number = versions.len().checked_sub(match stage {
            "AWSCURRENT" => 1,
            "AWSPREVIOUS" => 2,
            _ => return None,
        })?;
        Some((versions[number].clone(), number.to_string()))
    }
}

async fn answer(
    State(secrets): State<Secrets>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    if secrets.denied.load(Relaxed) {
        let error = json!({ "__type": "AccessDeniedException", "Message": "not allowed" });
        return (StatusCode::BAD_REQUEST, Json(error));
    }
    let operation = headers.get("x-amz-target").map(HeaderValue::as_bytes);
    let name = request["SecretId"].as_str().unwrap_or_default();
    let stage = request["VersionStage"].as_str().unwrap_or("AWSCURRENT");
    if operation == Some(b"secretsmanager.GetSecretValue")
        && let Some((secret, version)) = secrets.find(name, stage)
    {
        let value = json!({ "Name": name, "SecretString": secret, "VersionId": version });
        (StatusCode::OK, Json(value))
    } else {
        let error =
            json!({ "__type": "ResourceNotFoundException", "Message": "there is no such secret" });
        (StatusCode::BAD_REQUEST, Json(error))
    }
}
