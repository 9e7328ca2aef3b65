//! The request that ends a session.

use futures_util::FutureExt;

use crate::{
    auth::session::check_same_origin,
    endpoint::{
        authenticated::{OverLimit, Session, authenticated_call},
        handler::{Created, EarlyResponse, FromRequest, Incoming, NotRequired},
        platform::{Connect, connect},
        variables,
    },
    error::{ApiError, ErrorCode},
    http::envelope::{Answer, Redirect},
    portal::SIGNED_OUT,
};

/// A request to sign out: from a script, or from the page's form if scripts are off.
#[derive(Debug)]
pub struct SignOut {
    /// `None` if the caller uses another credential.
    pub session: Option<Session>,
    /// Whether a page of this origin sent its form, so that the browser shows the response.
    is_form: bool,
}

impl SignOut {
    /// The response after the session has ended. A form is redirected to the page that says so.
    pub fn signed_out(&self) -> Result<Answer, ApiError> {
        if self.is_form {
            Redirect::to(SIGNED_OUT).try_into()
        } else {
            Answer::deleted()
        }
    }
}

impl FromRequest for SignOut {
    type Scope = NotRequired;

    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::CALLERS];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let request = &call.request;
            let is_form = request.is_navigation() && check_same_origin(request).is_ok();
            // A limit must not prevent people from signing out.
            match authenticated_call(call, OverLimit::AllowSessions).await {
                Ok(call) => Ok(Self {
                    session: call.session,
                    is_form,
                }),
                // Nobody is signed in, so the page is right.
                Err(error) if is_form && error.code == ErrorCode::AuthRequired => {
                    Err(EarlyResponse::redirect(SIGNED_OUT))
                }
                Err(error) => Err(error.into()),
            }
        }
        .boxed_local()
    }
}
