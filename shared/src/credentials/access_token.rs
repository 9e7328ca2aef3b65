//! Huudis access tokens: JWTs (RFC 7519) signed ES256 by the issuer.
//!
//! What is believed of a token, and on what ground:
//!
//! - the algorithm is ES256, because that is what the stored keys are for; what the token says is only
//!   compared (RFC 8725 section 3.1). `none` and HMAC under the public key end there.
//! - the key is the one the issuer publishes under the token's `kid`; a key or an address inside the token
//!   (`jwk`, `jku`, `x5u`) is not looked at.
//! - `iss`, `aud` and `exp` are there and right, `nbf` is right where it is there; numbers are numbers.
//! - nothing in `crit`: an extension that must be understood is not (RFC 7515 section 4.1.11).

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    config::Issuer,
    credentials::{Attempt, Caller, Context, Recognised, bearer::Authorization, jwks::Jwks},
    error::ApiError,
    ids::{Subject, WorkspaceId},
    store::windows,
};

/// The contract allows 60 seconds of leeway at most. Clocks are read in whole seconds, rounded down, so
/// that 59 here are never more than 60 in truth.
const LEEWAY_SECS: u64 = 59;

/// Larger than any token that the issuer makes; what is larger is not worth decoding.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The claims that are read, once the token is believed.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// One issuer. The library would also take a list that names it.
    iss: String,
    #[serde(default, rename = "accountId")]
    account_id: Value,
}

/// Tells whether access tokens are the issuer's.
pub(crate) struct AccessTokens {
    issuer: String,
    validation: Validation,
    jwks: Jwks,
}

impl AccessTokens {
    pub(crate) fn new(issuer: &Issuer) -> Self {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        validation.set_issuer(&[&issuer.name]);
        validation.set_audience(&issuer.audiences);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECS;
        Self {
            issuer: issuer.name.clone(),
            validation,
            jwks: Jwks::at(issuer.jwks_url.clone()),
        }
    }

    async fn verify(&self, token: &str) -> Result<Claims, ApiError> {
        let kid = key_id(token)?;
        let Some(key) = self.jwks.key(&kid).await? else {
            return Err(unverified("unknown_kid"));
        };
        verify_with(token, &key, &self.validation, &self.issuer)
    }
}

pub(crate) async fn attempt(authorization: &Authorization<'_>, context: &Context<'_>) -> Attempt {
    let Authorization::AccessToken(token) = authorization else {
        return Attempt::NotPresented;
    };
    match recognise(token, context).await {
        Ok(recognised) => Attempt::Caller(recognised),
        Err(error) => error.into(),
    }
}

async fn recognise(token: &str, context: &Context<'_>) -> Result<Recognised, ApiError> {
    let claims = context.access_tokens.verify(token).await?;
    let subject = Subject::parse(claims.sub).ok_or_else(|| unverified("no_subject"))?;
    let workspace = claims
        .account_id
        .as_str()
        .and_then(WorkspaceId::parse)
        .ok_or_else(|| {
            ApiError::forbidden("The access token belongs to no workspace.", "no_workspace")
        })?;
    let counted = windows::count_user(
        context.database,
        &workspace,
        &subject,
        context.limit,
        context.now,
    );
    let verdict = counted.await?;
    Ok(Recognised {
        caller: Caller::User(subject),
        workspace,
        verdict,
    })
}

/// Which of the issuer's keys the token says it was signed with.
///
/// # Errors
///
/// `401` where the token's header cannot be read, names another algorithm or no key, or asks for an
/// extension.
pub fn key_id(token: &str) -> Result<String, ApiError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(unverified("malformed_token"));
    }
    let header = decode_header(token).map_err(|_| unverified("malformed_token"))?;
    if header.alg != Algorithm::ES256 {
        return Err(unverified("wrong_algorithm"));
    }
    if header.crit.is_some() {
        return Err(unverified("critical_extension"));
    }
    header.kid.ok_or_else(|| unverified("no_kid"))
}

fn verify_with(
    token: &str,
    key: &DecodingKey,
    validation: &Validation,
    issuer: &str,
) -> Result<Claims, ApiError> {
    let claims = match decode::<Claims>(token, key, validation) {
        Ok(decoded) => decoded.claims,
        Err(error) => {
            return Err(match error.kind() {
                ErrorKind::ExpiredSignature => {
                    ApiError::auth_required("The access token has expired.", "expired")
                }
                ErrorKind::ImmatureSignature => unverified("not_yet_valid"),
                ErrorKind::InvalidSignature => unverified("wrong_signature"),
                ErrorKind::InvalidIssuer => unverified("wrong_issuer"),
                ErrorKind::InvalidAudience => unverified("wrong_audience"),
                ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => {
                    unverified("missing_claim")
                }
                _ => unverified("malformed_token"),
            });
        }
    };
    if claims.iss != issuer {
        return Err(unverified("wrong_issuer"));
    }
    Ok(claims)
}

fn unverified(refusal: &'static str) -> ApiError {
    ApiError::auth_required("The access token does not verify.", refusal)
}
