//! Requests for the portal's pages.

use std::sync::Arc;

use futures_util::FutureExt;

use crate::{
    auth::sign_in::{START, return_to::ReturnTo},
    endpoint::{
        handler::{Created, EarlyResponse, FromRequest, Incoming, IntoReply, NotRequired},
        read_ahead::{CallerWhenDecided, FromRead, Read},
        variables,
    },
    error::{ApiError, ErrorCode},
    http::{
        language::{Language, language_of},
        origin::Origin,
        reply::{Page, Reply},
        request::Request,
    },
    portal::reader::Reader,
    store::workspace::WorkspaceReader,
    time::Timestamp,
};

/// A request for a page, by a caller who is signed in. As with every [`FromRead`], the page is shown only to them.
#[derive(Debug)]
#[non_exhaustive]
pub struct AuthenticatedPage {
    pub request: Arc<Request>,
    pub workspace: WorkspaceReader,
    pub language: Language,
    pub origin: Origin,
    /// The link to support on error pages.
    pub support_url: Option<Arc<str>>,
    caller: CallerWhenDecided,
}

impl AuthenticatedPage {
    /// Waits until the caller is admitted, so reads come first.
    pub async fn reader(&self) -> Reader<'_> {
        let user = self.caller.wait().await.user();
        Reader {
            language: self.language,
            sub: user.map(|user| user.sub.as_str()),
            email: user.and_then(|user| user.email.as_deref()),
            name: user.and_then(|user| user.name.as_deref()),
            workspace: self.workspace.id().as_str(),
            now: Timestamp::now(),
            origin: self.origin.url(""),
            support: self.support_url.as_deref(),
        }
    }
}

impl FromRead for AuthenticatedPage {
    const VARIABLES: &[&[&str]] = &[variables::CALLERS, variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    fn check(request: &Request) -> Result<(), ApiError> {
        request.origin().ok_or_else(no_host).map(drop)
    }

    fn from_read(read: Read<'_>) -> Result<Self, ApiError> {
        Ok(Self {
            language: language_of(read.request),
            origin: read.request.origin().ok_or_else(no_host)?,
            request: Arc::clone(read.request),
            workspace: read.workspace,
            support_url: read.platform.support_url.clone(),
            caller: read.caller,
        })
    }

    /// A sign-in does not help if the `Authorization` header is wrong.
    fn refuse(request: &Request, error: ApiError) -> EarlyResponse {
        if error.code == ErrorCode::AuthRequired && request.authorization().is_none() {
            EarlyResponse::redirect(sign_in_path(request))
        } else {
            error.into()
        }
    }
}

impl IntoReply<AuthenticatedPage> for Page {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::Page(self))
    }
}

/// A request for a page that needs no sign-in.
#[derive(Debug)]
pub struct UnauthenticatedPage {
    pub language: Language,
}

impl FromRequest for UnauthenticatedPage {
    type Scope = NotRequired;

    const VARIABLES: &[&[&str]] = &[variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            call.request.check_body_size()?;
            let language = language_of(&call.request);
            Ok(Self { language })
        }
        .boxed_local()
    }
}

impl IntoReply<UnauthenticatedPage> for Page {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::Page(self))
    }
}

/// The sign-in that returns to the requested page.
fn sign_in_path(request: &Request) -> String {
    let path = ReturnTo::parse(request.path());
    let path = path.as_ref().map_or(ReturnTo::DEFAULT, ReturnTo::as_str);
    let path: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("{START}?returnTo={path}")
}

pub(super) fn no_host() -> ApiError {
    ApiError::validation("The request names no host. Send a `Host` header.")
}
