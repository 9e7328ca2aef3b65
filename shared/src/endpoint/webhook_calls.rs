//! Calls of authenticated callers that also call receivers of webhooks, or send attempts to the queue.

use std::sync::Arc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use crate::{
    aws::delivery_queue::DeliveryQueue,
    domain::webhook_delivery::{DueAttempt, QueueMessage, Recovery},
    endpoint::{
        authenticated::once_authenticated_call,
        handler::{Created, FromRequest, Incoming, Required},
        once::{self, Once},
        platform::{Connect, connect_with_queue, connect_with_sender},
        request_context::RequestContext,
        variables,
    },
    error::ApiError,
    http::{reply::Reply, request::Request},
    ids::WebhookSubscriptionId,
    store::{delivery_recovery::Recovered, done_once::Keep, workspace::Workspace},
    time::{MINUTE, Timestamp},
    webhooks::sender::WebhookSender,
};

/// An [`Authenticated`](crate::Authenticated) call that judges a URL, makes a secret, or sends a test.
#[derive(Debug)]
#[non_exhaustive]
pub struct WebhookCall {
    pub request: Request,
    pub workspace: Workspace,
    pub once: Once,
    pub sender: Arc<WebhookSender>,
}

/// An [`Authenticated`](crate::Authenticated) call that asks for deliveries to be sent again.
#[derive(Debug)]
#[non_exhaustive]
pub struct DeliveryCall {
    pub request: Request,
    pub workspace: Workspace,
    pub once: Once,
    queue: Arc<DeliveryQueue>,
}

impl DeliveryCall {
    /// Sends attempts that are due now to the queue. They are written already: if the queue does not take them, the
    /// sweeper sends them some minutes later.
    pub async fn send_now(&self, attempts: Vec<DueAttempt>) {
        let now = Timestamp::now();
        let attempts: Vec<_> = attempts.into_iter().map(|attempt| (attempt, now)).collect();
        self.queue.send_written(&attempts).await;
    }

    /// Sends once more what failed to a subscription from `since` until now. Returns how many these are; if there are
    /// too many for one call, how many were sent so far, and the queue has the rest.
    ///
    /// # Errors
    ///
    /// `500` if the table does not answer, or the queue does not take the rest. Then the same call continues.
    pub async fn recover(
        &self,
        subscription_id: WebhookSubscriptionId,
        since: Timestamp,
        now: Timestamp,
        keep: Keep<'_, usize>,
    ) -> Result<usize, ApiError> {
        keep.claim(&self.workspace).await?;
        let recovery = Recovery {
            account_id: self.workspace.id().clone(),
            subscription_id,
            since,
            // Clocks differ.
            until: now.plus_millis(MINUTE),
            after: None,
        };
        let deliveries = self.workspace.webhook_deliveries();
        let Recovered { attempts, rest } = deliveries.recover(recovery).await?;
        let queued = attempts.len();
        self.send_now(attempts).await;
        if let Some(rest) = rest {
            let sent = self.queue.send_message(&QueueMessage::Recover(rest)).await;
            sent.map_err(ApiError::internal)?;
        }
        deliveries.keep_recovery(&keep, queued).await?;
        Ok(queued)
    }
}

impl FromRequest for WebhookCall {
    type Scope = Required;

    const CONNECT: Option<Connect> = Some(connect_with_sender);

    const VARIABLES: &[&[&str]] = &[variables::CALLERS, variables::SIGNING];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let platform = call.platform;
            let call = once_authenticated_call(call).await?;
            let sender = platform.services()?.webhook_sender.as_ref();
            let sender =
                sender.ok_or_else(|| ApiError::internal("the endpoint's type has no sender"))?;
            Ok(Self {
                request: call.request,
                workspace: call.workspace,
                once: call.once,
                sender: Arc::clone(sender),
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

impl FromRequest for DeliveryCall {
    type Scope = Required;

    const CONNECT: Option<Connect> = Some(connect_with_queue);

    const VARIABLES: &[&[&str]] = &[variables::CALLERS, variables::QUEUE];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let platform = call.platform;
            let call = once_authenticated_call(call).await?;
            let queue = platform.services()?.delivery_queue.as_ref();
            let queue =
                queue.ok_or_else(|| ApiError::internal("the endpoint's type has no queue"))?;
            Ok(Self {
                request: call.request,
                workspace: call.workspace,
                once: call.once,
                queue: Arc::clone(queue),
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
