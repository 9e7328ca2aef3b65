//! Serves any function that takes what an endpoint can be given.

use std::{marker::PhantomData, sync::Arc};

use crate::{
    endpoint::{platform::Platform, request_context::RequestContext},
    error::ApiError,
    http::{
        envelope::{Answer, Redirect},
        reply::Reply,
        request::Request,
    },
    portal::problem_page::Way,
};

/// What an endpoint is given. Only this crate makes one.
pub trait Given: Sized {
    /// Whether a browser that navigates gets errors as a page: only where browsers go by themselves.
    const ERRORS_AS_PAGES: bool = false;

    /// What such a page says that the browser was on its way to.
    const WAY: Way = Way::Page;

    /// Does what can be done before the first event.
    #[doc(hidden)]
    fn prepare(_platform: &Platform) -> impl Future<Output = ()> {
        async {}
    }

    /// Makes it from a request, or answers in the handler's stead.
    #[doc(hidden)]
    fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> impl Future<Output = Result<Self, Early>>;

    /// Runs last, whatever came of the request.
    #[doc(hidden)]
    fn settle(_context: &RequestContext, _error: Option<&ApiError>) -> impl Future<Output = ()> {
        async {}
    }
}

/// An answer for which the handler does not run.
#[derive(Debug)]
pub enum Early {
    /// The request is answered.
    Reply(Reply),
    /// The request is refused, or something failed.
    Error(ApiError),
}

impl<E: Into<ApiError>> From<E> for Early {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// What an endpoint that is given `G` may return.
pub trait AnswerTo<G> {
    #[doc(hidden)]
    fn into_reply(self) -> Result<Reply, ApiError>;
}

impl<G: Given> AnswerTo<G> for Answer {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::Answer(self))
    }
}

impl<G: Given> AnswerTo<G> for Redirect {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Answer::try_from(self).map(Reply::Answer)
    }
}

/// One endpoint, which [`crate::serve()`] serves.
pub trait Endpoint {
    /// See [`Given::ERRORS_AS_PAGES`].
    const ERRORS_AS_PAGES: bool;

    /// See [`Given::WAY`].
    const WAY: Way;

    /// See [`Given::prepare`].
    #[doc(hidden)]
    fn prepare(&self, platform: &Platform) -> impl Future<Output = ()>;

    /// Answers one request.
    #[doc(hidden)]
    fn answer(
        &self,
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> impl Future<Output = Result<Reply, ApiError>>;
}

/// The endpoint that this function is.
pub fn handler<G, A, F>(function: F) -> impl Endpoint
where
    G: Given,
    A: AnswerTo<G>,
    F: AsyncFn(G) -> Result<A, ApiError>,
{
    Handler {
        function,
        types: PhantomData::<fn(G) -> A>,
    }
}

struct Handler<G, A, F> {
    function: F,
    types: PhantomData<fn(G) -> A>,
}

impl<G, A, F> Endpoint for Handler<G, A, F>
where
    G: Given,
    A: AnswerTo<G>,
    F: AsyncFn(G) -> Result<A, ApiError>,
{
    const ERRORS_AS_PAGES: bool = G::ERRORS_AS_PAGES;
    const WAY: Way = G::WAY;

    fn prepare(&self, platform: &Platform) -> impl Future<Output = ()> {
        G::prepare(platform)
    }

    async fn answer(
        &self,
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Reply, ApiError> {
        let outcome = match G::from_request(request, platform, context).await {
            Ok(given) => (self.function)(given).await.and_then(A::into_reply),
            Err(Early::Reply(reply)) => Ok(reply),
            Err(Early::Error(error)) => Err(error),
        };
        G::settle(context, outcome.as_ref().err()).await;
        outcome
    }
}
