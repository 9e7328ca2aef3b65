//! The authorisation endpoint: asks who signs in, and redirects back with a code
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
    page::{error_page, sign_in_page},
    parameters::{Parameters, parse, value},
    tokens::{CLIENT_ID, Issuer},
};
use crate::Error;

/// The path of the API's redirect URI.
const CALLBACK: &str = "/api/v1/auth/huudis/callback";

/// `GET /authorize`: the form that asks who signs in.
pub(super) async fn show_form(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = parse(query.unwrap_or_default().as_bytes());
    match validate(&issuer, &parameters) {
        Ok(back) => sign_in_page(&parameters, &back.origin().ascii_serialization()),
        Err(response) => *response,
    }
}

/// `POST /authorize`: the form's answer, a person or a refusal.
pub(super) async fn submit_form(State(issuer): State<Arc<Issuer>>, body: Bytes) -> Response {
    let parameters = parse(&body);
    let back = match validate(&issuer, &parameters) {
        Ok(back) => back,
        Err(response) => return *response,
    };
    if parameters.contains_key("refuse") {
        let why = "The person refused.";
        return redirect_error(&issuer, back, &parameters, "access_denied", why);
    }
    if value(&parameters, "sub").trim().is_empty() {
        return error_page("The person has no id: `sub` is empty.");
    }
    let Ok(code) = random_code() else {
        let why = "No randomness.";
        return redirect_error(&issuer, back, &parameters, "server_error", why);
    };
    issuer.grant(code.clone(), Grant::new(&parameters));
    redirect(&issuer, back, &parameters, &[("code", &code)])
}

/// The redirect URI of a valid request.
///
/// # Errors
///
/// The response: a redirect with the error, or if the redirect URI or the client is wrong, a page.
fn validate(issuer: &Issuer, parameters: &Parameters) -> Result<Url, Box<Response>> {
    let back = redirect_uri(issuer, value(parameters, "redirect_uri"));
    let back = back.ok_or_else(|| {
        let what = "`redirect_uri` must be registered, or http on this machine with the path";
        Box::new(error_page(&format!("{what} {CALLBACK}.")))
    })?;
    if value(parameters, "client_id") != CLIENT_ID {
        let response = error_page(&format!("`client_id` must be {CLIENT_ID}."));
        return Err(Box::new(response));
    }
    let mut scopes = value(parameters, "scope").split(' ');
    let challenge = value(parameters, "code_challenge");
    let wrong = if value(parameters, "response_type") != "code" {
        ("unsupported_response_type", "`response_type` must be code.")
    } else if !scopes.any(|scope| scope == "openid") {
        ("invalid_scope", "`scope` must contain openid.")
    } else if value(parameters, "state").is_empty() {
        ("invalid_request", "`state` is required.")
    } else if value(parameters, "code_challenge_method") != "S256" {
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
    Err(Box::new(redirect_error(
        issuer, back, parameters, error, why,
    )))
}

fn random_code() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64URL.encode(bytes))
}

fn redirect_uri(issuer: &Issuer, text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    if issuer.is_registered(text) {
        return Some(url);
    }
    let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let bare = url.username().is_empty() && url.password().is_none();
    let ends = url.query().is_none() && url.fragment().is_none();
    (url.scheme() == "http" && here && bare && ends && url.path() == CALLBACK).then_some(url)
}

fn redirect_error(
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
    use crate::issuer::key::Key;

    #[test]
    fn people_are_sent_back_to_this_machine_or_to_a_registered_uri() {
        let name = "http://127.0.0.1:9400".to_owned();
        let issuer = Issuer::new(name, Key::generate(), String::new());
        let registered = format!("https://api.example.test{CALLBACK}");
        assert!(redirect_uri(&issuer, &registered).is_none());
        issuer.register(registered.clone());
        assert!(redirect_uri(&issuer, &registered).is_some());
        assert!(redirect_uri(&issuer, &format!("{registered}?a=b")).is_none());
        for good in [
            "http://127.0.0.1:9000",
            "http://localhost",
            "http://[::1]:1",
        ] {
            assert!(
                redirect_uri(&issuer, &format!("{good}{CALLBACK}")).is_some(),
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
            assert!(redirect_uri(&issuer, &bad).is_none(), "{bad}");
        }
    }
}
