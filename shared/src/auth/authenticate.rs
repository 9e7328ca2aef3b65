//! Authenticates the caller of a request.
//!
//! Each scheme returns a [`SchemeResult`]. They are tried in turn until one returns something other than
//! `NotRequested`. If there is an `Authorization` header, it alone decides, and the token's first characters tell API
//! keys from access tokens. The session cookie is read only if there is no header.
//!
//! The scheme that authenticates a caller also counts the call, because both are a single write (see
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

/// # Errors
///
/// `401`, `403`, or `500` if the table or the issuer does not answer.
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
