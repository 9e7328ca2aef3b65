//! The authorisation endpoint: asks who is to be signed in, and sends them back with a code
//! (RFC 6749 section 4.1, RFC 7636, RFC 9207, OpenID Connect Core 1.0 section 3.1.2).

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use reqwest::Url;

use super::{
    grant::Grant,
    page::{problem, question},
    parameters::{Parameters, of, parameters},
    tokens::{CLIENT_ID, Issuer},
};
use crate::Error;

/// Where the API takes people back.
const CALLBACK: &str = "/api/v1/auth/huudis/callback";

/// `GET /authorize`: who is it?
pub(super) async fn ask(State(issuer): State<Arc<Issuer>>, RawQuery(query): RawQuery) -> Response {
    let parameters = parameters(query.unwrap_or_default().as_bytes());
    match checked(&issuer, &parameters) {
        Ok(back) => question(&parameters, &back.origin().ascii_serialization()),
        Err(refusal) => *refusal,
    }
}

/// `POST /authorize`: it is they, or nobody.
pub(super) async fn answer(State(issuer): State<Arc<Issuer>>, body: Bytes) -> Response {
    let parameters = parameters(&body);
    let back = match checked(&issuer, &parameters) {
        Ok(back) => back,
        Err(refusal) => return *refusal,
    };
    if parameters.contains_key("refuse") {
        return refused(&issuer, back, &parameters, "access_denied", "They said no.");
    }
    if of(&parameters, "sub").trim().is_empty() {
        return problem("The person has no id: `sub` is empty.");
    }
    let Ok(code) = unguessable() else {
        return refused(&issuer, back, &parameters, "server_error", "No randomness.");
    };
    issuer.grant(code.clone(), Grant::new(&parameters));
    redirect(&issuer, back, &parameters, &[("code", &code)])
}

/// Where the person is sent back to, if the request is as it should be.
///
/// Whom a redirect would not reach, or would reach in the wrong place, is told here.
fn checked(issuer: &Issuer, parameters: &Parameters) -> Result<Url, Box<Response>> {
    let back = redirect_uri(of(parameters, "redirect_uri"));
    let back = back.ok_or_else(|| {
        let what = "`redirect_uri` must be http on this machine, with the path";
        Box::new(problem(&format!("{what} {CALLBACK}.")))
    })?;
    if of(parameters, "client_id") != CLIENT_ID {
        let refusal = problem(&format!("`client_id` must be {CLIENT_ID}."));
        return Err(Box::new(refusal));
    }
    let mut scopes = of(parameters, "scope").split(' ');
    let challenge = of(parameters, "code_challenge");
    let wrong = if of(parameters, "response_type") != "code" {
        ("unsupported_response_type", "`response_type` must be code.")
    } else if !scopes.any(|scope| scope == "openid") {
        ("invalid_scope", "`scope` must contain openid.")
    } else if of(parameters, "state").is_empty() {
        ("invalid_request", "`state` is required.")
    } else if of(parameters, "code_challenge_method") != "S256" {
        ("invalid_request", "`code_challenge_method` must be S256.")
    } else if challenge.len() != 43 {
        (
            "invalid_request",
            "`code_challenge` must be a SHA-256 in Base64url.",
        )
    } else {
        return Ok(back);
    };
    let (error, why) = wrong;
    Err(Box::new(refused(issuer, back, parameters, error, why)))
}

/// A text that nobody can guess.
fn unguessable() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64URL.encode(bytes))
}

fn redirect_uri(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let bare = url.username().is_empty() && url.password().is_none();
    let ends = url.query().is_none() && url.fragment().is_none();
    (url.scheme() == "http" && here && bare && ends && url.path() == CALLBACK).then_some(url)
}

fn refused(
    issuer: &Issuer,
    back: Url,
    parameters: &Parameters,
    error: &str,
    why: &str,
) -> Response {
    let added = [("error", error), ("error_description", why)];
    redirect(issuer, back, parameters, &added)
}

fn redirect(
    issuer: &Issuer,
    mut back: Url,
    parameters: &Parameters,
    added: &[(&str, &str)],
) -> Response {
    let mut query = back.query_pairs_mut();
    query.extend_pairs(added);
    if let Some(state) = parameters.get("state") {
        query.append_pair("state", state);
    }
    query.append_pair("iss", &issuer.name);
    drop(query);
    let headers = [
        (header::LOCATION, back.as_str()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sent_back_to_this_machine_only() {
        for good in [
            "http://127.0.0.1:9000",
            "http://localhost",
            "http://[::1]:1",
        ] {
            assert!(
                redirect_uri(&format!("{good}{CALLBACK}")).is_some(),
                "{good}"
            );
        }
        let elsewhere = [
            format!("https://127.0.0.1{CALLBACK}"),
            format!("http://127.0.0.1.example.com{CALLBACK}"),
            format!("http://localhost@example.com{CALLBACK}"),
            format!("http://kim@localhost{CALLBACK}"),
            format!("http://localhost{CALLBACK}/more"),
            format!("http://localhost{CALLBACK}?a=b"),
            format!("http://localhost{CALLBACK}#a"),
            CALLBACK.to_owned(),
            String::new(),
        ];
        for bad in elsewhere {
            assert!(redirect_uri(&bad).is_none(), "{bad}");
        }
    }
}
