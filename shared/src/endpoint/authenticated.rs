//! Calls of authenticated callers.

use std::sync::Arc;

use crate::{
    auth::{
        authenticate::authenticate,
        scheme::{self, Context},
    },
    domain::{caller::Caller, session::SessionHash},
    endpoint::{
        cursors::Cursors,
        handler::{Early, Given},
        platform::Platform,
        request_context::RequestContext,
    },
    error::ApiError,
    http::{cookies::CookieName, origin::Origin, request::Request},
    ids::WorkspaceId,
    store::{database::Database, sessions, workspace::Workspace},
    time::Timestamp,
};

/// A call of an authenticated caller, counted and within the limit.
#[derive(Debug)]
#[non_exhaustive]
pub struct Authenticated {
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

impl Given for Authenticated {
    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        Ok(call_of(request, platform, context, OverLimit::Refused).await?)
    }
}

/// Authenticates the caller, counts their call, and makes it.
pub(super) async fn call_of(
    request: Request,
    platform: &Platform,
    context: &Arc<RequestContext>,
    over_limit: OverLimit,
) -> Result<Authenticated, ApiError> {
    let database = context.database(platform);
    let authenticated = admit(&request, platform, &database, context, over_limit).await?;
    request.within_size()?;
    let cursors = Cursors {
        workspace: authenticated.workspace.clone(),
        secret: Arc::clone(&platform.signing_secret),
    };
    let hash = authenticated
        .caller
        .user()
        .and_then(|user| user.session.clone());
    let session = hash.map(|hash| Session {
        hash,
        origin: request.origin(),
        database: database.clone(),
        context: Arc::clone(context),
    });
    Ok(Authenticated {
        request,
        caller: authenticated.caller,
        workspace: Workspace::new(authenticated.workspace, database),
        cursors,
        session,
    })
}

/// What becomes of callers over their limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OverLimit {
    Refused,
    /// Sessions are let in: a session must be able to end at any time.
    SessionsLetIn,
}

/// Authenticates the caller, counts their call, and says whether it may go on.
pub(super) async fn admit(
    request: &Request,
    platform: &Platform,
    database: &Database,
    context: &RequestContext,
    over_limit: OverLimit,
) -> Result<scheme::Authenticated, ApiError> {
    let schemes = Context {
        database,
        access_tokens: &platform.access_tokens,
        sessions: platform.sessions,
        limit: platform.caller_limit,
        now: Timestamp::now(),
    };
    let authenticated = authenticate(request, &schemes).await?;
    let within_limit = context.set_authenticated(&authenticated);
    let user = authenticated.caller.user();
    let has_session = user.is_some_and(|user| user.session.is_some());
    if !(over_limit == OverLimit::SessionsLetIn && has_session) {
        within_limit?;
    }
    check_workspace_header(request, &authenticated.workspace)?;
    Ok(authenticated)
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

/// The session that a call was made with.
pub struct Session {
    hash: SessionHash,
    origin: Option<Origin>,
    database: Database,
    context: Arc<RequestContext>,
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
    pub async fn end(&self) -> Result<(), ApiError> {
        sessions::end(&self.database, &self.hash).await?;
        if let Some(origin) = &self.origin {
            self.context.set_cookie(CookieName::Session.clear(origin));
        }
        Ok(())
    }
}
