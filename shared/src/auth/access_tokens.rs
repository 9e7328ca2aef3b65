//! Verifies Huudis access tokens.

use std::sync::Arc;

use serde::{Deserialize, de::IgnoredAny};

use crate::{
    auth::issuer_tokens::IssuerTokens,
    error::ApiError,
    http::json::TextOrElse,
    ids::{Subject, WorkspaceId},
    time::Timestamp,
};

/// The claims in addition to those of every token. Only ID tokens have `nonce` and `at_hash`. An ID token tells a
/// client who signed in (OpenID Connect Core 1.0 section 2); it must not be accepted as an access token.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    nonce: Option<IgnoredAny>,
    #[serde(default)]
    at_hash: Option<IgnoredAny>,
    #[serde(default, rename = "accountId")]
    account_id: TextOrElse,
}

pub(crate) struct AccessTokens {
    tokens: Arc<IssuerTokens>,
    audiences: Vec<String>,
}

/// The holder of a valid access token.
pub(crate) struct Holder {
    pub(crate) subject: Subject,
    pub(crate) workspace: WorkspaceId,
    pub(crate) expires_at: Timestamp,
}

impl AccessTokens {
    /// Accepts the issuer's tokens for any of `audiences`.
    pub(crate) fn new(tokens: Arc<IssuerTokens>, audiences: &[String]) -> Self {
        Self {
            tokens,
            audiences: audiences.to_owned(),
        }
    }

    /// # Errors
    ///
    /// `401` if the token does not verify, `403` if it belongs to no workspace, `500` if the issuer's keys cannot be
    /// fetched.
    pub(crate) async fn holder(&self, token: &str, now: Timestamp) -> Result<Holder, ApiError> {
        let verified = self.tokens.verify(token, &self.audiences, now);
        let (registered, claims): (_, Claims) = verified.await?;
        if claims.nonce.is_some() || claims.at_hash.is_some() {
            let message = "This is an ID token, which tells one client who signed in. Send the access token that was \
                           issued with it.";
            return Err(ApiError::auth_required(message, "id_token"));
        }
        let nobody =
            "The access token names nobody: its `sub` is empty. Get a new one from the issuer.";
        let subject = Subject::parse(claims.sub)
            .ok_or_else(|| ApiError::auth_required(nobody, "no_subject"))?;
        let workspace = claims.account_id.text().and_then(WorkspaceId::parse);
        let no_workspace = "The access token belongs to no workspace: its `accountId` must be one, `acc_…`. Sign in as \
                            somebody who belongs to one.";
        Ok(Holder {
            subject,
            workspace: workspace
                .ok_or_else(|| ApiError::forbidden(no_workspace, "no_workspace"))?,
            expires_at: registered.expires_at(),
        })
    }
}
