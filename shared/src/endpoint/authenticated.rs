//! Calls of authenticated callers.

use std::sync::Arc;

use futures_util::{FutureExt, future::LocalBoxFuture};
use tokio::sync::oneshot;

use crate::{
    auth::{
        authenticate::authenticate,
        scheme::{self, Context},
        workspace_hints::Hint,
    },
    domain::{caller::Caller, session::SessionHash},
    endpoint::{
        cursors::Cursors,
        handler::{Created, EarlyResponse, FromRequest, Incoming, Required},
        once::{self, Once},
        platform::{Connect, Platform, connect},
        request_context::RequestContext,
        variables,
    },
    error::{ApiError, ErrorCode},
    http::{cookies::CookieName, origin::Origin, reply::Reply, request::Request},
    ids::WorkspaceId,
    store::{database::Database, done_once::Scope, sessions, workspace::Workspace},
    time::Timestamp,
};

/// A call of an authenticated caller that was counted and is within the limit.
#[derive(Debug)]
#[non_exhaustive]
pub struct Authenticated {
    pub request: Request,
    pub caller: Caller,
    pub workspace: Workspace,
    pub cursors: Cursors,
    pub once: Once,
    /// `None` if the caller uses another credential.
    pub session: Option<Session>,
}

impl FromRequest for Authenticated {
    type Scope = Required;

    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::CALLERS, variables::CURSORS];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        once_authenticated_call(call).boxed_local()
    }

    fn after_handler(
        context: &RequestContext,
        outcome: Result<Reply, ApiError>,
    ) -> LocalBoxFuture<'_, Result<Reply, ApiError>> {
        once::settle(context, outcome)
    }
}

/// A call that is done once, if it has an idempotency key. The parameter's `after_handler` is [`once::settle`].
pub(super) async fn once_authenticated_call(
    call: Incoming<'_>,
) -> Result<Authenticated, EarlyResponse> {
    let (platform, context) = (call.platform, call.context);
    let call = authenticated_call(call, OverLimit::Refuse).await?;
    let database = context.database(platform.services()?);
    call.once.unless_done(&database, context).await?;
    Ok(call)
}

/// A call that may be done again, although its idempotency key was read.
pub(super) async fn authenticated_call(
    call: Incoming<'_>,
    over_limit: OverLimit,
) -> Result<Authenticated, ApiError> {
    let Incoming {
        request,
        platform,
        context,
    } = call;
    let services = platform.services()?;
    let database = context.database(services);
    let authenticated =
        authenticate_and_count(&request, platform, &database, context, over_limit, None).await?;
    request.check_body_size()?;
    let once = Once::of(&request, Scope::Workspace(&authenticated.workspace))?;
    let cursors = Cursors {
        workspace: authenticated.workspace.clone(),
        secret: Arc::clone(&services.signing_secret),
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
        once,
        session,
    })
}

/// What to do with callers over their limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OverLimit {
    Refuse,
    /// Sessions are accepted, because people must be able to sign out at any time.
    AllowSessions,
}

/// Refuses callers over their limit, keys without the scope that the endpoint requires, and writes that were meant for
/// another workspace. Sends to `start_reads` the workspace that the caller probably belongs to, if there is a hint.
pub(super) async fn authenticate_and_count(
    request: &Request,
    platform: &Platform,
    database: &Database,
    context: &RequestContext,
    over_limit: OverLimit,
    start_reads: Option<oneshot::Sender<WorkspaceId>>,
) -> Result<scheme::Authenticated, ApiError> {
    let services = platform.services()?;
    let hint = Hint::new(&services.workspace_hints, start_reads);
    let schemes = Context {
        database,
        access_tokens: &services.access_tokens,
        admitted_lists: &services.admitted_lists,
        last_counts: &services.last_counts,
        hint: &hint,
        address: request.source_ip(),
        sessions: platform.sessions,
        limit: platform.caller_limit,
        now: Timestamp::now(),
    };
    let authenticated = authenticate(request, &schemes).await;
    let admitted = authenticated.and_then(|authenticated| {
        admit(request, context, over_limit, &authenticated)?;
        Ok(authenticated)
    });
    match &admitted {
        Ok(caller) => hint.settle(Some(&caller.workspace)),
        // Nothing was decided.
        Err(error) if error.code == ErrorCode::InternalError => {}
        Err(_) => hint.settle(None),
    }
    admitted
}

/// Whether an authenticated caller may make this call.
fn admit(
    request: &Request,
    context: &RequestContext,
    over_limit: OverLimit,
    authenticated: &scheme::Authenticated,
) -> Result<(), ApiError> {
    let within_limit = context.set_authenticated(authenticated);
    let user = authenticated.caller.user();
    let has_session = user.is_some_and(|user| user.session.is_some());
    if !(over_limit == OverLimit::AllowSessions && has_session) {
        within_limit?;
    }
    context.check_scope(&authenticated.caller)?;
    check_workspace_header(request, &authenticated.workspace)
}

/// The header in which a page states which workspace it shows.
const WORKSPACE_HEADER: &str = "Suppuo-Workspace";

/// `409` for a write that was meant for another workspace than the caller's: since the page was loaded, somebody may
/// have signed in to another workspace in another tab.
fn check_workspace_header(request: &Request, workspace: &WorkspaceId) -> Result<(), ApiError> {
    let shown = request.header("suppuo-workspace");
    match shown {
        Some(shown) if !request.is_safe() && shown != workspace.as_str() => {
            Err(ApiError::conflict_with(
                WORKSPACE_HEADER,
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
    /// Deletes the session and its cookie. The next call with it is refused.
    ///
    /// # Errors
    ///
    /// `500` if the table does not answer. Then the session may have ended or not.
    pub async fn end(&self) -> Result<(), ApiError> {
        sessions::end(&self.database, &self.hash).await?;
        if let Some(origin) = &self.origin {
            self.context.set_cookie(CookieName::Session.clear(origin));
        }
        Ok(())
    }
}
