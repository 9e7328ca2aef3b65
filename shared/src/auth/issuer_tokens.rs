//! JWTs (RFC 7519) of the issuer, signed ES256: what access tokens and ID tokens have in common.
//!
//! What is believed of a token, and on what ground:
//!
//! - the algorithm is ES256, because that is what the stored keys are for; what the token says is only
//!   compared (RFC 8725 section 3.1). `none` and HMAC under the public key end there.
//! - the key is the one the issuer publishes under the token's `kid`; a key or an address inside the token
//!   (`jwk`, `jku`, `x5u`) is not looked at.
//! - `iss`, `aud` and `exp` are there and right, `nbf` is right where it is there; numbers are numbers.
//! - nothing in `crit`: an extension that must be understood is not (RFC 7515 section 4.1.11).

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use jsonwebtoken::{Algorithm, crypto};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::{
    auth::{es256, issuer_http::IssuerHttp, jwks::Jwks},
    error::ApiError,
    time::Timestamp,
};

/// Who signs access tokens, and for whom.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// What `iss` has to say.
    pub(crate) name: String,
    /// Where the issuer's public keys are.
    pub(crate) jwks_url: String,
    /// What `aud` has to name one of.
    pub(crate) audiences: Vec<String>,
}

/// How far the issuer's clock and ours may be apart: the most that the contract allows.
const LEEWAY_MILLIS: i64 = 60 * 1000;

/// Larger than any token that the issuer makes; what is larger is not worth decoding.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What is read of a token's header (RFC 7515 section 4.1). The rest of it, whatever it is, is not.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

/// The claims that every token has (RFC 7519 section 4.1), read once the signature is good.
#[derive(Deserialize)]
pub struct Registered {
    iss: String,
    aud: Audience,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
}

impl Registered {
    /// When the token ends.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.exp.0)
    }

    /// Whether others are named as its audience, too.
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

/// Seconds since the epoch, perhaps with a fraction (RFC 7519 section 2); kept in milliseconds.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct NumericDate(i64);

impl TryFrom<f64> for NumericDate {
    type Error = &'static str;

    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        // Up to the year 9999, in which both sides of a comparison are exact.
        if !(0.0..253_402_300_800.0).contains(&seconds) {
            return Err("no date");
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        Ok(Self((seconds * 1000.0) as i64))
    }
}

/// A token in its three parts (RFC 7515 section 3.1), nothing of it believed.
struct Token<'a> {
    /// What is signed: header and claims, as they were sent.
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

/// Which of the issuer's keys a token says it was signed with.
///
/// # Errors
///
/// `401` where the token is none, names another algorithm or no key, or asks for an extension.
pub fn key_id(token: &str) -> Result<String, ApiError> {
    Ok(Token::read(token)?.kid)
}

/// Tells whether tokens are the issuer's.
pub(crate) struct IssuerTokens {
    issuer: String,
    jwks: Jwks,
}

impl IssuerTokens {
    pub(crate) fn new(issuer: &Issuer, http: Arc<IssuerHttp>) -> Self {
        es256::install();
        Self {
            issuer: issuer.name.clone(),
            jwks: Jwks::at(issuer.jwks_url.clone(), http),
        }
    }

    /// The claims of a token that is good now, and is for one of `audiences`.
    ///
    /// # Errors
    ///
    /// `401` where it is not; `500` where the issuer's keys are not to be had.
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
        // The algorithm is ours and the key is of its kind: nothing here is the token's choice.
        let good = crypto::verify(
            token.signature,
            token.message.as_bytes(),
            &key,
            Algorithm::ES256,
        );
        if !good.unwrap_or(false) {
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
    use crate::runtime::config::Config;

    const NOW: i64 = 1_781_146_800;

    /// Why claims are refused at a moment, in milliseconds after [`NOW`].
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
    fn issuer_and_audience_are_whole_words() {
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
