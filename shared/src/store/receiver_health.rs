//! How the receiver of a webhook subscription is doing: failures in a row, holds, and the end.
//!
//! A subscription is written only when that changes: a receiver that is well costs no write here. A *hold* keeps
//! deliveries from a receiver that does not answer, so that one that hangs costs a write for each delivery, and not ten
//! seconds of a function.
//!
//! The failure of an attempt counts for the subscription as it was when the attempt was made. If somebody has changed
//! it since, it may have another URL, or its failures were forgotten.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;

use crate::{
    domain::webhook_subscription::{Choices, DisabledReason, Subscription, next_hold},
    ids::WebhookSubscriptionId,
    store::{
        attributes,
        conditional_update::{self, Expressions, UpdateResult, in_transaction},
        outbox::{self, Event},
        store_error::StoreError,
        transaction::Transaction,
        webhook_items::{self, StoredSubscription},
        webhook_subscriptions::{WebhookSubscriptions, next_revision, set},
        workspace::Workspace,
    },
    time::Timestamp,
};

/// How an attempt failed, for the receiver's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReceiverFailure {
    /// It answered, and not with success.
    Answered,
    /// It did not connect, or did not answer in time.
    Silent,
}

impl WebhookSubscriptions<'_> {
    /// Ends the count of failures and the hold, if there are any at this moment.
    pub(crate) async fn note_success(&self, id: &WebhookSubscriptionId) -> Result<(), StoreError> {
        // Read again: another attempt may have failed while this one was under way.
        let stored = self.get(id).await?;
        if !stored.is_some_and(|stored| stored.needs_relief()) {
            return Ok(());
        }
        let mut write = Expressions::default();
        write
            .remove
            .push("consecutiveFailures, failingSince, heldUntil, lastHold".to_owned());
        write.conditions.push("attribute_exists(pk)".to_owned());
        let key = self.key(id);
        let written = conditional_update::send_until_done(&self.workspace.database, &key, write);
        written.await.map(drop)
    }

    /// Counts a failure. A receiver that was silent is held; the hold of one that answered ends. Returns the
    /// subscription. Does nothing and returns `None` if it was deleted or changed since `seen`: then the attempt says
    /// nothing about the receiver as it is now.
    ///
    /// It is not counted twice. If the table does not answer, it may not be counted.
    pub(crate) async fn note_failure(
        &self,
        seen: &StoredSubscription,
        failure: ReceiverFailure,
        now: Timestamp,
    ) -> Result<Option<StoredSubscription>, StoreError> {
        let mut write = Expressions::default();
        write.add.push("consecutiveFailures :one".to_owned());
        write.value(":one".to_owned(), attributes::number(1));
        write
            .set
            .push("failingSince = if_not_exists(failingSince, :now)".to_owned());
        write.value(":now".to_owned(), attributes::moment(now));
        match failure {
            ReceiverFailure::Answered => write.remove.push("heldUntil, lastHold".to_owned()),
            ReceiverFailure::Silent => {
                let hold = next_hold(seen.last_hold);
                set(&mut write, "lastHold", attributes::number(hold));
                set(
                    &mut write,
                    "heldUntil",
                    attributes::moment(now.plus_millis(hold)),
                );
            }
        }
        if_unchanged(&mut write, seen);
        let key = self.key(&seen.subscription.id);
        let written =
            conditional_update::send_once_until_done(&self.workspace.database, &key, write);
        let written = written.await?.ok();
        written.as_ref().map(StoredSubscription::read).transpose()
    }

    /// Holds the receiver until this moment, while an attempt has not been answered. Does nothing if it is held, or was
    /// changed since `seen`.
    pub(crate) async fn hold_until(
        &self,
        seen: &StoredSubscription,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = Expressions::default();
        set(&mut write, "heldUntil", attributes::moment(until));
        if_unchanged(&mut write, seen);
        write
            .conditions
            .push("attribute_not_exists(heldUntil)".to_owned());
        let key = self.key(&seen.subscription.id);
        conditional_update::send(&self.workspace.database, &key, write)
            .await
            .map(drop)
    }

    /// Whether this attempt is the one that probes a receiver whose hold is over. The others are held until the probe
    /// is over.
    pub(crate) async fn claim_probe(
        &self,
        id: &WebhookSubscriptionId,
        held_until: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = Expressions::default();
        set(&mut write, "heldUntil", attributes::moment(until));
        write.conditions.push("heldUntil = :was".to_owned());
        write.value(":was".to_owned(), attributes::moment(held_until));
        let key = self.key(id);
        let claimed = conditional_update::send(&self.workspace.database, &key, write).await?;
        Ok(matches!(claimed, UpdateResult::Done(_)))
    }

    /// Switches a subscription off, and tells the others, in one transaction. Returns whether nothing is to be sent to
    /// it any more: it may be off already, or gone. It stays on if it was changed since `seen`, which may have been
    /// another URL, or, for [`DisabledReason::Failing`], if it is no longer failing.
    ///
    /// A receiver that is gone has failed once more, which counts here.
    pub(crate) async fn disable(
        &self,
        seen: &StoredSubscription,
        reason: DisabledReason,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.workspace;
        let id = &seen.subscription.id;
        let Some(stored) = self.get(id).await? else {
            return Ok(true);
        };
        if !stored.subscription.active {
            return Ok(true);
        }
        let still = reason == DisabledReason::Gone || stored.is_failing(now);
        if stored.revision != seen.revision || !still {
            return Ok(false);
        }
        let events = stored.subscription.events.clone();
        let choices = stored.choices.clone().changed(false, events, now);
        let at = choices.current.since;
        let last = u32::from(reason == DisabledReason::Gone);
        let disabled = Subscription {
            active: false,
            consecutive_failures: stored.subscription.consecutive_failures + last,
            failing_since: stored.subscription.failing_since.or(Some(now)),
            disabled_at: Some(at),
            disabled_reason: Some(reason),
            ..stored.subscription
        };
        let transaction = Transaction::new(database, "disable a webhook subscription");
        let transaction = transaction.update(self.put_disabled(&disabled, &choices, seen))?;
        let event = Event::SubscriptionDisabled(&disabled);
        let transaction = outbox::record(transaction, workspace, at, &[event])?;
        Ok(transaction.commit().await?.is_ok())
    }

    fn put_disabled(
        &self,
        disabled: &Subscription,
        choices: &Choices,
        seen: &StoredSubscription,
    ) -> UpdateBuilder {
        let mut write = Expressions::default();
        for (name, value) in webhook_items::choices(choices) {
            set(&mut write, name, value);
        }
        match (disabled.disabled_reason, disabled.failing_since) {
            // No success has ended the count.
            (Some(DisabledReason::Failing), Some(since)) => {
                write.conditions.push("failingSince = :since".to_owned());
                write.value(":since".to_owned(), attributes::moment(since));
            }
            (_, since) => {
                let failures = attributes::number(disabled.consecutive_failures);
                set(&mut write, "consecutiveFailures", failures);
                let since = attributes::moment(since.unwrap_or(choices.current.since));
                set(&mut write, "failingSince", since);
            }
        }
        let at = choices.current.since;
        set(&mut write, "disabledAt", attributes::moment(at));
        let reason = disabled.disabled_reason.map_or("", Into::into);
        set(&mut write, "disabledReason", attributes::text(reason));
        next_revision(&mut write, seen.revision, at);
        in_transaction(self.key(&disabled.id), write)
    }
}

/// On condition that nobody has changed the subscription since it was read, which an attempt does before it is made.
fn if_unchanged(write: &mut Expressions, seen: &StoredSubscription) {
    write.conditions.push("revision = :seen".to_owned());
    write.value(":seen".to_owned(), attributes::number(seen.revision));
}
