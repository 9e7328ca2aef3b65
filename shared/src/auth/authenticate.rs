//! Asks the schemes who calls.
//!
//! A scheme gives one of three answers, see [`SchemeResult`]. They are asked in turn until one answers other than *not
//! requested*. An `Authorization` header, where there is one, alone decides; its token's first characters say whether
//! it is an API key or an access token. The portal's session cookie is looked at where there is no header.
//!
//! A scheme that authenticates a caller also counts the call, because for an API key the two are one write (see
//! [`crate::store::rate_windows`]).

use crate::{
    auth::{
        access_token, api_key,
        bearer::Authorization,
        scheme::{Authenticated, Context, SchemeResult},
        session,
    },
    error::ApiError,
    http::request::Request,
};

/// Asks the schemes in turn.
///
/// # Errors
///
/// `401`, `403` or, where the table or the issuer does not answer, `500`.
pub(crate) async fn authenticate(
    request: &Request,
    context: &Context<'_>,
) -> Result<Authenticated, ApiError> {
    let authorization = Authorization::of(request.authorization())?;
    let mut result = api_key::attempt(&authorization, context).await;
    if let SchemeResult::NotRequested = result {
        result = access_token::attempt(&authorization, context).await;
    }
    if let SchemeResult::NotRequested = result {
        result = session::attempt(&authorization, request, context).await;
    }
    match result {
        SchemeResult::Authenticated(authenticated) => Ok(authenticated),
        SchemeResult::Failed(error) => Err(error),
        SchemeResult::NotRequested => Err(ApiError::auth_required(
            "There is no credential. Send the header `Authorization: Bearer` with an API key, which begins with \
             `sk_live_`, or with an access token; or, in a browser, sign in.",
            "no_credential",
        )),
    }
}
