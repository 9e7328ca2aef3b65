//! The two calls of a sign-in, by a browser of which nothing is known yet.

use std::{fmt, sync::Arc};

use secrecy::ExposeSecret;

use crate::{
    auth::sign_in::{SignIn, pending::PendingSignIn, prompt::Prompt, return_to::ReturnTo},
    domain::session::SessionId,
    endpoint::{
        error_page,
        handler::{Early, Given},
        pages::no_host,
        platform::Platform,
        request_context::RequestContext,
    },
    error::ApiError,
    http::{
        cookies::CookieName, envelope::Redirect, origin::Origin, reply::Reply, request::Request,
    },
    portal::problem_page::Way,
    store::database::Database,
    time::Timestamp,
};

/// The call that starts a sign-in.
pub struct SignInStart {
    /// What was sent.
    pub request: Request,
    attempt: Attempt,
}

/// The call that the issuer sends the browser back with.
pub struct SignInCallback {
    request: Request,
    attempt: Attempt,
}

/// What both work with.
struct Attempt {
    origin: Origin,
    database: Database,
    platform: Arc<Platform>,
    context: Arc<RequestContext>,
}

impl Attempt {
    async fn of(
        request: &Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
        way: Way,
    ) -> Result<Self, Early> {
        if let Some(page) = error_page::tell_again(request, platform, way) {
            return Err(Early::Reply(Reply::Page(page?)));
        }
        request.within_size()?;
        let attempt = Self {
            origin: request.origin().ok_or_else(no_host)?,
            database: context.database(platform),
            platform: Arc::clone(platform),
            context: Arc::clone(context),
        };
        // Without the secret nothing can be done; it is read here, so that a failure is told before anything else.
        attempt.sign_in().await?;
        Ok(attempt)
    }

    async fn sign_in(&self) -> Result<SignIn<'_>, ApiError> {
        Ok(SignIn {
            provider: &self.platform.provider,
            access_tokens: &self.platform.access_tokens,
            keys: self.platform.signing_secret.get().await?,
            database: &self.database,
            sessions: self.platform.sessions,
            now: Timestamp::now(),
        })
    }
}

impl Given for SignInStart {
    const ERRORS_AS_PAGES: bool = true;

    async fn prepare(platform: &Platform) {
        platform.signing_secret.read_at_start().await;
    }

    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        let attempt = Attempt::of(&request, platform, context, Self::WAY).await?;
        Ok(Self { request, attempt })
    }
}

impl Given for SignInCallback {
    const ERRORS_AS_PAGES: bool = true;

    // What is wrong with a start is no sign-in that has expired.
    const WAY: Way = Way::SignIn;

    async fn prepare(platform: &Platform) {
        platform.signing_secret.read_at_start().await;
        platform.provider.client_secret().read_at_start().await;
    }

    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        let attempt = Attempt::of(&request, platform, context, Self::WAY).await?;
        Ok(Self { request, attempt })
    }
}

impl SignInStart {
    /// Begins a sign-in that leads to this path in the end: sends the browser to the issuer.
    ///
    /// # Errors
    ///
    /// `400` where the request's host is none that a URL can have; `500` where the issuer does not answer and has
    /// not before.
    pub async fn begin(&self, return_to: ReturnTo, prompt: Prompt) -> Result<Redirect, ApiError> {
        let Attempt {
            origin, context, ..
        } = &self.attempt;
        let sign_in = self.attempt.sign_in().await?;
        let begun = sign_in.begin(origin, return_to, prompt).await?;
        let cookie = CookieName::SignIn.set(origin, &begun.sealed, PendingSignIn::COOKIE_SECONDS);
        context.set_cookie(cookie);
        Ok(Redirect::to(begun.location))
    }
}

impl SignInCallback {
    /// Finishes the sign-in that the issuer has sent the browser back from. Whatever comes of it, it is over then.
    ///
    /// # Errors
    ///
    /// See [`crate::auth::sign_in`].
    pub async fn finish(&self) -> Result<Redirect, ApiError> {
        let Attempt {
            origin,
            context,
            platform,
            ..
        } = &self.attempt;
        let sign_in = self.attempt.sign_in().await?;
        let answer = self.request.query();
        let sealed = self.request.cookie(CookieName::SignIn);
        let before = self.request.cookie(CookieName::Session);
        let replaces = before.and_then(SessionId::parse).map(|id| id.hash());
        // Not over where this was no answer to it.
        let pending = match sign_in.pending(sealed, &answer) {
            Ok(pending) => pending,
            // A page that is loaded again, after the sign-in that led to it.
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
        let done = sign_in.finish(origin, pending, &answer, replaces).await?;
        if let Some(session) = done.session {
            let seconds = platform.sessions.of_cookie();
            let cookie = CookieName::Session.set(origin, session.expose_secret(), seconds);
            context.set_cookie(cookie);
        }
        Ok(Redirect::to(done.return_to.as_str()))
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
