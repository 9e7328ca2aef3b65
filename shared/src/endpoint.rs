//! What an endpoint is: a function from what it is given to what it answers.
//!
//! The kind of the endpoint decides what its handler is given, and nothing else can be had:
//!
//! - [`authenticated`]: a [`Call`], with the caller and their workspace. The only way to a workspace's data.
//! - [`form`]: the same, sent by a form of a page, too; with a session also over its limit.
//! - [`page`]: the same, of which it makes a page. Who has not signed in is sent to do so.
//! - [`open_page`]: the language, of which it makes a page.
//! - [`sign_in`] and [`signed_in`]: a [`SignInCall`], which leads to a session.
//! - [`public`] and [`submission`]: a [`PublicCall`], with the public form. Counted by client address before anything
//!   of the body is looked at, and answered to pages of any origin.
//! - [`preflight`]: nothing, and pages of any origin are told that they may call.
//! - [`open`]: an [`OpenCall`], without any of these.
//! - [`unrouted`]: the request alone, of a path or method that no other endpoint has.
//! - [`file()`]: the path alone.
//!
//! A handler of the API returns an [`Answer`], or where the browser goes on, or an [`ApiError`]. There is no other
//! thing, so nothing leaves outside the envelope. Only a [`page`] or [`open_page`] makes a page, and only a [`file()`] a
//! file; and where browsers go by themselves, to one of these, in a sign-in or to a path that is none, they are told
//! errors on a page, too.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    client_address::ClientAddress,
    config::PublicLimits,
    cookies::Name,
    credentials::{self, Caller, Recognised, access_token::AccessTokens},
    cursor,
    envelope::{Answer, Redirect},
    error::{ApiError, ErrorCode},
    exchange::Exchange,
    ids::WorkspaceId,
    limits::RateLimit,
    origin::Origin,
    portal::{language::Language, problem_page::Way},
    reply::{self, File, Page, Reply},
    request::Request,
    routes,
    session::{Lifetime, SessionHash, SessionId},
    sign_in::{Ask, Provider, ReturnTo, SignIn, UnderWay},
    signing::SigningSecret,
    store::{
        Database, Workspace,
        public_form::PublicForm,
        sessions,
        windows::{self, PublicAct},
    },
    time::Timestamp,
};

/// What every request of a function shares; made once.
pub struct Platform {
    pub(crate) database: Database,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) sessions: Lifetime,
    pub(crate) provider: Provider,
    pub(crate) signing_secret: Arc<SigningSecret>,
    pub(crate) caller_limit: RateLimit,
    pub(crate) public_limits: PublicLimits,
    pub(crate) support_url: Option<Arc<str>>,
}

/// One endpoint. Made by one of this module's functions, served by [`crate::serve()`].
pub trait Endpoint {
    /// Whether who takes pages is told errors in one: only where browsers go by themselves.
    const TELLS_ERRORS_AS_PAGES: bool = false;

    /// What such a page says that they were on the way to.
    const WAY: Way = Way::Page;

    /// Does what can be done before the first event.
    fn prepare(&self, _platform: &Platform) -> impl Future<Output = ()> {
        async {}
    }

    /// Answers one request.
    fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> impl Future<Output = Result<Reply, ApiError>>;
}

/// A call of an authenticated endpoint. Only the pipeline makes one, of a caller that was recognised and whose call was
/// counted. It is within the limit; only at a [`form`] a call with a session may be over it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Call {
    /// What was sent.
    pub request: Request,
    /// Who sent it.
    pub caller: Caller,
    /// Their workspace.
    pub workspace: Workspace,
    /// The cursors of that workspace's lists.
    pub cursors: Cursors,
    /// Their session, where they call with one.
    pub session: Option<Session>,
}

/// A call of an endpoint of the sign-in, by a browser of which nothing is known yet.
#[non_exhaustive]
pub struct SignInCall<'a> {
    /// What was sent.
    pub request: Request,
    origin: Origin,
    sign_in: SignIn<'a>,
    exchange: &'a Exchange,
}

impl std::fmt::Debug for SignInCall<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignInCall")
    }
}

impl SignInCall<'_> {
    /// Begins a sign-in that leads to this path in the end: sends the browser to the issuer.
    ///
    /// # Errors
    ///
    /// `400` where the request's host is none that a URL can have; `500` where the issuer does not answer and has
    /// not before.
    pub async fn begin(&self, return_to: ReturnTo, ask: Ask) -> Result<Redirect, ApiError> {
        let begun = self.sign_in.begin(&self.origin, return_to, ask).await?;
        let cookie = Name::SignIn.set(&self.origin, &begun.sealed, UnderWay::COOKIE_SECONDS);
        self.exchange.set_cookie(cookie);
        Ok(Redirect::to(begun.location))
    }

    /// Finishes the sign-in that the issuer has sent the browser back from. Whatever comes of it, it is over then.
    ///
    /// # Errors
    ///
    /// See [`crate::sign_in`].
    pub async fn finish(&self) -> Result<Redirect, ApiError> {
        let answer = self.request.query();
        let sealed = self.request.cookie(Name::SignIn);
        let before = self.request.cookie(Name::Session);
        let replaces = before.and_then(SessionId::parse).map(|id| id.hash());
        // Not over where this was no answer to it.
        let under_way = match self.sign_in.under_way(sealed, &answer) {
            Ok(under_way) => under_way,
            // A page that is loaded again, after the sign-in that led to it.
            Err(_)
                if self.request.is_navigation()
                    && replaces.is_some()
                    && self.sign_in.is_done(&answer).await? =>
            {
                return Ok(Redirect::to(ReturnTo::DEFAULT));
            }
            Err(error) => return Err(error),
        };
        self.exchange.set_cookie(Name::SignIn.clear(&self.origin));
        let done = self
            .sign_in
            .finish(&self.origin, under_way, &answer, replaces)
            .await?;
        if let Some(session) = done.session {
            let seconds = self.sign_in.sessions.of_cookie();
            let cookie = Name::Session.set(&self.origin, session.reveal(), seconds);
            self.exchange.set_cookie(cookie);
        }
        Ok(Redirect::to(done.return_to.as_str()))
    }
}

/// The session that a call was made with.
pub struct Session {
    hash: SessionHash,
    origin: Option<Origin>,
    database: Database,
    exchange: Arc<Exchange>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    /// Ends it, in the table and in the browser: the next call that presents it is refused.
    ///
    /// # Errors
    ///
    /// `500` where the table does not answer. Whether it has ended is then unknown.
    pub async fn end(self) -> Result<(), ApiError> {
        sessions::end(&self.database, &self.hash).await?;
        if let Some(origin) = &self.origin {
            self.exchange.set_cookie(Name::Session.clear(origin));
        }
        Ok(())
    }
}

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

/// A call of an endpoint of the public form. Only the pipeline makes one, of a client address whose call was counted
/// and is within the limits.
#[derive(Debug)]
#[non_exhaustive]
pub struct PublicCall {
    /// What was sent.
    pub request: Request,
    /// What a stranger can reach.
    pub form: PublicForm,
}

/// A call of an endpoint that asks for no credential.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpenCall {
    /// What was sent.
    pub request: Request,
    /// Tells whether the table answers.
    pub table: TableProbe,
}

/// Seals and opens the cursors of one workspace; see [`crate::cursor`].
pub struct Cursors {
    workspace: WorkspaceId,
    secret: Arc<SigningSecret>,
}

impl Cursors {
    /// A cursor with this content.
    ///
    /// # Errors
    ///
    /// `500` where the signing secret cannot be read.
    pub async fn seal(&self, content: &impl Serialize) -> Result<String, ApiError> {
        cursor::seal(self.secret.get().await?, &self.workspace, content)
    }

    /// The content of a cursor that the parameter `param` holds.
    ///
    /// # Errors
    ///
    /// `400` with `param` where it is none of this workspace's; `500` as for [`Cursors::seal`].
    pub async fn open<T: DeserializeOwned>(
        &self,
        param: &'static str,
        cursor: &str,
    ) -> Result<T, ApiError> {
        let content = cursor::open(self.secret.get().await?, &self.workspace, cursor);
        let rule = "`cursor` must be one that the same list gave in this workspace.";
        content.ok_or_else(|| ApiError::invalid_field(param, rule))
    }
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors")
    }
}

/// Tells whether the table answers, and nothing of what is in it.
pub struct TableProbe(Database);

impl TableProbe {
    /// One read of nothing. Why it failed, if it did, is the log's to know.
    pub async fn answers(&self) -> bool {
        match self.0.answers().await {
            Ok(()) => true,
            Err(error) => {
                crate::log::warn(&format!("{error}"));
                false
            }
        }
    }
}

impl std::fmt::Debug for TableProbe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TableProbe")
    }
}

/// An endpoint for callers with a credential.
pub fn authenticated<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(Call) -> Result<Answer, ApiError>,
{
    Authenticated(handler)
}

/// An endpoint for callers with a credential that a form of a page of ours is sent to as well. A browser that shows
/// what it is answered is sent on to the path `done` when it is done, or there is nobody signed in to do it for.
///
/// A session is let in over its limit, too: it comes here to be ended, and a limit is to keep nobody signed in.
pub fn form<F>(done: &'static str, handler: F) -> impl Endpoint
where
    F: AsyncFn(Call) -> Result<Answer, ApiError>,
{
    Form { done, handler }
}

/// An endpoint of the public form.
pub fn public<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(PublicCall) -> Result<Answer, ApiError>,
{
    Public {
        act: PublicAct::Call,
        handler,
    }
}

/// An endpoint of the public form that takes what counts as a ticket's submission. Where the handler refuses it, it was
/// a call and no submission.
pub fn submission<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(PublicCall) -> Result<Answer, ApiError>,
{
    Public {
        act: PublicAct::Submission,
        handler,
    }
}

/// The endpoint that browsers ask whether a page of another origin may call the public form. It may, and the question
/// costs nobody anything.
#[must_use]
pub fn preflight() -> impl Endpoint {
    Preflight
}

/// A page of the portal.
pub fn page<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(PageCall) -> Result<Page, ApiError>,
{
    PageEndpoint(handler)
}

/// A page of the portal that is the same for everyone, but for its language.
pub fn open_page<F>(handler: F) -> impl Endpoint
where
    F: Fn(Language) -> Result<Page, ApiError>,
{
    OpenPage(handler)
}

/// The endpoint where a sign-in begins.
pub fn sign_in<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(SignInCall<'_>) -> Result<Redirect, ApiError>,
{
    SignInEndpoint::<F, false>(handler)
}

/// The endpoint where it ends; it shows the issuer the client's secret.
pub fn signed_in<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(SignInCall<'_>) -> Result<Redirect, ApiError>,
{
    SignInEndpoint::<F, true>(handler)
}

/// A file of the portal, by what stands at `{file}` in its path.
pub fn file<F>(find: F) -> impl Endpoint
where
    F: Fn(&str) -> Result<File, ApiError>,
{
    FileEndpoint(find)
}

/// An endpoint that leads elsewhere, always to the same path.
#[must_use]
pub fn moved(location: &'static str) -> impl Endpoint {
    Open(async move |_| Redirect::to(location).try_into())
}

/// An endpoint for everyone.
pub fn open<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(OpenCall) -> Result<Answer, ApiError>,
{
    Open(handler)
}

/// The endpoint of every path and method that no other one has. What it answers under the public form's path can be
/// read by pages of any origin, as everything there.
pub fn unrouted<F>(handler: F) -> impl Endpoint
where
    F: Fn(&Request) -> Result<Answer, ApiError>,
{
    Unrouted(handler)
}

struct Authenticated<F>(F);

impl<F: AsyncFn(Call) -> Result<Answer, ApiError>> Endpoint for Authenticated<F> {
    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        let call = called(request, platform, exchange, OverLimit::Refused).await?;
        (self.0)(call).await.map(Reply::Answer)
    }
}

/// Makes the call of an authenticated endpoint.
async fn called(
    request: Request,
    platform: &Platform,
    exchange: &Arc<Exchange>,
    over_limit: OverLimit,
) -> Result<Call, ApiError> {
    let database = platform.database.of_request(exchange);
    let recognised = recognise(&request, platform, &database, exchange, over_limit).await?;
    request.within_size()?;
    let cursors = Cursors {
        workspace: recognised.workspace.clone(),
        secret: Arc::clone(&platform.signing_secret),
    };
    let hash = recognised
        .caller
        .user()
        .and_then(|user| user.session.clone());
    let session = hash.map(|hash| Session {
        hash,
        origin: request.origin(),
        database: database.clone(),
        exchange: Arc::clone(exchange),
    });
    Ok(Call {
        request,
        caller: recognised.caller,
        workspace: Workspace::new(recognised.workspace, database),
        cursors,
        session,
    })
}

struct Form<F> {
    done: &'static str,
    handler: F,
}

impl<F: AsyncFn(Call) -> Result<Answer, ApiError>> Endpoint for Form<F> {
    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        let of_ours = credentials::session::same_origin(&request).is_ok();
        let is_shown = request.is_navigation() && of_ours;
        let answer = match called(request, platform, exchange, OverLimit::SessionsLetIn).await {
            Ok(call) => (self.handler)(call).await.map(Reply::Answer),
            Err(error) => Err(error),
        };
        let is_over = match &answer {
            Ok(_) => true,
            Err(error) => error.code == ErrorCode::AuthRequired,
        };
        if is_shown && is_over {
            return Answer::try_from(Redirect::to(self.done)).map(Reply::Answer);
        }
        answer
    }
}

/// What becomes of callers over their limit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OverLimit {
    Refused,
    SessionsLetIn,
}

/// Recognises who sent a request, counts their call, and lets it pass.
async fn recognise(
    request: &Request,
    platform: &Platform,
    database: &Database,
    exchange: &Exchange,
    over_limit: OverLimit,
) -> Result<Recognised, ApiError> {
    let context = credentials::Context {
        database,
        access_tokens: &platform.access_tokens,
        sessions: platform.sessions,
        limit: platform.caller_limit,
        now: Timestamp::now(),
    };
    let recognised = credentials::recognise(request, &context).await?;
    let within_limit = exchange.recognised(&recognised);
    let user = recognised.caller.user();
    let has_session = user.is_some_and(|user| user.session.is_some());
    if !(over_limit == OverLimit::SessionsLetIn && has_session) {
        within_limit?;
    }
    check_workspace_header(request, &recognised.workspace)?;
    Ok(recognised)
}

/// The header in which a page says which workspace it shows, as [`ApiError`]'s `param` names it.
const WORKSPACE_SHOWN: &str = "Suppuo-Workspace";

/// Refuses a write that was meant for another workspace than the caller's: in another tab, somebody may have signed in
/// to another one since the page was shown. Whatever the header holds that is not the caller's is another's.
///
/// # Errors
///
/// `409`, before anything is done.
fn check_workspace_header(request: &Request, workspace: &WorkspaceId) -> Result<(), ApiError> {
    let shown = request.header("suppuo-workspace");
    match shown {
        Some(shown) if !request.is_safe() && shown != workspace.as_str() => {
            Err(ApiError::conflict_with(
                WORKSPACE_SHOWN,
                "The caller is in another workspace than `Suppuo-Workspace` names, so nothing was done. Send the \
                 caller's own (`GET /api/v1/auth/me` says which), or no such header.",
            ))
        }
        _ => Ok(()),
    }
}

struct PageEndpoint<F>(F);

impl<F: AsyncFn(PageCall) -> Result<Page, ApiError>> Endpoint for PageEndpoint<F> {
    const TELLS_ERRORS_AS_PAGES: bool = true;

    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        let origin = request.origin().ok_or_else(no_host)?;
        let language = reply::language_of(&request);
        let database = platform.database.of_request(exchange);
        let over_limit = OverLimit::Refused;
        let recognised = recognise(&request, platform, &database, exchange, over_limit).await;
        let recognised = match recognised {
            Ok(recognised) => recognised,
            // With a header that is wrong nobody is helped by a sign-in.
            Err(error)
                if error.code == ErrorCode::AuthRequired && request.authorization().is_none() =>
            {
                return Answer::try_from(Redirect::to(to_sign_in(&request))).map(Reply::Answer);
            }
            Err(error) => return Err(error),
        };
        request.within_size()?;
        let call = PageCall {
            caller: recognised.caller,
            workspace: Workspace::new(recognised.workspace, database),
            language,
            origin,
            support_url: platform.support_url.clone(),
        };
        (self.0)(call).await.map(Reply::Page)
    }
}

struct OpenPage<F>(F);

impl<F: Fn(Language) -> Result<Page, ApiError>> Endpoint for OpenPage<F> {
    const TELLS_ERRORS_AS_PAGES: bool = true;

    async fn answer(
        &self,
        request: Request,
        _platform: &Platform,
        _exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        request.within_size()?;
        (self.0)(reply::language_of(&request)).map(Reply::Page)
    }
}

/// Where who has not signed in does so, to come back to the page.
fn to_sign_in(request: &Request) -> String {
    let path = ReturnTo::parse(request.path());
    let path = path.as_ref().map_or(ReturnTo::DEFAULT, ReturnTo::as_str);
    let path: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("{}?returnTo={path}", crate::sign_in::START)
}

fn no_host() -> ApiError {
    ApiError::validation("The request names no host. Send a `Host` header.")
}

/// Where a sign-in begins, or `ENDS`: there the issuer is asked, as its client.
struct SignInEndpoint<F, const ENDS: bool>(F);

impl<F, const ENDS: bool> Endpoint for SignInEndpoint<F, ENDS>
where
    F: AsyncFn(SignInCall<'_>) -> Result<Redirect, ApiError>,
{
    const TELLS_ERRORS_AS_PAGES: bool = true;

    // What is wrong with a beginning is no sign-in that has expired.
    const WAY: Way = if ENDS { Way::SignIn } else { Way::Page };

    async fn prepare(&self, platform: &Platform) {
        platform.signing_secret.read_at_start().await;
        if ENDS {
            platform.provider.client_secret().read_at_start().await;
        }
    }

    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        if let Some(page) = reply::tell_again(&request, platform, Self::WAY) {
            return page.map(Reply::Page);
        }
        request.within_size()?;
        let origin = request.origin().ok_or_else(no_host)?;
        let database = platform.database.of_request(exchange);
        let sign_in = SignIn {
            provider: &platform.provider,
            access_tokens: &platform.access_tokens,
            keys: platform.signing_secret.get().await?,
            database: &database,
            sessions: platform.sessions,
            now: Timestamp::now(),
        };
        let call = SignInCall {
            request,
            origin,
            sign_in,
            exchange,
        };
        let redirect = (self.0)(call).await?;
        Answer::try_from(redirect).map(Reply::Answer)
    }
}

struct FileEndpoint<F>(F);

impl<F: Fn(&str) -> Result<File, ApiError>> Endpoint for FileEndpoint<F> {
    const TELLS_ERRORS_AS_PAGES: bool = true;

    async fn answer(
        &self,
        request: Request,
        _platform: &Platform,
        _exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        request.within_size()?;
        (self.0)(request.path_parameter("file")).map(Reply::File)
    }
}

struct Public<F> {
    act: PublicAct,
    handler: F,
}

impl<F: AsyncFn(PublicCall) -> Result<Answer, ApiError>> Endpoint for Public<F> {
    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        let database = platform.database.of_request(exchange);
        let keys = platform.signing_secret.get().await?;
        let address = ClientAddress::of(request.source_ip()).hash(keys);
        let (limits, now) = (&platform.public_limits, Timestamp::now());
        let counted = windows::count_address(&database, &address, self.act, limits, now).await?;
        exchange.counted(&counted.verdict)?;
        // Up to here nothing of the body was looked at.
        let answer = async {
            request.within_size()?;
            let form = PublicForm::new(database.clone());
            (self.handler)(PublicCall { request, form }).await
        };
        let answer = answer.await;
        if let (Err(error), Some(submission)) = (&answer, counted.submission)
            && error.nothing_was_done()
        {
            exchange.set_standing(submission.refund(&database).await);
        }
        answer.map(Reply::Answer)
    }
}

struct Preflight;

impl Endpoint for Preflight {
    async fn answer(
        &self,
        _request: Request,
        _platform: &Platform,
        _exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        Answer::empty().map(Reply::Answer)
    }
}

struct Unrouted<F>(F);

impl<F: Fn(&Request) -> Result<Answer, ApiError>> Endpoint for Unrouted<F> {
    const TELLS_ERRORS_AS_PAGES: bool = true;

    async fn answer(
        &self,
        request: Request,
        _platform: &Platform,
        _exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        // The route of the other preflights takes a path of at least one part more.
        if request.method() == "OPTIONS" && routes::is_public(request.path()) {
            return Answer::empty().map(Reply::Answer);
        }
        request.within_size()?;
        (self.0)(&request).map(Reply::Answer)
    }
}

struct Open<F>(F);

impl<F: AsyncFn(OpenCall) -> Result<Answer, ApiError>> Endpoint for Open<F> {
    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Reply, ApiError> {
        request.within_size()?;
        let table = TableProbe(platform.database.of_request(exchange));
        let answer = (self.0)(OpenCall { request, table }).await;
        answer.map(Reply::Answer)
    }
}
