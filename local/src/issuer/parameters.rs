//! The parameters of a sign-in.

use std::collections::BTreeMap;

/// Parameters by their names; of repeated ones the last.
pub(super) type Parameters = BTreeMap<String, String>;

pub(super) fn parameters(encoded: &[u8]) -> Parameters {
    form_urlencoded::parse(encoded).into_owned().collect()
}

/// What a parameter says; empty where there is none.
pub(super) fn of<'a>(parameters: &'a Parameters, name: &str) -> &'a str {
    parameters.get(name).map_or("", String::as_str)
}

/// The parameters that the question hands on to its answer.
pub(super) const HANDED_ON: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
];
