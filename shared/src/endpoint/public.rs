//! Calls of the public form, which are counted by client address.

use std::sync::Arc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use crate::{
    domain::client_address::ClientAddress,
    endpoint::{
        handler::{EarlyResponse, FromRequest},
        platform::{Connect, Platform, connect},
        request_context::RequestContext,
        variables,
    },
    error::ApiError,
    http::request::Request,
    store::{
        address_windows::{self, PublicAct},
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
}

/// The same for the submission of a ticket. If the handler refuses it, it counts as a call but not as a submission.
#[derive(Debug)]
#[non_exhaustive]
pub struct PublicSubmission {
    pub request: Request,
    pub form: PublicForm,
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
}

impl FromRequest for PublicCall {
    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::PUBLIC_CALLS];

    fn from_request<'a>(
        request: Request,
        platform: &'a Arc<Platform>,
        context: &'a Arc<RequestContext>,
    ) -> LocalBoxFuture<'a, Result<Self, EarlyResponse>> {
        async move {
            let form = count(&request, platform, context, PublicAct::Call).await?;
            Ok(Self { request, form })
        }
        .boxed_local()
    }
}

impl FromRequest for PublicSubmission {
    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::PUBLIC_CALLS, variables::SUBMISSIONS];

    fn from_request<'a>(
        request: Request,
        platform: &'a Arc<Platform>,
        context: &'a Arc<RequestContext>,
    ) -> LocalBoxFuture<'a, Result<Self, EarlyResponse>> {
        async move {
            let form = count(&request, platform, context, PublicAct::Submission).await?;
            Ok(Self { request, form })
        }
        .boxed_local()
    }

    async fn after_handler(context: &RequestContext, error: Option<&ApiError>) {
        if let (Some(error), Some((submission, database))) = (error, context.take_submission())
            && error.nothing_was_done()
        {
            context.set_rate_limit(submission.refund(&database).await);
        }
    }
}

/// Counts a call for its client address, before the body is looked at.
async fn count(
    request: &Request,
    platform: &Platform,
    context: &RequestContext,
    act: PublicAct,
) -> Result<PublicForm, ApiError> {
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
    Ok(PublicForm::new(database))
}
