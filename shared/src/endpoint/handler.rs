//! Makes an endpoint of a function whose parameter is created from the request.

use std::{marker::PhantomData, sync::Arc};

use futures_util::{
    FutureExt,
    future::{self, LocalBoxFuture},
};

use crate::{
    domain::scope::Scope,
    endpoint::{
        platform::{Connect, Platform},
        request_context::RequestContext,
    },
    error::ApiError,
    http::{
        envelope::{Answer, Redirect},
        reply::Reply,
        request::Request,
    },
    portal::problem_page::Flow,
};

/// A call, from which a handler's parameter is made.
#[doc(hidden)]
pub struct Incoming<'a> {
    pub(crate) request: Request,
    pub(crate) platform: &'a Arc<Platform>,
    pub(crate) context: &'a Arc<RequestContext>,
}

/// Boxed, and not that of an `async fn`, so that it is compiled here and not in each function: see [`crate::store`]'s
/// `sent`.
#[doc(hidden)]
pub type Created<'a, P> = LocalBoxFuture<'a, Result<P, EarlyResponse>>;

/// The parameter of a handler. Only this crate can create one.
pub trait FromRequest: Sized {
    /// [`Required`] if an API key may call the endpoint: then it is made by [`scoped`], which states the scope. Else
    /// [`NotRequired`], and it is made by [`handler`].
    type Scope;

    /// Whether a browser that navigates gets errors as a page.
    const ERRORS_AS_PAGES: bool = false;

    /// The environment variables that a function with this parameter reads, of [`crate::endpoint::variables`].
    #[doc(hidden)]
    const VARIABLES: &[&[&str]] = &[];

    /// How a function with this parameter connects to the services, if it uses them.
    #[doc(hidden)]
    const CONNECT: Option<Connect> = None;

    /// Decides the wording of such a page.
    const FLOW: Flow = Flow::Page;

    /// Runs once, before the first event. Opens a connection to the table, if the function has one.
    ///
    /// Not `async`: this way, no connection is compiled into functions without services.
    #[doc(hidden)]
    fn prepare(platform: &Platform) -> LocalBoxFuture<'_, ()> {
        match Self::CONNECT {
            Some(_) => platform.open_connections(1).boxed_local(),
            None => future::ready(()).boxed_local(),
        }
    }

    /// Creates the parameter, or responds without the handler.
    #[doc(hidden)]
    fn from_request(call: Incoming<'_>) -> Created<'_, Self>;

    /// Runs last, whether or not the handler ran, and may change the outcome.
    #[doc(hidden)]
    fn after_handler(
        _context: &RequestContext,
        outcome: Result<Reply, ApiError>,
    ) -> LocalBoxFuture<'_, Result<Reply, ApiError>> {
        future::ready(outcome).boxed_local()
    }
}

/// Says that the endpoint's scope must be stated.
#[derive(Debug)]
pub enum Required {}

/// Says that the endpoint has no scope.
#[derive(Debug)]
pub enum NotRequired {}

/// The scope of an endpoint that every key may call.
pub const ANY_KEY: Option<Scope> = None;

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
///
/// Everything else takes it as `&dyn Endpoint`, so that the runtime, the pipeline and the SDK are compiled once, in
/// this library, and not again in each function.
pub trait Endpoint {
    /// Whether a browser that navigates gets errors as a page.
    #[doc(hidden)]
    fn errors_as_pages(&self) -> bool;

    /// Decides the wording of such a page.
    #[doc(hidden)]
    fn flow(&self) -> Flow;

    /// What the endpoint requires of a key. `None`: nothing, or it takes no key.
    #[doc(hidden)]
    fn scope(&self) -> Option<Scope>;

    #[doc(hidden)]
    fn variables(&self) -> &'static [&'static [&'static str]];

    #[doc(hidden)]
    fn connect(&self) -> Option<Connect>;

    #[doc(hidden)]
    fn prepare<'a>(&'a self, platform: &'a Platform) -> LocalBoxFuture<'a, ()>;

    #[doc(hidden)]
    fn answer<'a>(&'a self, call: Incoming<'a>) -> LocalBoxFuture<'a, Result<Reply, ApiError>>;
}

/// Makes an endpoint of a function that no API key calls; see [`crate::endpoint`].
pub fn handler<P, R, F>(function: F) -> impl Endpoint
where
    P: FromRequest<Scope = NotRequired>,
    R: IntoReply<P>,
    F: AsyncFn(P) -> Result<R, ApiError>,
{
    Handler {
        function,
        scope: None,
        types: PhantomData::<fn(P) -> R>,
    }
}

/// Makes an endpoint of a function that API keys with this scope may call, and every user. [`ANY_KEY`]: every key may.
pub fn scoped<P, R, F>(scope: impl Into<Option<Scope>>, function: F) -> impl Endpoint
where
    P: FromRequest<Scope = Required>,
    R: IntoReply<P>,
    F: AsyncFn(P) -> Result<R, ApiError>,
{
    Handler {
        function,
        scope: scope.into(),
        types: PhantomData::<fn(P) -> R>,
    }
}

struct Handler<P, R, F> {
    function: F,
    scope: Option<Scope>,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R, F> Endpoint for Handler<P, R, F>
where
    P: FromRequest,
    R: IntoReply<P>,
    F: AsyncFn(P) -> Result<R, ApiError>,
{
    fn scope(&self) -> Option<Scope> {
        self.scope
    }

    fn variables(&self) -> &'static [&'static [&'static str]] {
        P::VARIABLES
    }

    fn connect(&self) -> Option<Connect> {
        P::CONNECT
    }

    fn errors_as_pages(&self) -> bool {
        P::ERRORS_AS_PAGES
    }

    fn flow(&self) -> Flow {
        P::FLOW
    }

    fn prepare<'a>(&'a self, platform: &'a Platform) -> LocalBoxFuture<'a, ()> {
        P::prepare(platform)
    }

    fn answer<'a>(&'a self, call: Incoming<'a>) -> LocalBoxFuture<'a, Result<Reply, ApiError>> {
        async move {
            let context = call.context;
            let outcome = match P::from_request(call).await {
                Ok(parameter) => (self.function)(parameter).await.and_then(R::into_reply),
                Err(EarlyResponse::Reply(reply)) => Ok(reply),
                Err(EarlyResponse::Error(error)) => Err(error),
            };
            P::after_handler(context, outcome).await
        }
        .boxed_local()
    }
}
