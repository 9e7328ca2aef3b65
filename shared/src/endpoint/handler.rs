//! Makes an endpoint of a function whose parameter is created from the request.

use std::{marker::PhantomData, sync::Arc};

use crate::{
    endpoint::{platform::Platform, request_context::RequestContext},
    error::ApiError,
    http::{
        envelope::{Answer, Redirect},
        reply::Reply,
        request::Request,
    },
    portal::problem_page::Flow,
};

/// The parameter of a handler. Only this crate can create one.
pub trait FromRequest: Sized {
    /// Whether a browser that navigates gets errors as a page.
    const ERRORS_AS_PAGES: bool = false;

    /// The environment variables that a function with this parameter reads, of [`crate::endpoint::variables`].
    #[doc(hidden)]
    const VARIABLES: &[&[&str]] = &[];

    /// Decides the wording of such a page.
    const FLOW: Flow = Flow::Page;

    /// Runs once, before the first event.
    #[doc(hidden)]
    fn prepare(_platform: &Platform) -> impl Future<Output = ()> {
        async {}
    }

    /// Creates the parameter, or responds without the handler.
    #[doc(hidden)]
    fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> impl Future<Output = Result<Self, EarlyResponse>>;

    /// Runs last, whether or not the handler ran.
    #[doc(hidden)]
    fn after_handler(
        _context: &RequestContext,
        _error: Option<&ApiError>,
    ) -> impl Future<Output = ()> {
        async {}
    }
}

/// A response for which the handler does not run.
#[derive(Debug)]
pub enum EarlyResponse {
    Reply(Reply),
    Error(ApiError),
}

impl EarlyResponse {
    /// Redirects to a path, or is the error that prevents it.
    pub(super) fn redirect(path: impl Into<String>) -> Self {
        match Answer::try_from(Redirect::to(path)) {
            Ok(answer) => Self::Reply(Reply::Answer(answer)),
            Err(error) => Self::Error(error),
        }
    }
}

impl<E: Into<ApiError>> From<E> for EarlyResponse {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// What a handler with the parameter `P` may return.
pub trait IntoReply<P> {
    #[doc(hidden)]
    fn into_reply(self) -> Result<Reply, ApiError>;
}

impl<P: FromRequest> IntoReply<P> for Answer {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::Answer(self))
    }
}

impl<P: FromRequest> IntoReply<P> for Redirect {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Answer::try_from(self).map(Reply::Answer)
    }
}

/// An endpoint, which [`crate::serve()`] serves.
pub trait Endpoint {
    const ERRORS_AS_PAGES: bool;

    const FLOW: Flow;

    #[doc(hidden)]
    fn variables(&self) -> &'static [&'static [&'static str]];

    #[doc(hidden)]
    fn prepare(&self, platform: &Platform) -> impl Future<Output = ()>;

    #[doc(hidden)]
    fn answer(
        &self,
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> impl Future<Output = Result<Reply, ApiError>>;
}

/// Makes an endpoint of a function; see [`crate::endpoint`].
pub fn handler<P, R, F>(function: F) -> impl Endpoint
where
    P: FromRequest,
    R: IntoReply<P>,
    F: AsyncFn(P) -> Result<R, ApiError>,
{
    Handler {
        function,
        types: PhantomData::<fn(P) -> R>,
    }
}

struct Handler<P, R, F> {
    function: F,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R, F> Endpoint for Handler<P, R, F>
where
    P: FromRequest,
    R: IntoReply<P>,
    F: AsyncFn(P) -> Result<R, ApiError>,
{
    const ERRORS_AS_PAGES: bool = P::ERRORS_AS_PAGES;
    const FLOW: Flow = P::FLOW;

    fn variables(&self) -> &'static [&'static [&'static str]] {
        P::VARIABLES
    }

    fn prepare(&self, platform: &Platform) -> impl Future<Output = ()> {
        P::prepare(platform)
    }

    async fn answer(
        &self,
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Reply, ApiError> {
        let outcome = match P::from_request(request, platform, context).await {
            Ok(parameter) => (self.function)(parameter).await.and_then(R::into_reply),
            Err(EarlyResponse::Reply(reply)) => Ok(reply),
            Err(EarlyResponse::Error(error)) => Err(error),
        };
        P::after_handler(context, outcome.as_ref().err()).await;
        outcome
    }
}
