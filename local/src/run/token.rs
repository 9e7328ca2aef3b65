//! Access tokens of the issuer.

use std::{env, time::Duration};

use serde_json::{Value, json};

use super::ports::Ports;
use crate::Error;

/// A token of the person `SUB` in the workspace `ACCOUNT`.
pub(super) async fn token(ports: &Ports) -> Result<String, Error> {
    let or = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let request = json!({ "sub": or("SUB", "usr_dev"), "accountId": or("ACCOUNT", "acc_dev") });
    let url = format!("{}/dev/token", ports.issuer_url());
    let answer = client()?.post(&url).json(&request).send().await;
    let answer = answer
        .map_err(|error| format!("{url} does not answer, is `make run` running? ({error})"))?;
    let answer: Value = answer.json().await?;
    Ok(answer["token"]
        .as_str()
        .ok_or_else(|| format!("{url} gave no token: is it the issuer that answers there?"))?
        .to_owned())
}

pub(super) fn client() -> Result<reqwest::Client, Error> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()?)
}
