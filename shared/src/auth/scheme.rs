//! The input and the result of an authentication scheme.

use crate::{
    auth::access_tokens::AccessTokens,
    domain::{
        caller::Caller,
        rate_limit::{Decision, RateLimit},
        session::Lifetime,
    },
    error::ApiError,
    ids::WorkspaceId,
    store::{admitted_lists::AdmittedLists, database::Database},
    time::Timestamp,
};

/// An authenticated caller, and whether their rate limit allows the call.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
    pub(crate) decision: Decision,
}

#[derive(Debug)]
pub(crate) enum SchemeResult {
    /// The request holds no credential of this scheme.
    NotRequested,
    Authenticated(Authenticated),
    /// The credential is invalid, or could not be checked.
    Failed(ApiError),
}

impl From<ApiError> for SchemeResult {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

pub(crate) struct Context<'a> {
    pub(crate) database: &'a Database,
    pub(crate) access_tokens: &'a AccessTokens,
    pub(crate) admitted_lists: &'a AdmittedLists,
    /// The client's, as the gateway saw it.
    pub(crate) address: &'a str,
    pub(crate) sessions: Lifetime,
    pub(crate) limit: RateLimit,
    pub(crate) now: Timestamp,
}
