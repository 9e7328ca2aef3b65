//! Huudis access tokens: `Authorization: Bearer` and a JWT of the issuer's, see [`crate::credentials::jwt`].

use std::sync::Arc;

use serde::Deserialize;

use crate::{
    credentials::{
        Attempt, Caller, Context, Recognised, User,
        bearer::Authorization,
        jwt::{IssuerTokens, unverified},
    },
    error::ApiError,
    ids::{Subject, WorkspaceId},
    json::TextOrElse,
    store::windows,
    time::Timestamp,
};

/// What is read of the claims beside those that every token has.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default, rename = "accountId")]
    account_id: TextOrElse,
}

/// Tells who holds an access token.
pub(crate) struct AccessTokens {
    tokens: Arc<IssuerTokens>,
    audiences: Vec<String>,
}

/// Who holds an access token that is good.
pub(crate) struct Holder {
    pub(crate) subject: Subject,
    pub(crate) workspace: WorkspaceId,
    /// When the token ends.
    pub(crate) expires_at: Timestamp,
}

impl AccessTokens {
    /// Of the issuer's tokens those that are for one of `audiences`.
    pub(crate) fn new(tokens: Arc<IssuerTokens>, audiences: &[String]) -> Self {
        Self {
            tokens,
            audiences: audiences.to_owned(),
        }
    }

    /// Who holds a token.
    ///
    /// # Errors
    ///
    /// `401` where it does not verify, `403` where it belongs to no workspace, `500` where the issuer's keys are not to
    /// be had.
    pub(crate) async fn holder(&self, token: &str, now: Timestamp) -> Result<Holder, ApiError> {
        let verified = self.tokens.verify(token, &self.audiences, now);
        let (registered, claims): (_, Claims) = verified.await?;
        let subject = Subject::parse(claims.sub).ok_or_else(|| unverified("no_subject"))?;
        let workspace = claims.account_id.text().and_then(WorkspaceId::parse);
        let no_workspace = "The access token belongs to no workspace.";
        Ok(Holder {
            subject,
            workspace: workspace
                .ok_or_else(|| ApiError::forbidden(no_workspace, "no_workspace"))?,
            expires_at: registered.expires_at(),
        })
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
    let Holder {
        subject,
        workspace,
        expires_at,
    } = context.access_tokens.holder(token, context.now).await?;
    let counted = windows::count_user(
        context.database,
        &workspace,
        &subject,
        context.limit,
        context.now,
    );
    let verdict = counted.await?;
    let user = User {
        sub: subject,
        email: None,
        name: None,
        expires_at,
        session: None,
    };
    Ok(Recognised {
        caller: Caller::User(Box::new(user)),
        workspace,
        verdict,
    })
}
