//! Calls of the public form, which are counted by client address.

use std::sync::Arc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use crate::{
    domain::client_address::{AddressHash, ClientAddress},
    endpoint::{
        handler::{Created, FromRequest, Incoming, NotRequired},
        once::{self, Once, PublicOnce},
        platform::{Connect, connect},
        request_context::RequestContext,
        variables,
    },
    error::ApiError,
    http::{reply::Reply, request::Request},
    ids::WorkspaceId,
    store::{
        address_windows::{self, PublicAct},
        database::Database,
        public_form::{PublicForm, TicketByToken},
    },
    time::Timestamp,
};

/// A call of the public form that was counted and is within the limits.
#[derive(Debug)]
#[non_exhaustive]
pub struct PublicCall {
    pub request: Request,
    pub form: PublicForm,
    once: PublicOnce,
}

/// The same for the submission of a ticket. If the handler refuses it, it counts as a call but not as a submission.
#[derive(Debug)]
#[non_exhaustive]
pub struct PublicSubmission {
    pub request: Request,
    pub form: PublicForm,
    once: PublicOnce,
}

impl PublicCall {
    /// The ticket of the `{accessToken}` in the path.
    ///
    /// # Errors
    ///
    /// `404` if there is none.
    pub async fn ticket(&self) -> Result<TicketByToken<'_>, ApiError> {
        let ticket = self
            .form
            .ticket(self.request.path_parameter("accessToken"))
            .await?;
        ticket.ok_or_else(|| {
            ApiError::not_found("There is no ticket with this token. Use the whole link.")
        })
    }

    /// What is kept of a call about this ticket.
    ///
    /// # Errors
    ///
    /// If the call was done before. The handler returns the error; what was answered then is the answer.
    pub async fn once(&self, ticket: &TicketByToken<'_>) -> Result<Once, ApiError> {
        self.once.within(ticket.workspace(), &self.request).await
    }
}

impl PublicSubmission {
    /// # Errors
    ///
    /// `400` if the text is no workspace's id.
    pub fn workspace(&self, id: &str) -> Result<WorkspaceId, ApiError> {
        WorkspaceId::parse(id).ok_or_else(Self::no_such_workspace)
    }

    /// `400`.
    #[must_use]
    pub fn no_such_workspace() -> ApiError {
        let rule =
            "There is no workspace with this `accountId`. Send the id of the shop's workspace.";
        ApiError::invalid_field("accountId", rule)
    }

    /// What is kept of a submission to this workspace.
    ///
    /// # Errors
    ///
    /// As [`PublicCall::once`].
    pub async fn once(&self, workspace: &WorkspaceId) -> Result<Once, ApiError> {
        self.once.within(workspace, &self.request).await
    }
}

impl FromRequest for PublicCall {
    type Scope = NotRequired;

    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::PUBLIC_CALLS];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let (form, once) = count_form_call(&call, PublicAct::Call).await?;
            Ok(Self {
                request: call.request,
                form,
                once,
            })
        }
        .boxed_local()
    }

    fn after_handler(
        context: &RequestContext,
        outcome: Result<Reply, ApiError>,
    ) -> LocalBoxFuture<'_, Result<Reply, ApiError>> {
        once::settle(context, outcome)
    }
}

impl FromRequest for PublicSubmission {
    type Scope = NotRequired;

    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::PUBLIC_CALLS, variables::SUBMISSIONS];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let (form, once) = count_form_call(&call, PublicAct::Submission).await?;
            Ok(Self {
                request: call.request,
                form,
                once,
            })
        }
        .boxed_local()
    }

    fn after_handler(
        context: &RequestContext,
        outcome: Result<Reply, ApiError>,
    ) -> LocalBoxFuture<'_, Result<Reply, ApiError>> {
        async move {
            let outcome = once::settle(context, outcome).await;
            let nothing_was_done = match &outcome {
                Ok(Reply::Answer(answer)) => answer.is_replayed(),
                Ok(_) => false,
                Err(error) => error.nothing_was_done(),
            };
            if let (true, Some((submission, database))) =
                (nothing_was_done, context.take_submission())
            {
                context.set_rate_limit(submission.refund(&database).await);
            }
            outcome
        }
        .boxed_local()
    }
}

/// Counts a call for its client address, before the body is looked at.
pub(super) async fn count(
    call: &Incoming<'_>,
    act: PublicAct,
) -> Result<(Database, AddressHash), ApiError> {
    let Incoming {
        request,
        platform,
        context,
    } = call;
    let services = platform.services()?;
    let database = context.database(services);
    let keys = services.signing_secret.get().await?;
    let address = ClientAddress::of(request.source_ip()).hash(&keys);
    let (limits, now) = (&platform.public_limits, Timestamp::now());
    let counted = address_windows::count_address(&database, &address, act, limits, now).await?;
    context.set_decision(&counted.decision)?;
    if let Some(submission) = counted.submission {
        context.set_submission(submission, database.clone());
    }
    request.check_body_size()?;
    Ok((database, address))
}

/// The same for a call of the public form.
async fn count_form_call(
    call: &Incoming<'_>,
    act: PublicAct,
) -> Result<(PublicForm, PublicOnce), ApiError> {
    let (database, address) = count(call, act).await?;
    let context = Arc::clone(call.context);
    let once = PublicOnce::of(&call.request, address, database.clone(), context)?;
    Ok((PublicForm::new(database), once))
}
