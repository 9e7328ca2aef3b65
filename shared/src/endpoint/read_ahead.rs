//! Endpoints that only read: their handler runs while the caller is being authenticated.
//!
//! ```text
//!                 ┌ the write that authenticates and counts ┐ decides
//! event → hint ───┤                                         ├──────── → envelope
//!                 └ the handler's reads ────────────────────┘ are shown, or dropped
//! ```
//!
//! An instance that admitted a caller before, or that has verified an access token, knows where the caller probably
//! belongs ([`crate::auth::workspace_hints`]). It starts the handler for that workspace at once. Whatever the handler
//! returns, also an error, is shown only if the write admits the call and says the same workspace. For another one, the
//! handler runs again. It also runs again if it has read keys and the write has just noted the calling key's use.
//! Without a hint, the handler runs after the decision.
//!
//! A refused call is answered as soon as the write has refused it. It does not wait for the reads.
//!
//! The handler gets a [`WorkspaceReader`], which cannot write:
//!
//! ```compile_fail,E0599
//! use shared::{ANY_KEY, Answer, ApiError, CannedReplyId, ReadCall, reading};
//!
//! async fn delete(call: ReadCall) -> Result<Answer, ApiError> {
//!     let id: CannedReplyId = call.request.id()?;
//!     call.workspace.canned_replies().delete(&id).await?;
//!     Answer::deleted()
//! }
//!
//! let endpoint = reading(ANY_KEY, delete);
//! ```
//!
//! With the parameter of an endpoint that runs after the decision, the same compiles:
//!
//! ```
//! use shared::{ANY_KEY, Answer, ApiError, Authenticated, CannedReplyId, scoped};
//!
//! async fn delete(call: Authenticated) -> Result<Answer, ApiError> {
//!     let id: CannedReplyId = call.request.id()?;
//!     call.workspace.canned_replies().delete(&id).await?;
//!     Answer::deleted()
//! }
//!
//! let endpoint = scoped(ANY_KEY, delete);
//! ```
//!
//! [`scoped`](crate::scoped) does not take a `ReadCall`, nor [`reading`] an `Authenticated`.

use std::{cell::OnceCell, marker::PhantomData, panic::AssertUnwindSafe, pin::pin, sync::Arc};

use futures_util::{
    FutureExt,
    future::{self, Either, LocalBoxFuture},
};
use tokio::sync::{SetOnce, oneshot};

use crate::{
    auth::scheme,
    domain::{caller::Caller, scope::Scope},
    endpoint::{
        authenticated::{OverLimit, authenticate_and_count},
        cursors::Cursors,
        handler::{EarlyResponse, Endpoint, Incoming, IntoReply},
        platform::{Connect, Platform, connect},
        variables,
    },
    error::ApiError,
    http::{envelope::Answer, reply::Reply, request::Request},
    ids::WorkspaceId,
    portal::problem_page::Flow,
    store::workspace::{KeysWereRead, WorkspaceReader},
};

/// A call of an endpoint that only reads. Its answer is shown only if the caller is admitted.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReadCall {
    pub request: Arc<Request>,
    pub workspace: WorkspaceReader,
    pub cursors: Cursors,
    caller: CallerWhenDecided,
}

impl ReadCall {
    /// The caller. Waits until the caller is admitted, so reads that do not depend on it come first.
    pub async fn caller(&self) -> &Caller {
        self.caller.wait().await
    }
}

/// The caller, as soon as it is admitted.
#[derive(Clone, Debug)]
pub(super) struct CallerWhenDecided(Arc<SetOnce<Caller>>);

impl CallerWhenDecided {
    pub(super) async fn wait(&self) -> &Caller {
        self.0.wait().await
    }
}

/// What the parameter of a handler is made from.
#[doc(hidden)]
pub struct Read<'a> {
    pub(super) request: &'a Arc<Request>,
    pub(super) platform: &'a Platform,
    pub(super) workspace: WorkspaceReader,
    pub(super) caller: CallerWhenDecided,
}

/// The parameter of a handler that only reads. Only this crate can create one.
pub trait FromRead: Sized {
    /// Whether a browser that navigates gets errors as a page.
    const ERRORS_AS_PAGES: bool = false;

    /// The environment variables that a function with this parameter reads, of [`crate::endpoint::variables`].
    #[doc(hidden)]
    const VARIABLES: &[&[&str]];

    /// What must hold of a request, whoever sends it.
    #[doc(hidden)]
    fn check(_request: &Request) -> Result<(), ApiError> {
        Ok(())
    }

    /// Creates the parameter for one workspace.
    #[doc(hidden)]
    fn from_read(read: Read<'_>) -> Result<Self, ApiError>;

    /// Turns the refusal of a caller into a response.
    #[doc(hidden)]
    #[must_use]
    fn refuse(_request: &Request, error: ApiError) -> EarlyResponse {
        EarlyResponse::Error(error)
    }
}

impl FromRead for ReadCall {
    const VARIABLES: &[&[&str]] = &[
        variables::CALLERS,
        variables::CURSORS,
        variables::TICKET_LISTS,
    ];

    fn from_read(read: Read<'_>) -> Result<Self, ApiError> {
        let cursors = Cursors {
            workspace: read.workspace.id().clone(),
            secret: Arc::clone(&read.platform.services()?.signing_secret),
        };
        Ok(Self {
            request: Arc::clone(read.request),
            workspace: read.workspace,
            cursors,
            caller: read.caller,
        })
    }
}

impl IntoReply<ReadCall> for Answer {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::Answer(self))
    }
}

/// Makes an endpoint of a function that only reads. API keys with this scope may call it, and every user.
/// [`ANY_KEY`](crate::ANY_KEY): every key may.
pub fn reading<P, R, F>(scope: impl Into<Option<Scope>>, function: F) -> impl Endpoint
where
    P: FromRead,
    R: IntoReply<P>,
    F: AsyncFn(P) -> Result<R, ApiError>,
{
    Reading {
        function,
        scope: scope.into(),
        types: PhantomData::<fn(P) -> R>,
    }
}

struct Reading<P, R, F> {
    function: F,
    scope: Option<Scope>,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R, F> Endpoint for Reading<P, R, F>
where
    P: FromRead,
    R: IntoReply<P>,
    F: AsyncFn(P) -> Result<R, ApiError>,
{
    fn scope(&self) -> Option<Scope> {
        self.scope
    }

    fn variables(&self) -> &'static [&'static [&'static str]] {
        P::VARIABLES
    }

    fn connect(&self) -> Option<Connect> {
        Some(connect)
    }

    fn errors_as_pages(&self) -> bool {
        P::ERRORS_AS_PAGES
    }

    fn flow(&self) -> Flow {
        Flow::Page
    }

    /// One connection for the write that authenticates, and one for the read beside it.
    fn prepare<'a>(&'a self, platform: &'a Platform) -> LocalBoxFuture<'a, ()> {
        platform.open_connections(2).boxed_local()
    }

    fn answer<'a>(&'a self, call: Incoming<'a>) -> LocalBoxFuture<'a, Result<Reply, ApiError>> {
        let run = |read: Read<'_>| match P::from_read(read) {
            Ok(parameter) => {
                async { (self.function)(parameter).await.and_then(R::into_reply) }.boxed_local()
            }
            Err(error) => future::ready(Err(error)).boxed_local(),
        };
        async move {
            P::check(&call.request)?;
            respond(call, run, P::refuse).await
        }
        .boxed_local()
    }
}

type Running<'a> = LocalBoxFuture<'a, Result<Reply, ApiError>>;

/// Authenticates the caller of a call, and meanwhile runs its handler.
async fn respond<'a>(
    call: Incoming<'a>,
    run: impl Fn(Read<'_>) -> Running<'a>,
    refuse: fn(&Request, ApiError) -> EarlyResponse,
) -> Result<Reply, ApiError> {
    let Incoming {
        request,
        platform,
        context,
    } = call;
    let request = Arc::new(request);
    let database = context.database(platform.services()?);
    let (caller, keys_were_read) = (CallerWhenDecided(Arc::default()), KeysWereRead::default());
    let (start, expected) = oneshot::channel();
    let deciding = async {
        let decided = authenticate_and_count(
            &request,
            platform,
            &database,
            context,
            OverLimit::Refuse,
            Some(start),
        );
        let authenticated = decided.await.map_err(|error| refuse(&request, error))?;
        request.check_body_size()?;
        Ok(authenticated)
    };
    let read = |workspace: WorkspaceId| {
        run(Read {
            request: &request,
            platform,
            workspace: WorkspaceReader::new(workspace, database.reader().clone(), &keys_were_read),
            caller: caller.clone(),
        })
    };
    let must_read_again =
        |decided: &scheme::Authenticated| keys_were_read.get() && decided.has_stamped_key;
    let deciding = deciding.boxed_local();
    let answered = read_while_deciding(deciding, expected, &caller, &read, &must_read_again);
    match answered.await {
        Ok(Reply::Answer(answer)) => Ok(Reply::Answer(answer.unless_known(&request))),
        Ok(reply) | Err(EarlyResponse::Reply(reply)) => Ok(reply),
        Err(EarlyResponse::Error(error)) => Err(error),
    }
}

/// Runs the handler for the expected workspace until the caller is decided on. Compiled once, like everything here that
/// does not depend on the handler's type.
async fn read_while_deciding<'a>(
    deciding: LocalBoxFuture<'_, Result<scheme::Authenticated, EarlyResponse>>,
    expected: oneshot::Receiver<WorkspaceId>,
    caller: &CallerWhenDecided,
    read: &dyn Fn(WorkspaceId) -> Running<'a>,
    must_read_again: &dyn Fn(&scheme::Authenticated) -> bool,
) -> Result<Reply, EarlyResponse> {
    let started = OnceCell::new();
    let mut ahead = pin!(async {
        let Ok(workspace) = expected.await else {
            // There is no hint, so there is nothing to do before the decision.
            return future::pending().await;
        };
        let running = read(started.get_or_init(|| workspace).clone());
        // A panic must not show before the decision either.
        let caught = AssertUnwindSafe(running).catch_unwind().await;
        caught.unwrap_or_else(|_| Err(ApiError::internal("the handler panicked")))
    });
    // `select` polls the decision first, so that a refusal does not wait for what was read.
    let (decided, finished) = match future::select(deciding, ahead.as_mut()).await {
        Either::Left((decided, _)) => (decided, None),
        Either::Right((outcome, deciding)) => (deciding.await, Some(outcome)),
    };
    let decided = decided?;
    let is_up_to_date = started.get() == Some(&decided.workspace) && !must_read_again(&decided);
    let _ = caller.0.set(decided.caller);
    let outcome = match finished {
        _ if !is_up_to_date => read(decided.workspace).await,
        Some(outcome) => outcome,
        None => ahead.await,
    };
    outcome.map_err(EarlyResponse::Error)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::{
        domain::{
            caller::User,
            rate_limit::{Decision, Policy, RateLimitStatus},
        },
        ids::Subject,
        time::Timestamp,
    };

    fn workspace(id: &str) -> WorkspaceId {
        WorkspaceId::parse(id).unwrap()
    }

    fn admitted(to: &str) -> scheme::Authenticated {
        let user = User {
            sub: Subject::parse("usr_1".to_owned()).unwrap(),
            email: None,
            name: None,
            expires_at: Timestamp::EPOCH,
            session: None,
        };
        scheme::Authenticated {
            caller: Caller::User(Box::new(user)),
            workspace: workspace(to),
            decision: Decision::Allowed(RateLimitStatus {
                policy: Policy::User,
                window_millis: 60_000,
                limit: 2,
                remaining: 0,
                resets_at: Timestamp::EPOCH,
            }),
            has_stamped_key: false,
        }
    }

    type Decided = Result<scheme::Authenticated, EarlyResponse>;

    /// Decides after the reads for `hint` have come as far as they can. Returns what is answered, and for which
    /// workspaces there were reads.
    async fn answer(
        hint: Option<&str>,
        decided: Decided,
        read: impl Fn(&WorkspaceId, CallerWhenDecided) -> Running<'static>,
    ) -> (Result<String, u16>, Vec<WorkspaceId>) {
        let (start, expected) = oneshot::channel();
        if let Some(hint) = hint {
            start.send(workspace(hint)).unwrap();
        }
        let caller = CallerWhenDecided(Arc::default());
        let started = RefCell::new(Vec::new());
        let run = |workspace: WorkspaceId| {
            let running = read(&workspace, caller.clone());
            started.borrow_mut().push(workspace);
            running
        };
        let deciding = async {
            tokio::task::yield_now().await;
            decided
        };
        let answered =
            read_while_deciding(deciding.boxed_local(), expected, &caller, &run, &|_| false);
        let answered = answered.await;
        let answered = match answered {
            Ok(Reply::Answer(answer)) => Ok(answer.data().to_owned()),
            Err(EarlyResponse::Error(error)) => Err(error.code.status()),
            _ => panic!("neither an answer nor an error"),
        };
        (answered, started.into_inner())
    }

    /// Answers with the workspace.
    fn found(workspace: &WorkspaceId, _: CallerWhenDecided) -> Running<'static> {
        let answer = Answer::ok(workspace.as_str()).map(Reply::Answer);
        future::ready(answer).boxed_local()
    }

    fn refusal() -> Decided {
        Err(EarlyResponse::Error(ApiError::invalid_token("unknown_key")))
    }

    #[tokio::test]
    async fn an_answer_is_of_the_workspace_that_the_decision_names() {
        let read = answer(Some("acc_a"), Ok(admitted("acc_a")), found).await;
        assert_eq!(read, (Ok("\"acc_a\"".to_owned()), vec![workspace("acc_a")]));
        let again = answer(Some("acc_a"), Ok(admitted("acc_b")), found).await;
        let both = vec![workspace("acc_a"), workspace("acc_b")];
        assert_eq!(again, (Ok("\"acc_b\"".to_owned()), both));
        let after = answer(None, Ok(admitted("acc_b")), found).await;
        assert_eq!(
            after,
            (Ok("\"acc_b\"".to_owned()), vec![workspace("acc_b")])
        );
    }

    #[tokio::test]
    async fn a_refusal_shows_whatever_became_of_the_reads() {
        let never = |_: &WorkspaceId, _| future::pending().boxed_local();
        let failed =
            |_: &WorkspaceId, _| future::ready(Err(ApiError::internal("the table"))).boxed_local();
        let panics = |_: &WorkspaceId, _| async { panic!("a handler") }.boxed_local();
        let waits = |_: &WorkspaceId, caller: CallerWhenDecided| {
            async move {
                caller.wait().await;
                Err(ApiError::internal("nobody was admitted"))
            }
            .boxed_local()
        };
        for (refused, _) in [
            answer(Some("acc_a"), refusal(), found).await,
            answer(Some("acc_a"), refusal(), never).await,
            answer(Some("acc_a"), refusal(), failed).await,
            answer(Some("acc_a"), refusal(), panics).await,
            answer(Some("acc_a"), refusal(), waits).await,
        ] {
            assert_eq!(refused, Err(401));
        }
        let (admitted, _) = answer(Some("acc_a"), Ok(admitted("acc_a")), panics).await;
        assert_eq!(admitted, Err(500));
    }

    #[tokio::test]
    async fn a_handler_that_waits_for_its_caller_goes_on_when_it_is_admitted() {
        let waits = |_: &WorkspaceId, caller: CallerWhenDecided| {
            async move {
                let sub = caller.wait().await.sub().map(Subject::as_str);
                Answer::ok(sub).map(Reply::Answer)
            }
            .boxed_local()
        };
        let (answered, reads) = answer(Some("acc_a"), Ok(admitted("acc_a")), waits).await;
        assert_eq!((answered, reads.len()), (Ok("\"usr_1\"".to_owned()), 1));
    }
}
