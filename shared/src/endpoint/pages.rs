//! Calls of the portal's pages.

use std::sync::Arc;

use crate::{
    auth::sign_in::{START, return_to::ReturnTo},
    domain::caller::Caller,
    endpoint::{
        authenticated::{OverLimit, admit},
        handler::{AnswerTo, Early, Given},
        platform::Platform,
        request_context::RequestContext,
    },
    error::{ApiError, ErrorCode},
    http::{
        envelope::Redirect,
        language::{Language, language_of},
        origin::Origin,
        reply::{Page, Reply},
        request::Request,
    },
    store::workspace::Workspace,
};

/// A call of a page.
#[derive(Debug)]
#[non_exhaustive]
pub struct PageCall {
    /// Who asks for it.
    pub caller: Caller,
    /// Their workspace.
    pub workspace: Workspace,
    /// The language that they read.
    pub language: Language,
    /// The origin that they see in their address bar.
    pub origin: Origin,
    /// Where they can write to when something fails, if anywhere.
    pub support_url: Option<Arc<str>>,
}

impl Given for PageCall {
    const ERRORS_AS_PAGES: bool = true;

    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        let origin = request.origin().ok_or_else(no_host)?;
        let language = language_of(&request);
        let database = context.database(platform);
        let admitted = admit(&request, platform, &database, context, OverLimit::Refused).await;
        let authenticated = match admitted {
            Ok(authenticated) => authenticated,
            // With a header that is wrong nobody is helped by a sign-in.
            Err(error)
                if error.code == ErrorCode::AuthRequired && request.authorization().is_none() =>
            {
                let redirect = Redirect::to(to_sign_in(&request));
                return Err(Early::Reply(AnswerTo::<Self>::into_reply(redirect)?));
            }
            Err(error) => return Err(error.into()),
        };
        request.within_size()?;
        Ok(Self {
            caller: authenticated.caller,
            workspace: Workspace::new(authenticated.workspace, database),
            language,
            origin,
            support_url: platform.support_url.clone(),
        })
    }
}

impl AnswerTo<PageCall> for Page {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::Page(self))
    }
}

/// A call of a page that is the same for everyone, but for its language.
#[derive(Debug)]
pub struct OpenPage {
    /// The language that they read.
    pub language: Language,
}

impl Given for OpenPage {
    const ERRORS_AS_PAGES: bool = true;

    async fn from_request(
        request: Request,
        _platform: &Arc<Platform>,
        _context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        request.within_size()?;
        let language = language_of(&request);
        Ok(Self { language })
    }
}

impl AnswerTo<OpenPage> for Page {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::Page(self))
    }
}

/// Where who has not signed in does so, to come back to the page.
fn to_sign_in(request: &Request) -> String {
    let path = ReturnTo::parse(request.path());
    let path = path.as_ref().map_or(ReturnTo::DEFAULT, ReturnTo::as_str);
    let path: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("{}?returnTo={path}", START)
}

pub(super) fn no_host() -> ApiError {
    ApiError::validation("The request names no host. Send a `Host` header.")
}
