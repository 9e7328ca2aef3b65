//! Calls of the public form, each counted for its client address.

use std::sync::Arc;

use crate::{
    domain::client_address::ClientAddress,
    endpoint::{
        handler::{Early, Given},
        platform::Platform,
        request_context::RequestContext,
    },
    error::ApiError,
    http::request::Request,
    store::{
        address_windows::{self, PublicAct},
        public_form::{PublicForm, TicketByToken},
    },
    time::Timestamp,
};

/// A call of the public form, counted and within the limits.
#[derive(Debug)]
#[non_exhaustive]
pub struct PublicCall {
    /// What was sent.
    pub request: Request,
    /// What a stranger can reach.
    pub form: PublicForm,
}

/// The same, counted as a ticket's submission. If the handler refuses it, it was a call and no submission.
#[derive(Debug)]
#[non_exhaustive]
pub struct SubmissionCall {
    /// What was sent.
    pub request: Request,
    /// What a stranger can reach.
    pub form: PublicForm,
}

impl PublicCall {
    /// The ticket whose token stands at `{accessToken}` in the path.
    ///
    /// # Errors
    ///
    /// `404` where it is for none; `500` where the table does not answer.
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

impl Given for PublicCall {
    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        let form = counted(&request, platform, context, PublicAct::Call).await?;
        Ok(Self { request, form })
    }
}

impl Given for SubmissionCall {
    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        let form = counted(&request, platform, context, PublicAct::Submission).await?;
        Ok(Self { request, form })
    }

    async fn settle(context: &RequestContext, error: Option<&ApiError>) {
        if let (Some(error), Some((submission, database))) = (error, context.take_submission())
            && error.nothing_was_done()
        {
            context.set_rate_limit(submission.refund(&database).await);
        }
    }
}

/// Counts a call for its client address, before anything of the body is looked at.
async fn counted(
    request: &Request,
    platform: &Platform,
    context: &RequestContext,
    act: PublicAct,
) -> Result<PublicForm, ApiError> {
    let database = context.database(platform);
    let keys = platform.signing_secret.get().await?;
    let address = ClientAddress::of(request.source_ip()).hash(keys);
    let (limits, now) = (&platform.public_limits, Timestamp::now());
    let counted = address_windows::count_address(&database, &address, act, limits, now).await?;
    context.set_decision(&counted.decision)?;
    if let Some(submission) = counted.submission {
        context.set_submission(submission, database.clone());
    }
    request.within_size()?;
    Ok(PublicForm::new(database))
}
