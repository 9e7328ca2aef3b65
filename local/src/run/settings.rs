//! The environment of the functions, and their number of processes.

use std::env;

use super::ports::Ports;
use crate::{Error, github, issuer, secrets};

/// The name of the table on this machine.
pub(super) const TABLE: &str = "suppuo";

/// How many tickets this machine's one address may submit, unless [`IN_10_MINUTES`] or [`IN_AN_HOUR`] are set.
const SUBMISSIONS: &str = "1000";

const IN_10_MINUTES: &str = "SUBMISSIONS_IN_10_MINUTES";

const IN_AN_HOUR: &str = "SUBMISSIONS_IN_AN_HOUR";

/// The environment of the functions. What replaces AWS here is always set. The rest is our own environment, so that
/// another issuer or another limit can be set as in a deployment.
pub(super) fn environment(ports: &Ports, dynamodb: &str) -> Vec<(String, String)> {
    let (issuer, secrets_manager) = (ports.issuer_url(), ports.issuer_url() + secrets::PATH);
    let github_keys = ports.issuer_url() + github::KEYS;
    let always = [
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets_manager),
        ("TABLE_NAME", TABLE),
        ("SIGNING_SECRET", secrets::SIGNING_SECRET),
        ("HUUDIS_CLIENT_ID", issuer::CLIENT_ID),
        ("HUUDIS_CLIENT_SECRET", secrets::CLIENT_SECRET),
    ];
    let defaults = [
        ("HUUDIS_ISSUER", issuer.as_str()),
        ("GITHUB_KEYS_URL", github_keys.as_str()),
        (IN_10_MINUTES, SUBMISSIONS),
        (IN_AN_HOUR, SUBMISSIONS),
    ];
    let defaults = defaults.into_iter().filter(|(name, _)| !is_set(name));
    let ours = always.into_iter().chain(defaults);
    let ours = ours.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let inherited = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    // If a name occurs twice, the process gets the later value.
    inherited.chain(ours).collect()
}

/// Whether a setting is in the environment. An empty one counts as none.
fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// The limits on submissions, for `make run` to print.
pub(super) fn limits_in_words() -> String {
    let limit = |name| {
        let set = env::var(name).ok().filter(|_| is_set(name));
        set.unwrap_or_else(|| SUBMISSIONS.to_owned())
    };
    format!(
        "limits: all clients here have one address; it may submit {} tickets in 10 minutes ({IN_10_MINUTES}), {} in an \
         hour ({IN_AN_HOUR})",
        limit(IN_10_MINUTES),
        limit(IN_AN_HOUR)
    )
}

/// The most processes that a function may have: `CONCURRENCY`.
pub(super) fn concurrency() -> Result<usize, Error> {
    match env::var("CONCURRENCY").as_deref() {
        Err(_) => Ok(4),
        Ok(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("CONCURRENCY: `{text}` is not a whole number from 1").into()),
        },
    }
}
