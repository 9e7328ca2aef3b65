//! Verifies ID tokens (OpenID Connect Core 1.0 section 2): who signed in, in this sign-in.
//!
//! The signature, `iss`, `aud` and the times are checked as in an access token, see [`crate::auth::issuer_tokens`]. In
//! addition, following section 3.1.3.7: the nonce; `azp`, if it is there or there are several audiences; `at_hash`, if
//! it is there.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    auth::{issuer_tokens::IssuerTokens, sign_in::tokens::Tokens},
    error::ApiError,
    ids::Subject,
    time::Timestamp,
};

/// The claims in addition to those of every token.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    nonce: String,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    at_hash: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

pub(crate) struct Identity {
    pub(crate) sub: Subject,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
}

pub(super) async fn verify(
    issuer_tokens: &IssuerTokens,
    client_id: &str,
    tokens: &Tokens,
    nonce: &str,
    now: Timestamp,
) -> Result<Identity, ApiError> {
    let audience = [client_id.to_owned()];
    let verified = issuer_tokens.verify(tokens.id_token.expose_secret(), &audience, now);
    let (registered, claims): (_, Claims) = verified.await?;
    if claims.nonce != nonce {
        return Err(unverified("wrong_nonce"));
    }
    let authorised = match &claims.azp {
        Some(party) => party == client_id,
        None => !registered.has_several_audiences(),
    };
    if !authorised {
        return Err(unverified("wrong_authorised_party"));
    }
    if claims
        .at_hash
        .is_some_and(|hash| hash != hash_of(tokens.access_token.expose_secret()))
    {
        return Err(unverified("wrong_access_token_hash"));
    }
    Ok(Identity {
        sub: Subject::parse(claims.sub).ok_or_else(|| unverified("no_subject"))?,
        email: claims.email,
        name: claims.name,
    })
}

/// `at_hash` of a token (OpenID Connect Core 1.0 section 3.1.3.6): the left half of its SHA-256, the hash of ES256.
fn hash_of(access_token: &str) -> String {
    let hash = Sha256::digest(access_token);
    BASE64URL.encode(&hash[..hash.len() / 2])
}

/// [`super`] replaces the message.
fn unverified(refusal: &'static str) -> ApiError {
    ApiError::auth_required("The ID token does not verify.", refusal)
}
