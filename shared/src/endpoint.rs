//! What an endpoint is: a function from what it is given to what it answers.
//!
//! The kind of the endpoint decides what its handler is given, and nothing else can be had:
//!
//! - [`authenticated`]: a [`Call`], with the caller and their workspace. The only way to a workspace's data.
//! - [`open`]: an [`OpenCall`], without either.
//!
//! A handler returns an [`Answer`] or an [`ApiError`]. There is no third thing, so nothing leaves outside
//! the envelope.

use std::sync::Arc;

use crate::{
    credentials::{self, Caller, access_token::AccessTokens},
    envelope::Answer,
    error::ApiError,
    exchange::Exchange,
    limits::{RateLimit, Verdict},
    request::Request,
    store::{Database, Workspace},
    time::Timestamp,
};

/// What every request of a function shares; made once.
pub struct Platform {
    pub(crate) database: Database,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) caller_limit: RateLimit,
}

/// One endpoint. Made by [`authenticated`] or [`open`], served by [`crate::serve()`].
pub trait Endpoint {
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

/// An endpoint for everyone.
pub fn open<F>(handler: F) -> impl Endpoint
where
    F: AsyncFn(OpenCall) -> Result<Answer, ApiError>,
{
    Open(handler)
}

struct Authenticated<F>(F);

impl<F: AsyncFn(Call) -> Result<Answer, ApiError>> Endpoint for Authenticated<F> {
    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Answer, ApiError> {
        let database = platform.database.metered(exchange.meter());
        let context = credentials::Context {
            database: &database,
            access_tokens: &platform.access_tokens,
            limit: platform.caller_limit,
            now: Timestamp::now(),
        };
        let recognised = credentials::recognise(&request, &context).await?;
        exchange.recognised(&recognised);
        if let Verdict::Exceeded(_) = recognised.verdict {
            return Err(ApiError::rate_limited());
        }
        request.within_size()?;
        let workspace = Workspace::new(recognised.workspace, database);
        (self.0)(Call {
            request,
            caller: recognised.caller,
            workspace,
        })
        .await
    }
}

struct Open<F>(F);

impl<F: AsyncFn(OpenCall) -> Result<Answer, ApiError>> Endpoint for Open<F> {
    async fn answer(
        &self,
        request: Request,
        platform: &Platform,
        exchange: &Arc<Exchange>,
    ) -> Result<Answer, ApiError> {
        request.within_size()?;
        let table = TableProbe(platform.database.metered(exchange.meter()));
        (self.0)(OpenCall { request, table }).await
    }
}
