//! The token endpoint: exchanges a code for tokens, once (RFC 6749 section 4.1.3, OpenID Connect Core 1.0 section
//! 3.1.3).

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64URL},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    grant::{Grant, now},
    parameters::{Parameters, parse, value},
    tokens::{CLIENT_ID, Issuer, TOKEN_SECONDS, TokenRequest},
};

/// An error code of RFC 6749 section 5.2, and its description.
type Refusal = (&'static str, &'static str);

/// `POST /token`.
pub(super) async fn answer(
    State(issuer): State<Arc<Issuer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION);
    let authorization = authorization.map(|value| value.to_str().unwrap_or_default());
    let tokens = issuer.exchange(authorization, &parse(&body));
    let (status, answer) = match tokens {
        Ok(tokens) => (StatusCode::OK, tokens),
        Err((error, why)) => {
            let status = match error {
                "invalid_client" => StatusCode::UNAUTHORIZED,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, json!({ "error": error, "error_description": why }))
        }
    };
    let mut response = (status, Json(answer)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        let basic = HeaderValue::from_static("Basic");
        headers.insert(header::WWW_AUTHENTICATE, basic);
    }
    response
}

impl Issuer {
    fn exchange(
        &self,
        authorization: Option<&str>,
        request: &Parameters,
    ) -> Result<Value, Refusal> {
        self.authenticate(authorization, request)?;
        if value(request, "grant_type") != "authorization_code" {
            let why = "`grant_type` must be authorization_code.";
            return Err(("unsupported_grant_type", why));
        }
        // The code cannot be used again, even if the exchange fails.
        let grant = self.take_grant(value(request, "code"));
        let grant = grant.ok_or(("invalid_grant", "The code is unknown, used or expired."))?;
        if value(request, "redirect_uri") != value(&grant.parameters, "redirect_uri") {
            return Err(("invalid_grant", "`redirect_uri` is another."));
        }
        let verifier = Sha256::digest(value(request, "code_verifier"));
        if BASE64URL.encode(verifier) != value(&grant.parameters, "code_challenge") {
            let why = "`code_verifier` does not fit the challenge.";
            return Err(("invalid_grant", why));
        }
        Ok(self.tokens(&grant))
    }

    fn tokens(&self, grant: &Grant) -> Value {
        let access_token = self.token(TokenRequest {
            sub: grant.claim("sub").unwrap_or_default(),
            account_id: grant.claim("accountId"),
            aud: None,
            iss: None,
            expires_in: None,
        });
        let hash = Sha256::digest(&access_token);
        let now = now();
        let mut claims = json!({
            "iss": self.name,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now.saturating_add(TOKEN_SECONDS),
            "auth_time": grant.signed_in,
            "at_hash": BASE64URL.encode(&hash[..hash.len() / 2]),
        });
        for name in ["sub", "email", "name", "nonce"] {
            if let Some(value) = grant.claim(name) {
                claims[name] = value.into();
            }
        }
        json!({
            "access_token": access_token,
            "id_token": self.signed(&claims),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": value(&grant.parameters, "scope"),
        })
    }

    /// Checks the client's secret, in the header or in the form, but not in both (RFC 6749 section 2.3.1).
    fn authenticate(
        &self,
        authorization: Option<&str>,
        request: &Parameters,
    ) -> Result<(), Refusal> {
        let posted = request.contains_key("client_secret");
        let (id, secret) = match authorization {
            Some(_) if posted => {
                let why = "The client authenticates itself in two ways.";
                return Err(("invalid_request", why));
            }
            Some(header) => basic(header).unwrap_or_default(),
            None => (
                value(request, "client_id").to_owned(),
                value(request, "client_secret").to_owned(),
            ),
        };
        if id == CLIENT_ID && secret == self.client_secret {
            Ok(())
        } else {
            Err(("invalid_client", "The client's id or secret is wrong."))
        }
    }
}

/// The id and the secret of the header. Each was form-encoded before they were joined (RFC 6749 section 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    let credentials = BASE64_STANDARD.decode(credentials.trim()).ok()?;
    let credentials = String::from_utf8(credentials).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    let decoded = |text: &str| {
        let pair = format!("text={text}");
        let (_, decoded) = form_urlencoded::parse(pair.as_bytes()).next()?;
        Some(decoded.into_owned())
    };
    scheme
        .eq_ignore_ascii_case("basic")
        .then_some((decoded(id)?, decoded(secret)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::key::Key;

    const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";

    fn issuer_with_a_code() -> Issuer {
        let name = "http://127.0.0.1:9400".to_owned();
        let issuer = Issuer::new(name, Key::generate(), "a+b/c=".to_owned());
        let challenge = BASE64URL.encode(Sha256::digest(VERIFIER));
        let granted = format!(
            "redirect_uri=http://localhost&scope=openid&nonce=n&code_challenge={challenge}\
             &sub=usr_kim&accountId=acc_dev&email="
        );
        issuer.grant("code".to_owned(), Grant::new(&parse(granted.as_bytes())));
        issuer
    }

    fn request(with: &str) -> Parameters {
        let request = format!(
            "grant_type=authorization_code&code=code&redirect_uri=http://localhost&code_verifier={VERIFIER}&{with}"
        );
        parse(request.as_bytes())
    }

    const POSTED: &str = "client_id=suppuo&client_secret=a%2Bb/c%3D";

    fn claims(token: &Value) -> Value {
        let claims = token.as_str().unwrap().split('.').nth(1).unwrap();
        serde_json::from_slice(&BASE64URL.decode(claims).unwrap()).unwrap()
    }

    #[test]
    fn a_code_is_exchanged_once_for_tokens_of_the_person_who_signed_in() {
        let issuer = issuer_with_a_code();
        let tokens = issuer.exchange(None, &request(POSTED)).unwrap();
        let (id, access) = (claims(&tokens["id_token"]), claims(&tokens["access_token"]));
        for claims in [&id, &access] {
            assert_eq!(claims["iss"], issuer.name);
            assert_eq!(
                (&claims["sub"], &claims["aud"]),
                (&json!("usr_kim"), &json!("suppuo"))
            );
        }
        assert_eq!((&id["nonce"], id.get("email")), (&json!("n"), None));
        assert_eq!(access["accountId"], "acc_dev");

        let again = issuer.exchange(None, &request(POSTED)).unwrap_err();
        assert_eq!(again.0, "invalid_grant");
    }

    #[test]
    fn a_request_with_anything_wrong_gets_no_tokens() {
        let basic = |text| format!("Basic {}", BASE64_STANDARD.encode(text));
        let good = basic("suppuo:a%2Bb%2Fc%3D");
        assert!(
            issuer_with_a_code()
                .exchange(Some(&good), &request(""))
                .is_ok()
        );
        for (header, with, error) in [
            (Some(good.clone()), POSTED, "invalid_request"),
            // The secret is not form-encoded, so its plus sign is read as a space.
            (Some(basic("suppuo:a+b/c=")), "", "invalid_client"),
            (Some("Bearer x".to_owned()), "", "invalid_client"),
            (None, "", "invalid_client"),
            (
                None,
                "client_id=other&client_secret=a%2Bb/c%3D",
                "invalid_client",
            ),
            (
                Some(good.clone()),
                "grant_type=password",
                "unsupported_grant_type",
            ),
            (Some(good.clone()), "code=other", "invalid_grant"),
            (
                Some(good.clone()),
                "redirect_uri=http://127.0.0.1",
                "invalid_grant",
            ),
            (Some(good), "code_verifier=other", "invalid_grant"),
        ] {
            let refused = issuer_with_a_code().exchange(header.as_deref(), &request(with));
            assert_eq!(refused.unwrap_err().0, error, "{header:?} {with}");
        }
    }
}
