//! Makes an attempt of a delivery, and writes what came of it.
//!
//! A crash between any two steps repeats an attempt at most. The result of a failed attempt and its next one are one
//! transaction; the message of this attempt is only deleted after that.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};

use crate::{
    aws::delivery_queue::DeliveryQueue,
    domain::{
        webhook_delivery::{Delivery, DeliveryStatus, DueAttempt, Resealing},
        webhook_subscription::{DisabledReason, next_hold},
    },
    error::ApiError,
    log, random,
    store::{
        database::Database, delivery_attempts::Loaded, due_deliveries::Scheduled,
        outbox::StoredEvent, receiver_health::ReceiverFailure, store_error::StoreError,
        webhook_items::StoredSubscription, workspace::Workspace,
    },
    time::Timestamp,
    webhooks::{
        delivery_log::{self, Handled},
        sender::{OpenedSecrets, Sent, WebhookSender},
    },
};

/// A receiver that has not answered for so long is held until the attempt is over.
const SLOW_AFTER: Duration = Duration::from_secs(1);

/// In milliseconds: longer than any attempt takes.
const ATTEMPT_IS_OVER_AFTER: i64 = 11_000;

/// In milliseconds. A message that comes so long before its attempt is due is sent again.
const EARLY: i64 = 1_000;

pub(crate) struct Deliverer<'a> {
    pub(crate) database: &'a Database,
    pub(crate) queue: &'a DeliveryQueue,
    pub(crate) sender: &'a WebhookSender,
}

/// A message's attempt, with all that it needs.
struct Ready<'a> {
    due: &'a DueAttempt,
    workspace: &'a Workspace,
    delivery: Delivery,
    stored: StoredSubscription,
    event: StoredEvent,
}

impl Deliverer<'_> {
    /// Does what a message says, and logs it.
    ///
    /// # Errors
    ///
    /// A service did not answer. The message has to come again.
    pub(crate) async fn deliver(&self, due: &DueAttempt) -> Result<Handled, ApiError> {
        let workspace = Workspace::new(due.account_id.clone(), self.database.clone());
        let loaded = workspace.delivery_attempts().load(due).await;
        let ready = match self
            .ready(due, &workspace, loaded.map_err(internal)?)
            .await?
        {
            Ok(ready) => ready,
            Err(handled) => {
                delivery_log::write(due, handled, None, None);
                return Ok(handled);
            }
        };
        let secrets = self.open_secrets(&workspace, &ready.stored).await?;
        let sent = self.send(&ready, secrets.as_ref()).await?;
        match sent.failure {
            None => self.succeeded(&ready, &sent).await,
            Some(failure) => self.failed(&ready, &sent, failure).await,
        }
    }

    /// Seals the secrets of a subscription by the current signing secret, if an older one sealed them.
    ///
    /// # Errors
    ///
    /// A service did not answer. The message has to come again.
    pub(crate) async fn reseal(&self, resealing: &Resealing) -> Result<(), ApiError> {
        let workspace = Workspace::new(resealing.account_id.clone(), self.database.clone());
        let subscriptions = workspace.webhook_subscriptions();
        let stored = subscriptions
            .get(&resealing.subscription_id)
            .await
            .map_err(internal)?;
        match stored {
            Some(stored) => self.open_secrets(&workspace, &stored).await.map(drop),
            None => Ok(()),
        }
    }

    /// Opens the secrets, and seals them anew where an older signing secret sealed them. `None` if they cannot be
    /// opened.
    async fn open_secrets(
        &self,
        workspace: &Workspace,
        stored: &StoredSubscription,
    ) -> Result<Option<OpenedSecrets>, ApiError> {
        let secrets = self.sender.open_secrets(stored).await?;
        if let Some(opened) = &secrets
            && opened.resealed.iter().any(Option::is_some)
        {
            let subscriptions = workspace.webhook_subscriptions();
            let resealed = subscriptions.reseal(stored, &opened.resealed);
            resealed.await.map_err(internal)?;
        }
        Ok(secrets)
    }

    /// Whether the attempt is to be made, or what becomes of the message.
    async fn ready<'a>(
        &self,
        due: &'a DueAttempt,
        workspace: &'a Workspace,
        loaded: Loaded,
    ) -> Result<Result<Ready<'a>, Handled>, ApiError> {
        let now = Timestamp::now();
        let attempts = workspace.delivery_attempts();
        let Some(delivery) = loaded.delivery else {
            return Ok(Err(Handled::Outdated));
        };
        let is_made =
            delivery.status != DeliveryStatus::Pending || delivery.attempts + 1 != due.attempt;
        if is_made {
            return Ok(Err(Handled::Outdated));
        }
        if let Some(due_at) = delivery.next_retry_at
            && due_at > now.plus_millis(EARLY)
        {
            // By another clock than the sender's, or a repeat from before the attempt was postponed. It may be the only
            // message of this attempt: the sweeper has perhaps passed its minute.
            let postponed = (due.clone(), due_at);
            let left = self.queue.send(&[postponed]).await;
            return match left.map_err(ApiError::internal)?[..] {
                [] => Ok(Err(Handled::Early)),
                _ => Err(ApiError::internal("the queue did not take a message back")),
            };
        }
        let (stored, event) = match (loaded.subscription, loaded.event) {
            (None, _) => {
                return self
                    .abandon(due, workspace, "The subscription was deleted.")
                    .await;
            }
            (Some(stored), _) if !stored.subscription.active => {
                return self
                    .abandon(due, workspace, "The subscription is not active.")
                    .await;
            }
            (_, None) => {
                return self
                    .abandon(due, workspace, "The event is no longer kept.")
                    .await;
            }
            (Some(stored), Some(event)) => (stored, event),
        };
        if let Some(until) = self
            .held_until(workspace, &stored, now)
            .await
            .map_err(internal)?
        {
            let next = Scheduled {
                attempt: due.clone(),
                due_at: spread(until, stored.last_hold),
            };
            let held = attempts
                .postpone(&delivery.id, &next)
                .await
                .map_err(internal)?;
            if held {
                self.send_if_near(&next).await;
            }
            return Ok(Err(if held {
                Handled::Held
            } else {
                Handled::Outdated
            }));
        }
        Ok(Ok(Ready {
            due,
            workspace,
            delivery,
            stored,
            event,
        }))
    }

    async fn abandon<'a>(
        &self,
        due: &DueAttempt,
        workspace: &Workspace,
        reason: &str,
    ) -> Result<Result<Ready<'a>, Handled>, ApiError> {
        let abandoned = workspace.delivery_attempts().abandon(due, reason).await;
        let is_ours = abandoned.map_err(internal)?;
        Ok(Err(if is_ours {
            Handled::Abandoned
        } else {
            Handled::Outdated
        }))
    }

    /// Until when the receiver is held. `None` if it is not, or if this attempt is the probe at the end of the hold.
    async fn held_until(
        &self,
        workspace: &Workspace,
        stored: &StoredSubscription,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(until) = stored.subscription.held_until else {
            return Ok(None);
        };
        if until > now {
            return Ok(Some(until));
        }
        let probed_until = now.plus_millis(ATTEMPT_IS_OVER_AFTER);
        let subscriptions = workspace.webhook_subscriptions();
        let id = &stored.subscription.id;
        let is_probe = subscriptions.claim_probe(id, until, probed_until).await?;
        Ok((!is_probe).then_some(probed_until))
    }

    /// Sends the delivery. Holds the receiver while it does not answer.
    async fn send(
        &self,
        ready: &Ready<'_>,
        secrets: Option<&OpenedSecrets>,
    ) -> Result<Sent, ApiError> {
        let Ready { stored, event, .. } = ready;
        let sending = self.sender.send(stored, secrets, event, ready.due.attempt);
        let slow = pin!(tokio::time::sleep(SLOW_AFTER));
        match select(pin!(sending), slow).await {
            Either::Left((sent, _)) => sent,
            Either::Right(((), sending)) => {
                let until = Timestamp::now().plus_millis(ATTEMPT_IS_OVER_AFTER);
                let subscriptions = ready.workspace.webhook_subscriptions();
                let holding = subscriptions.hold_until(stored, until);
                let (sent, held) = futures_util::future::join(sending, holding).await;
                if let Err(error) = held {
                    log::warn(&format!("hold a receiver: {error}"));
                }
                sent
            }
        }
    }

    async fn succeeded(&self, ready: &Ready<'_>, sent: &Sent) -> Result<Handled, ApiError> {
        // First the success, then the result: if this ends in between, the attempt is made again.
        let subscriptions = ready.workspace.webhook_subscriptions();
        let id = &ready.stored.subscription.id;
        subscriptions.note_success(id).await.map_err(internal)?;
        let attempt = sent.attempt(ready.due.attempt, None);
        let attempts = ready.workspace.delivery_attempts();
        let written = attempts.finish(&ready.delivery.id, &attempt).await;
        let handled = if written.map_err(internal)? {
            Handled::Succeeded
        } else {
            Handled::Outdated
        };
        delivery_log::write(ready.due, handled, Some(sent), None);
        Ok(handled)
    }

    async fn failed(
        &self,
        ready: &Ready<'_>,
        sent: &Sent,
        failure: ReceiverFailure,
    ) -> Result<Handled, ApiError> {
        let now = sent.ended_at();
        let subscriptions = ready.workspace.webhook_subscriptions();
        let is_off = sent.is_gone() && {
            let disabled = subscriptions.disable(&ready.stored, DisabledReason::Gone, now);
            disabled.await.map_err(internal)?
        };
        let next = (!is_off).then(|| next_attempt(ready, sent, failure, now));
        let next = next.flatten();
        let attempt = sent.attempt(ready.due.attempt, next.as_ref().map(|next| next.due_at));
        let attempts = ready.workspace.delivery_attempts();
        let written = match &next {
            Some(next) => {
                attempts
                    .schedule_next(&ready.delivery.id, &attempt, next)
                    .await
            }
            None => attempts.finish(&ready.delivery.id, &attempt).await,
        };
        if !written.map_err(internal)? {
            delivery_log::write(ready.due, Handled::Outdated, Some(sent), None);
            return Ok(Handled::Outdated);
        }
        delivery_log::write(ready.due, Handled::Failed, Some(sent), next.as_ref());
        if let Some(next) = &next {
            self.send_if_near(next).await;
        }
        if !is_off && let Err(error) = count_failure(ready, failure, now).await {
            // The message is done: a later failure counts.
            log::warn(&format!("count a failure: {error}"));
        }
        Ok(Handled::Failed)
    }

    /// Sends an attempt that the sweeper may be too late for.
    async fn send_if_near(&self, next: &Scheduled) {
        if next.is_sent_at_once(Timestamp::now()) {
            let attempt = (next.attempt.clone(), next.due_at);
            self.queue.send_written(&[attempt]).await;
        }
    }
}

/// Counts the failure, and switches the subscription off if it was one too many.
async fn count_failure(
    ready: &Ready<'_>,
    failure: ReceiverFailure,
    now: Timestamp,
) -> Result<(), StoreError> {
    let subscriptions = ready.workspace.webhook_subscriptions();
    let noted = subscriptions.note_failure(&ready.stored, failure, now);
    if let Some(noted) = noted.await?
        && noted.is_failing(now)
    {
        let disabled = subscriptions.disable(&noted, DisabledReason::Failing, now);
        disabled.await?;
    }
    Ok(())
}

/// The attempt after one that failed. `None` if it was the last one.
fn next_attempt(
    ready: &Ready<'_>,
    sent: &Sent,
    failure: ReceiverFailure,
    now: Timestamp,
) -> Option<Scheduled> {
    let due_at = sent.next_attempt_at(ready.due.attempt)?;
    let due_at = match failure {
        ReceiverFailure::Answered => due_at,
        // It would only be held.
        ReceiverFailure::Silent => due_at.max(now.plus_millis(next_hold(ready.stored.last_hold))),
    };
    Some(Scheduled {
        attempt: DueAttempt {
            attempt: ready.due.attempt + 1,
            ..ready.due.clone()
        },
        due_at,
    })
}

/// The end of a hold, and up to a tenth of the hold more, so that not all deliveries come back at once. While the
/// receiver is only slow, its hold has no length yet, and deliveries come back over the time of an attempt.
fn spread(until: Timestamp, hold: Option<i64>) -> Timestamp {
    let random = i64::from(u16::from_be_bytes(random::bytes()));
    let longest = hold.map_or(ATTEMPT_IS_OVER_AFTER, |hold| hold / 10);
    until.plus_millis(longest * random / i64::from(u16::MAX))
}

fn internal(error: StoreError) -> ApiError {
    ApiError::internal(error)
}
