//! The scheme of access tokens: `Authorization: Bearer` and a JWT of the issuer, see [`crate::auth::issuer_tokens`].

use crate::{
    auth::{
        access_tokens::Holder,
        bearer::Authorization,
        scheme::{Authenticated, Context, SchemeResult},
    },
    domain::caller::{Caller, User},
    error::ApiError,
    store::caller_windows::{self, UserPartition},
};

pub(crate) async fn attempt(
    authorization: &Authorization<'_>,
    context: &Context<'_>,
) -> SchemeResult {
    let Authorization::AccessToken(token) = authorization else {
        return SchemeResult::NotRequested;
    };
    match authenticate(token, context).await {
        Ok(authenticated) => SchemeResult::Authenticated(authenticated),
        Err(error) => error.into(),
    }
}

async fn authenticate(token: &str, context: &Context<'_>) -> Result<Authenticated, ApiError> {
    let Holder {
        subject,
        workspace,
        expires_at,
    } = context.access_tokens.holder(token, context.now).await?;
    let user = UserPartition::new(&workspace, &subject);
    context.hint.by_token(user.as_str(), &workspace);
    let counted = caller_windows::count_user(
        context.database,
        context.last_counts,
        &workspace,
        &user,
        context.limit,
        context.now,
    );
    let decision = counted.await?;
    let user = User {
        sub: subject,
        email: None,
        name: None,
        expires_at,
        session: None,
    };
    Ok(Authenticated {
        caller: Caller::User(Box::new(user)),
        workspace,
        decision,
        has_stamped_key: false,
    })
}
