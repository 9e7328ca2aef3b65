//! JWTs (RFC 7519) of the issuer, signed with ES256: the checks that access tokens and ID tokens share.
//!
//! docs/architecture.md, Access tokens, has the checks and their reasons.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use jsonwebtoken::{Algorithm, crypto};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::{
    auth::{
        es256,
        http_client::HttpClient,
        jwks::{self, Jwks},
    },
    error::ApiError,
    time::Timestamp,
};

/// The issuer of access tokens.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// The required `iss`.
    pub(crate) name: String,
    /// The URL of the issuer's public keys.
    pub(crate) jwks_url: String,
    /// `aud` must name one of them.
    pub(crate) audiences: Vec<String>,
}

/// The tolerated difference between the issuer's clock and ours: the most that openapi.yaml allows (Credentials).
const LEEWAY_MILLIS: i64 = 60 * 1000;

/// Larger than any token of the issuer. A larger text is not decoded.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The header of a token (RFC 7515 section 4.1). Other parameters are ignored.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

/// The claims that every token has (RFC 7519 section 4.1). They are parsed only after the signature was verified.
#[derive(Deserialize)]
pub struct Registered {
    iss: String,
    aud: Audience,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
}

impl Registered {
    /// When the token expires.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.exp.0)
    }

    /// Whether the token names several audiences.
    pub(crate) fn has_several_audiences(&self) -> bool {
        matches!(&self.aud, Audience::Many(audiences) if audiences.len() > 1)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// A time in milliseconds. In a token it is in seconds since the epoch, with or without a fraction (RFC 7519 section
/// 2).
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct NumericDate(i64);

impl TryFrom<f64> for NumericDate {
    type Error = &'static str;

    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        // Up to the year 9999, milliseconds are exact in both types.
        if !(0.0..253_402_300_800.0).contains(&seconds) {
            return Err("not a date");
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        Ok(Self((seconds * 1000.0) as i64))
    }
}

/// The three parts of a token (RFC 7515 section 3.1), not verified.
struct Token<'a> {
    /// The signed part: header and claims, as they were sent.
    message: &'a str,
    claims: &'a str,
    signature: &'a str,
    kid: String,
}

impl<'a> Token<'a> {
    fn read(token: &'a str) -> Result<Self, ApiError> {
        let malformed = |message: &'static str| ApiError::auth_required(message, "malformed_token");
        if token.len() > MAX_TOKEN_BYTES {
            return Err(malformed(
                "The token is longer than 8 KiB, which no token of the issuer's is. Send the access token alone.",
            ));
        }
        let parts: Vec<_> = token.splitn(4, '.').collect();
        let &[header, claims, signature] = &*parts else {
            return Err(malformed(
                "The token is neither an API key nor an access token. API keys begin with `sk_live_`; access tokens \
                 are JWTs of the issuer's, three parts with dots between them.",
            ));
        };
        let message = &token[..header.len() + 1 + claims.len()];
        let header: Header = decoded(header).ok_or_else(|| {
            malformed(
                "The access token cannot be read: its first part must be a JWT's header, with `alg` and `kid`. Send \
                 the token as the issuer gave it.",
            )
        })?;
        if header.alg != "ES256" {
            let message = "The access token is signed with another algorithm. It must be one that the issuer \
                           signed, with ES256.";
            return Err(ApiError::auth_required(message, "wrong_algorithm"));
        }
        if header.crit.is_some() {
            let message = "The access token asks for an extension (`crit`), and this API supports none. Send one \
                           without `crit`.";
            return Err(ApiError::auth_required(message, "critical_extension"));
        }
        Ok(Self {
            message,
            claims,
            signature,
            kid: header.kid,
        })
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64URL.decode(part).ok()?).ok()
}

/// The `kid` in a token's header, not verified.
///
/// # Errors
///
/// `401` if it is not a token, names another algorithm or no key, or requires an extension.
pub fn key_id(token: &str) -> Result<String, ApiError> {
    Ok(Token::read(token)?.kid)
}

/// Verifies tokens of the issuer.
pub(crate) struct IssuerTokens {
    issuer: String,
    jwks: Jwks,
}

impl IssuerTokens {
    pub(crate) fn new(issuer: &Issuer, http: Arc<HttpClient>) -> Self {
        es256::install();
        Self {
            issuer: issuer.name.clone(),
            jwks: jwks::jwks(issuer.jwks_url.clone(), http),
        }
    }

    /// The claims of a token that is valid now, for one of `audiences`.
    ///
    /// # Errors
    ///
    /// `401` if it is not valid; `500` if the issuer's keys cannot be fetched.
    pub(crate) async fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        audiences: &[String],
        now: Timestamp,
    ) -> Result<(Registered, C), ApiError> {
        let token = Token::read(token)?;
        let key = self.jwks.key(&token.kid, now).await?;
        let unknown = "The access token is signed with a key that the issuer does not publish. Get a new one from the \
                       issuer.";
        let key = key.ok_or_else(|| ApiError::auth_required(unknown, "unknown_kid"))?;
        // Nothing here depends on the token's header: we choose the algorithm, and the key is for that algorithm.
        let verified = crypto::verify(
            token.signature,
            token.message.as_bytes(),
            &key,
            Algorithm::ES256,
        );
        if !verified.unwrap_or(false) {
            let message = "The access token's signature is wrong: the token is cut off or changed, or the issuer did \
                           not sign it. Send the token as the issuer gave it.";
            return Err(ApiError::auth_required(message, "wrong_signature"));
        }
        let malformed = || {
            let message = "The access token's claims cannot be read: `iss` and `sub` must be texts, `aud` a text or \
                           a list of texts, `exp` a number of seconds. Get a new one from the issuer.";
            ApiError::auth_required(message, "malformed_claims")
        };
        let registered: Registered = decoded(token.claims).ok_or_else(malformed)?;
        self.check(&registered, audiences, now)?;
        let claims = decoded(token.claims).ok_or_else(malformed)?;
        Ok((registered, claims))
    }

    fn check(
        &self,
        claims: &Registered,
        audiences: &[String],
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let for_us = |audience: &String| audiences.contains(audience);
        let for_us = match &claims.aud {
            Audience::One(audience) => for_us(audience),
            Audience::Many(audiences) => audiences.iter().any(for_us),
        };
        if claims.iss != self.issuer {
            let message =
                "The access token is another issuer's. Get one from the issuer of this API.";
            return Err(ApiError::auth_required(message, "wrong_issuer"));
        }
        if !for_us {
            let named: Vec<_> = audiences.iter().map(|named| format!("`{named}`")).collect();
            let named = named.join(" or ");
            let message =
                format!("The access token is for others. Get one whose `aud` is {named}.");
            return Err(ApiError::auth_required(message, "wrong_audience"));
        }
        if now.as_millis() >= claims.exp.0 + LEEWAY_MILLIS {
            return Err(ApiError::auth_required(
                "The access token has expired. Get a new one.",
                "expired",
            ));
        }
        if claims
            .nbf
            .is_some_and(|nbf| now.as_millis() < nbf.0 - LEEWAY_MILLIS)
        {
            let message = "The access token is not valid yet: its `nbf` is in the future. Wait until then, or get \
                           another one.";
            return Err(ApiError::auth_required(message, "not_yet_valid"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::endpoint::config::Config;

    const NOW: i64 = 1_781_146_800;

    /// The reason for which claims are refused `millis` milliseconds after [`NOW`].
    fn refusal(changes: Value, millis: i64) -> Option<&'static str> {
        let mut issuer = Config::for_tests().issuer;
        issuer.name = "us".to_owned();
        let tokens = IssuerTokens::new(&issuer, Arc::default());
        let audiences = ["desk".to_owned(), "till".to_owned()];
        let mut claims = json!({ "iss": "us", "aud": "desk", "exp": NOW });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let now = Timestamp::from_millis(NOW * 1000 + millis);
        match serde_json::from_value(claims) {
            Ok(claims) => tokens
                .check(&claims, &audiences, now)
                .err()
                .and_then(|error| error.refusal),
            Err(_) => Some("malformed_claims"),
        }
    }

    #[test]
    fn leeway_is_a_minute_to_the_millisecond() {
        assert_eq!(refusal(json!({}), 59_999), None);
        assert_eq!(refusal(json!({}), 60_000), Some("expired"));
        let fraction = json!({ "exp": 1_781_146_800.5 });
        assert_eq!(refusal(fraction.clone(), 60_499), None);
        assert_eq!(refusal(fraction, 60_500), Some("expired"));
        let not_before = json!({ "nbf": NOW });
        assert_eq!(refusal(not_before.clone(), -60_000), None);
        assert_eq!(refusal(not_before, -60_001), Some("not_yet_valid"));
    }

    #[test]
    fn issuer_and_audience_must_match_exactly() {
        assert_eq!(refusal(json!({ "aud": ["x", "till"] }), 0), None);
        for aud in [json!("x"), json!([]), json!(["x"]), json!("desk,till")] {
            assert_eq!(refusal(json!({ "aud": aud }), 0), Some("wrong_audience"));
        }
        assert_eq!(refusal(json!({ "iss": "them" }), 0), Some("wrong_issuer"));
    }

    #[test]
    fn a_claim_of_another_type_is_malformed() {
        for wrong in [
            json!({ "exp": NOW.to_string() }),
            json!({ "exp": null }),
            json!({ "exp": true }),
            json!({ "exp": -1 }),
            json!({ "exp": 1e300 }),
            json!({ "nbf": "x" }),
            json!({ "iss": ["us"] }),
            json!({ "aud": ["desk", 7] }),
            json!({ "aud": null }),
        ] {
            assert_eq!(
                refusal(wrong.clone(), 0),
                Some("malformed_claims"),
                "{wrong}"
            );
        }
    }
}
