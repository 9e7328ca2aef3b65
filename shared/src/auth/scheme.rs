//! What an authentication scheme is given, and what it says of a request.

use crate::{
    auth::access_tokens::AccessTokens,
    domain::{
        caller::Caller,
        rate_limit::{Decision, RateLimit},
        session::Lifetime,
    },
    error::ApiError,
    ids::WorkspaceId,
    store::database::Database,
    time::Timestamp,
};

/// An authenticated caller, their workspace, and whether the limit allows the call.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
    pub(crate) decision: Decision,
}

/// What a scheme says of a request.
#[derive(Debug)]
pub(crate) enum SchemeResult {
    /// The request holds no credential of this scheme.
    NotRequested,
    /// It holds a good one.
    Authenticated(Authenticated),
    /// It holds a bad one, or whether it is good could not be found out.
    Failed(ApiError),
}

impl From<ApiError> for SchemeResult {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

/// What the schemes need to decide.
pub(crate) struct Context<'a> {
    pub(crate) database: &'a Database,
    pub(crate) access_tokens: &'a AccessTokens,
    pub(crate) sessions: Lifetime,
    pub(crate) limit: RateLimit,
    pub(crate) now: Timestamp,
}
