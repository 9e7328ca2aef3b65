//! A test: an event for one subscription, sent while its asker waits.

use crate::{
    domain::{
        webhook_delivery::{Delivery, DeliveryStatus},
        webhook_subscription::DisabledReason,
    },
    error::ApiError,
    ids::{DeliveryId, WebhookSubscriptionId},
    store::{done_once::Keep, outbox::StoredEvent, workspace::Workspace},
    time::Timestamp,
    webhooks::sender::WebhookSender,
};

impl WebhookSender {
    /// Sends an event of the type `suppuo.test.v1`, once, and writes it into the log. `None` if the workspace has no
    /// such subscription.
    ///
    /// A receiver that takes it is well again. One that answers `410` is gone. Any other failure does not count: a test
    /// is sent to find out.
    ///
    /// # Errors
    ///
    /// `500` if the table or the signing secret does not answer. Then the test may have been sent. Any error if it was
    /// done before, or is being done.
    pub async fn test(
        &self,
        workspace: &Workspace,
        id: &WebhookSubscriptionId,
        keep: Keep<'_, Delivery>,
    ) -> Result<Option<Delivery>, ApiError> {
        let subscriptions = workspace.webhook_subscriptions();
        let Some(stored) = subscriptions.get(id).await.map_err(ApiError::internal)? else {
            return Ok(None);
        };
        let now = Timestamp::now();
        let event = StoredEvent::of_test(now).map_err(ApiError::internal)?;
        let secrets = self.open_secrets(&stored).await?;
        keep.claim(workspace).await?;
        let sent = self.send(&stored, secrets.as_ref(), &event, 1).await?;
        let attempt = sent.attempt(1, None);
        let delivery = Delivery {
            id: DeliveryId::of(id, &event.id),
            subscription_id: id.clone(),
            event_id: event.id.clone(),
            event_type: event.event_type.clone(),
            body: event.body(),
            status: attempt.status,
            attempts: 1,
            next_retry_at: None,
            last_attempt_at: Some(attempt.attempted_at),
            delivered_at: (attempt.status == DeliveryStatus::Succeeded).then(|| sent.ended_at()),
            response_code: attempt.response_code,
            last_error: attempt.error.clone(),
            duration_ms: Some(attempt.duration_ms),
            created_at: now,
            updated_at: sent.ended_at(),
            attempt_log: vec![attempt],
        };
        let written = workspace
            .webhook_deliveries()
            .record_test(&event, &delivery, &keep)
            .await;
        written.map_err(ApiError::internal)?;
        if sent.failure.is_none() {
            let noted = subscriptions.note_success(id).await;
            noted.map_err(ApiError::internal)?;
        }
        if sent.is_gone() {
            let gone = DisabledReason::Gone;
            let disabled = subscriptions.disable(&stored, gone, sent.ended_at()).await;
            disabled.map_err(ApiError::internal)?;
        }
        Ok(Some(delivery))
    }
}
