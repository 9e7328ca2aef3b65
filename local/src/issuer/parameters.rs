//! The parameters of a sign-in.

use std::collections::BTreeMap;

/// Parameters by name. The last of repeated ones counts.
pub(super) type Parameters = BTreeMap<String, String>;

pub(super) fn parse(encoded: &[u8]) -> Parameters {
    form_urlencoded::parse(encoded).into_owned().collect()
}

/// The value of a parameter; empty if it is missing.
pub(super) fn value<'a>(parameters: &'a Parameters, name: &str) -> &'a str {
    parameters.get(name).map_or("", String::as_str)
}

/// The parameters that the sign-in form forwards.
pub(super) const FORWARDED: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
];
