//! The call that ends a session.

use std::sync::Arc;

use crate::{
    auth::session::same_origin,
    endpoint::{
        authenticated::{OverLimit, Session, call_of},
        handler::{AnswerTo, Early, Given},
        platform::Platform,
        request_context::RequestContext,
    },
    error::{ApiError, ErrorCode},
    http::{
        envelope::{Answer, Redirect},
        request::Request,
    },
    portal::SIGNED_OUT,
};

/// A caller who signs out, perhaps by the form of a page whose script does not run.
#[derive(Debug)]
pub struct SignOut {
    /// Their session, where they call with one.
    pub session: Option<Session>,
    /// Whether a browser shows what it is answered.
    is_shown: bool,
}

impl SignOut {
    /// The answer once the session has ended: for a browser that shows it, the way to the page that says so.
    ///
    /// # Errors
    ///
    /// As [`Answer::ok`].
    pub fn signed_out(&self) -> Result<Answer, ApiError> {
        if self.is_shown {
            Redirect::to(SIGNED_OUT).try_into()
        } else {
            Answer::deleted()
        }
    }
}

impl Given for SignOut {
    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        let is_shown = request.is_navigation() && same_origin(&request).is_ok();
        // A limit must keep nobody signed in.
        match call_of(request, platform, context, OverLimit::SessionsLetIn).await {
            Ok(call) => Ok(Self {
                session: call.session,
                is_shown,
            }),
            // Nobody is signed in, so the page tells the truth.
            Err(error) if is_shown && error.code == ErrorCode::AuthRequired => {
                let redirect = AnswerTo::<Self>::into_reply(Redirect::to(SIGNED_OUT))?;
                Err(Early::Reply(redirect))
            }
            Err(error) => Err(error.into()),
        }
    }
}
