//! The two requests of a sign-in.

use std::{fmt, sync::Arc};

use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, join},
};
use secrecy::ExposeSecret;

use crate::{
    auth::sign_in::{SignIn, pending::PendingSignIn, prompt::Prompt, return_to::ReturnTo},
    domain::session::SessionId,
    endpoint::{
        error_page,
        handler::{Created, EarlyResponse, FromRequest, Incoming, NotRequired},
        pages::no_host,
        platform::{Connect, Platform, connect},
        request_context::RequestContext,
        variables,
    },
    error::ApiError,
    http::{
        cookies::CookieName, envelope::Redirect, origin::Origin, reply::Reply, request::Request,
    },
    portal::problem_page::Flow,
    store::database::Database,
    time::Timestamp,
};

/// The request that starts a sign-in.
pub struct SignInStart {
    pub request: Request,
    dependencies: Dependencies,
}

/// The request that the issuer redirects the browser to.
pub struct SignInCallback {
    request: Request,
    dependencies: Dependencies,
}

/// The dependencies of both.
struct Dependencies {
    origin: Origin,
    database: Database,
    platform: Arc<Platform>,
    context: Arc<RequestContext>,
}

impl Dependencies {
    async fn of(call: &Incoming<'_>, flow: Flow) -> Result<Self, EarlyResponse> {
        let Incoming {
            request,
            platform,
            context,
        } = call;
        if let Some(page) = error_page::earlier_error(request, platform, flow) {
            return Err(EarlyResponse::Reply(Reply::Page(page?)));
        }
        request.check_body_size()?;
        let services = platform.services()?;
        let dependencies = Self {
            origin: request.origin().ok_or_else(no_host)?,
            database: context.database(services),
            platform: Arc::clone(platform),
            context: Arc::clone(context),
        };
        // Reads the signing secret now, so that its failure is reported before other errors.
        services.signing_secret.get().await?;
        Ok(dependencies)
    }

    fn sign_in(&self) -> Result<SignIn<'_>, ApiError> {
        let services = self.platform.services()?;
        Ok(SignIn {
            provider: &services.provider,
            access_tokens: &services.access_tokens,
            signing_secret: &services.signing_secret,
            database: &self.database,
            sessions: self.platform.sessions,
            now: Timestamp::now(),
        })
    }
}

async fn read_signing_secret(platform: &Platform) {
    if let Ok(services) = platform.services() {
        services.signing_secret.read_at_start().await;
    }
}

impl FromRequest for SignInStart {
    type Scope = NotRequired;

    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::SIGN_IN_START, variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    /// A start makes no request to the table.
    fn prepare(platform: &Platform) -> LocalBoxFuture<'_, ()> {
        read_signing_secret(platform).boxed_local()
    }

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let dependencies = Dependencies::of(&call, Self::FLOW).await?;
            Ok(Self {
                request: call.request,
                dependencies,
            })
        }
        .boxed_local()
    }
}

impl FromRequest for SignInCallback {
    type Scope = NotRequired;

    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[
        variables::SIGN_IN_START,
        variables::SIGN_IN_CALLBACK,
        variables::ERROR_PAGES,
    ];

    const ERRORS_AS_PAGES: bool = true;

    // Not for the start: its errors do not mean that a sign-in has expired.
    const FLOW: Flow = Flow::SignIn;

    fn prepare(platform: &Platform) -> LocalBoxFuture<'_, ()> {
        let read_secrets = async {
            read_signing_secret(platform).await;
            if let Ok(services) = platform.services() {
                services.provider.client_secret().read_at_start().await;
            }
        };
        let both = join(read_secrets, platform.open_connections(1));
        both.map(drop).boxed_local()
    }

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let dependencies = Dependencies::of(&call, Self::FLOW).await?;
            Ok(Self {
                request: call.request,
                dependencies,
            })
        }
        .boxed_local()
    }
}

impl SignInStart {
    /// Redirects the browser to the issuer.
    ///
    /// # Errors
    ///
    /// `400` if the request's host is not valid in a URL; `500` if the issuer's discovery document cannot be fetched.
    pub async fn start(&self, return_to: ReturnTo, prompt: Prompt) -> Result<Redirect, ApiError> {
        let Dependencies {
            origin, context, ..
        } = &self.dependencies;
        let sign_in = self.dependencies.sign_in()?;
        let started = sign_in.start(origin, return_to, prompt).await?;
        let cookie = CookieName::SignIn.set(origin, &started.sealed, PendingSignIn::COOKIE_SECONDS);
        context.set_cookie(cookie);
        Ok(Redirect::to(started.authorisation_url))
    }
}

impl SignInCallback {
    /// Creates a session and redirects the browser to the page that it wanted. Once the answer is known to belong to
    /// the pending sign-in, that sign-in cannot be used again, even if this fails.
    pub async fn finish(&self) -> Result<Redirect, ApiError> {
        let Dependencies {
            origin,
            context,
            platform,
            ..
        } = &self.dependencies;
        let sign_in = self.dependencies.sign_in()?;
        let answer = self.request.query();
        let sealed = self.request.cookie(CookieName::SignIn);
        let old_session = self.request.cookie(CookieName::Session);
        let replaces = old_session.and_then(SessionId::parse).map(|id| id.hash());
        // If the answer belongs to another sign-in, the pending one remains.
        let pending = match sign_in.pending(sealed, &answer).await {
            Ok(pending) => pending,
            // The browser reloads the callback of a finished sign-in.
            Err(_)
                if self.request.is_navigation()
                    && replaces.is_some()
                    && sign_in.is_done(&answer).await? =>
            {
                return Ok(Redirect::to(ReturnTo::DEFAULT));
            }
            Err(error) => return Err(error),
        };
        context.set_cookie(CookieName::SignIn.clear(origin));
        let finished = sign_in.finish(origin, pending, &answer, replaces).await?;
        if let Some(session) = finished.session {
            let seconds = platform.sessions.cookie_seconds();
            let cookie = CookieName::Session.set(origin, session.expose_secret(), seconds);
            context.set_cookie(cookie);
        }
        Ok(Redirect::to(finished.return_to.as_str()))
    }
}

impl fmt::Debug for SignInStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInStart")
    }
}

impl fmt::Debug for SignInCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInCallback")
    }
}
