//! The input and the result of an authentication scheme.

use crate::{
    auth::{access_tokens::AccessTokens, workspace_hints::Hint},
    domain::{
        caller::Caller,
        rate_limit::{Decision, RateLimit},
        session::Lifetime,
    },
    error::ApiError,
    ids::WorkspaceId,
    store::{admitted_lists::AdmittedLists, database::Database, last_counts::LastCounts},
    time::Timestamp,
};

/// An authenticated caller, and whether their rate limit allows the call.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
    pub(crate) decision: Decision,
    /// Whether authenticating also changed what lists of keys show: when the calling key was last used.
    pub(crate) has_stamped_key: bool,
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
    pub(crate) last_counts: &'a LastCounts,
    pub(crate) hint: &'a Hint<'a>,
    /// The client's, as the gateway saw it.
    pub(crate) address: &'a str,
    pub(crate) sessions: Lifetime,
    pub(crate) limit: RateLimit,
    pub(crate) now: Timestamp,
}
