//! What an endpoint is: a function from what it is given to what it answers.
//!
//! The kind of the endpoint decides what its handler is given, and nothing else can be had:
//!
//! - [`authenticated`]: a [`Call`], with the caller and their workspace. The only way to a workspace's data.
//! - [`public`] and [`submission`]: a [`PublicCall`], with the public form. Counted by client address, and answered to
//!   pages of any origin.
//! - [`open`]: an [`OpenCall`], without any of these.
//!
//! A handler returns an [`Answer`] or an [`ApiError`]. There is no third thing, so nothing leaves outside
//! the envelope.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    client_address::ClientAddress,
    config::PublicLimits,
    credentials::{self, Caller, access_token::AccessTokens},
    cursor,
    envelope::{Answer, Readers},
    error::ApiError,
    exchange::Exchange,
    ids::WorkspaceId,
    limits::RateLimit,
    request::Request,
    signing::SigningSecret,
    store::{
        Database, Workspace,
        public_form::PublicForm,
        windows::{self, PublicAct},
    },
    time::Timestamp,
};

/// What every request of a function shares; made once.
pub struct Platform {
    pub(crate) database: Database,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) signing_secret: Arc<SigningSecret>,
    pub(crate) caller_limit: RateLimit,
    pub(crate) public_limits: PublicLimits,
}

/// One endpoint. Made by [`authenticated`], [`public`], [`submission`] or [`open`], served by [`crate::serve()`].
pub trait Endpoint {
    /// Whose pages may read the answers.
    const READERS: Readers;

    /// Answers one request.
    fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> impl Future<Output = Result<Answer, ApiError>>;
}

/// A call of an authenticated endpoint. Only the pipeline makes one, of a caller that was recognised, whose
/// call was counted and is within the limit.
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
        cursor::seal(self.secret.keys().await?, &self.workspace, content)
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
        let content = cursor::open(self.secret.keys().await?, &self.workspace, cursor);
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

/// An endpoint of the public form.
pub fn public<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(PublicCall) -> Result<Answer, ApiError>,
{
    Public {
        act: PublicAct::Call,
        read: |_: &Request| Ok(()),
        handler: async move |call, ()| handler(call).await,
    }
}

/// An endpoint of the public form that takes what counts as a ticket's submission. `read` reads it before anything is
/// counted: a form that was filled in wrongly is a call, and no submission.
pub fn submission<T, R, F>(read: R, handler: F) -> impl Endpoint
where
    R: Fn(&Request) -> Result<T, ApiError>,
    F: AsyncFn(PublicCall, T) -> Result<Answer, ApiError>,
{
    Public {
        act: PublicAct::Submission,
        read,
        handler,
    }
}

/// An endpoint for everyone.
pub fn open<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(OpenCall) -> Result<Answer, ApiError>,
{
    Open(handler)
}

struct Authenticated<F>(F);

impl<F: AsyncFn(Call) -> Result<Answer, ApiError>> Endpoint for Authenticated<F> {
    const READERS: Readers = Readers::OwnPages;

    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Answer, ApiError> {
        let database = platform.database.of_request(exchange);
        let context = credentials::Context {
            database: &database,
            access_tokens: &platform.access_tokens,
            limit: platform.caller_limit,
            now: Timestamp::now(),
        };
        let recognised = credentials::recognise(&request, &context).await?;
        exchange.recognised(&recognised)?;
        request.within_size()?;
        let cursors = Cursors {
            workspace: recognised.workspace.clone(),
            secret: Arc::clone(&platform.signing_secret),
        };
        let workspace = Workspace::new(recognised.workspace, database);
        (self.0)(Call {
            request,
            caller: recognised.caller,
            workspace,
            cursors,
        })
        .await
    }
}

struct Public<R, F> {
    act: PublicAct,
    read: R,
    handler: F,
}

impl<T, R, F> Endpoint for Public<R, F>
where
    R: Fn(&Request) -> Result<T, ApiError>,
    F: AsyncFn(PublicCall, T) -> Result<Answer, ApiError>,
{
    const READERS: Readers = Readers::EveryPage;

    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Answer, ApiError> {
        let database = platform.database.of_request(exchange);
        let read = request.within_size().and_then(|()| (self.read)(&request));
        let act = match read {
            Ok(_) => self.act,
            Err(_) => PublicAct::Call,
        };
        let keys = platform.signing_secret.keys().await?;
        let address = ClientAddress::of(request.source_ip()).hash(keys);
        let (limits, now) = (&platform.public_limits, Timestamp::now());
        let verdict = windows::count_address(&database, &address, act, limits, now).await?;
        exchange.counted(&verdict)?;
        let call = PublicCall {
            request,
            form: PublicForm::new(database),
        };
        (self.handler)(call, read?).await
    }
}

struct Open<F>(F);

impl<F: AsyncFn(OpenCall) -> Result<Answer, ApiError>> Endpoint for Open<F> {
    const READERS: Readers = Readers::OwnPages;

    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Answer, ApiError> {
        request.within_size()?;
        let table = TableProbe(platform.database.of_request(exchange));
        (self.0)(OpenCall { request, table }).await
    }
}
