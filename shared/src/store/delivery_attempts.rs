//! Deliveries as the machine sees them: created by the fan-out, attempted, and what came of it.
//!
//! Every result is written on condition that the delivery still waits for this attempt. So of two instances that make
//! the same attempt, one writes, and nothing is counted twice.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    domain::{
        event_type::EventType,
        webhook_delivery::{Attempt, Delivery, DeliveryStatus, DueAttempt},
    },
    ids::{DeliveryId, WebhookSubscriptionId},
    store::{
        attributes::{self, Item, Read},
        conditional_update::{self, Expressions, in_transaction},
        delivery_items,
        due_deliveries::Scheduled,
        outbox::StoredEvent,
        store_error::StoreError,
        transaction::Transaction,
        webhook_items::{self, SORT, StoredSubscription},
        webhook_subscriptions::set,
        workspace::Workspace,
    },
    time::Timestamp,
};

/// What an attempt needs, each of which may be gone.
pub(crate) struct Loaded {
    pub(crate) delivery: Option<Delivery>,
    pub(crate) subscription: Option<StoredSubscription>,
    pub(crate) event: Option<StoredEvent>,
}

impl Workspace {
    pub(crate) fn delivery_attempts(&self) -> DeliveryAttempts<'_> {
        DeliveryAttempts(self)
    }
}

pub(crate) struct DeliveryAttempts<'a>(&'a Workspace);

impl DeliveryAttempts<'_> {
    /// Creates the delivery of an event to a subscription, unless it exists. Returns its first attempt.
    pub(crate) async fn create(
        &self,
        subscription: &WebhookSubscriptionId,
        event: &StoredEvent,
    ) -> Result<DueAttempt, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.0;
        let now = Timestamp::now();
        let delivery = Delivery {
            id: DeliveryId::of(subscription, &event.id),
            subscription_id: subscription.clone(),
            event_id: event.id.clone(),
            event_type: event.event_type.clone(),
            body: String::new(),
            status: DeliveryStatus::Pending,
            attempts: 0,
            next_retry_at: None,
            last_attempt_at: None,
            delivered_at: None,
            response_code: None,
            last_error: None,
            duration_ms: None,
            created_at: now,
            updated_at: now,
            attempt_log: Vec::new(),
        };
        database
            .put_new(
                "create a delivery",
                delivery_items::put_new(workspace, &delivery),
            )
            .await?;
        Ok(DueAttempt {
            account_id: workspace.clone(),
            subscription_id: subscription.clone(),
            event_id: event.id.clone(),
            attempt: 1,
        })
    }

    /// Reads the delivery, its subscription and its event, in one call.
    pub(crate) async fn load(&self, attempt: &DueAttempt) -> Result<Loaded, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.0;
        let keys = vec![
            delivery_items::key(workspace, &attempt.delivery_id()),
            webhook_items::key(workspace, &attempt.subscription_id),
            StoredEvent::key(workspace, &attempt.event_id, ""),
        ];
        let mut found: [Option<Item>; 3] = [None, None, None];
        for item in database.get_all("read a delivery", keys).await? {
            let sort = item.text("sk")?;
            let place = if sort.starts_with(DeliveryId::PREFIX) {
                0
            } else if sort.starts_with(SORT) {
                1
            } else {
                2
            };
            found[place] = Some(item);
        }
        let [delivery, subscription, mut event] = found;
        if let (Some(delivery), None) = (&delivery, &event) {
            // The message does not say the event's type. Entries of the audit trail lie elsewhere, and are rare.
            let event_type = delivery.text("eventType")?;
            if EventType::is_audited(event_type) {
                let key = StoredEvent::key(workspace, &attempt.event_id, event_type);
                event = database.get("read an event", key).await?;
            }
        }
        let event = event.as_ref().map(StoredEvent::read).transpose()?;
        Ok(Loaded {
            delivery: delivery
                .map(|delivery| delivery_items::read(&delivery, event.as_ref()))
                .transpose()?,
            subscription: subscription
                .as_ref()
                .map(StoredSubscription::read)
                .transpose()?,
            event,
        })
    }

    /// Writes what came of an attempt, which has no further one. Returns `false` if the delivery no longer waited for
    /// this attempt.
    pub(crate) async fn finish(
        &self,
        delivery: &DeliveryId,
        attempt: &Attempt,
    ) -> Result<bool, StoreError> {
        let mut write = result(attempt, attempt.status);
        if attempt.status == DeliveryStatus::Succeeded {
            set(
                &mut write,
                "deliveredAt",
                attributes::moment(ended_at(attempt)),
            );
        }
        write.remove.push("nextRetryAt".to_owned());
        match self.write(delivery, write).await? {
            Ok(_) => Ok(true),
            // If the response was lost, the SDK has sent it again.
            Err(item) => {
                let found = item.map(|item| delivery_items::read(&item, None));
                let found = found.transpose()?;
                Ok(found.is_some_and(|found| found.attempt_log.last() == Some(attempt)))
            }
        }
    }

    /// Writes that an attempt failed, and when the next one is due, in one transaction. Returns `false` if the delivery
    /// no longer waited for this attempt.
    pub(crate) async fn schedule_next(
        &self,
        delivery: &DeliveryId,
        attempt: &Attempt,
        next: &Scheduled,
    ) -> Result<bool, StoreError> {
        let mut write = result(attempt, DeliveryStatus::Pending);
        set(&mut write, "nextRetryAt", attributes::moment(next.due_at));
        self.write_with_due(delivery, write, next).await
    }

    /// Postpones an attempt that was not made. Returns `false` if the delivery no longer waits for it.
    pub(crate) async fn postpone(
        &self,
        delivery: &DeliveryId,
        next: &Scheduled,
    ) -> Result<bool, StoreError> {
        let mut write = Expressions::default();
        set(&mut write, "nextRetryAt", attributes::moment(next.due_at));
        set(
            &mut write,
            "updatedAt",
            attributes::moment(Timestamp::now()),
        );
        waits_for(&mut write, next.attempt.attempt);
        self.write_with_due(delivery, write, next).await
    }

    /// Ends a delivery without an attempt, for this reason.
    pub(crate) async fn abandon(
        &self,
        attempt: &DueAttempt,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let mut write = Expressions::default();
        set(
            &mut write,
            "deliveryStatus",
            attributes::text(DeliveryStatus::Failed.into()),
        );
        set(&mut write, "lastError", attributes::text(reason));
        set(
            &mut write,
            "updatedAt",
            attributes::moment(Timestamp::now()),
        );
        write.remove.push("nextRetryAt".to_owned());
        waits_for(&mut write, attempt.attempt);
        let written = self.write(&attempt.delivery_id(), write).await?;
        Ok(written.is_ok())
    }

    async fn write(
        &self,
        delivery: &DeliveryId,
        write: Expressions,
    ) -> Result<Result<Item, Option<Item>>, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.0;
        let key = delivery_items::key(workspace, delivery);
        conditional_update::send_until_done(database, &key, write).await
    }

    async fn write_with_due(
        &self,
        delivery: &DeliveryId,
        write: Expressions,
        next: &Scheduled,
    ) -> Result<bool, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.0;
        let key = delivery_items::key(workspace, delivery);
        let written = Transaction::new(database, "schedule a delivery")
            .update(in_transaction(key, write))?
            .put(next.put(Timestamp::now()))?
            .commit();
        Ok(written.await?.is_ok())
    }
}

/// Writes the result of an attempt into a delivery that waits for it, and adds it to the log. The delivery's status is
/// the attempt's, unless there will be another attempt.
fn result(attempt: &Attempt, status: DeliveryStatus) -> Expressions {
    let mut write = Expressions::default();
    set(
        &mut write,
        "deliveryStatus",
        attributes::text(status.into()),
    );
    set(
        &mut write,
        "attempts",
        attributes::number(attempt.attempt_number),
    );
    set(
        &mut write,
        "lastAttemptAt",
        attributes::moment(attempt.attempted_at),
    );
    set(
        &mut write,
        "updatedAt",
        attributes::moment(Timestamp::now()),
    );
    set(
        &mut write,
        "durationMs",
        attributes::number(attempt.duration_ms),
    );
    let code = attempt.response_code.map(attributes::number);
    set_or_remove(&mut write, "responseCode", code);
    let error = attempt.error.as_deref().map(attributes::text);
    set_or_remove(&mut write, "lastError", error);
    write
        .set
        .push("attemptLog = list_append(attemptLog, :entry)".to_owned());
    let entry = AttributeValue::L(vec![delivery_items::attempt(attempt)]);
    write.value(":entry".to_owned(), entry);
    waits_for(&mut write, attempt.attempt_number);
    write
}

fn set_or_remove(write: &mut Expressions, name: &str, value: Option<AttributeValue>) {
    match value {
        Some(value) => set(write, name, value),
        None => write.remove.push(name.to_owned()),
    }
}

/// On condition that the delivery waits for this attempt.
fn waits_for(write: &mut Expressions, attempt: u32) {
    write
        .conditions
        .push("deliveryStatus = :pending AND attempts = :made".to_owned());
    write.value(
        ":pending".to_owned(),
        attributes::text(DeliveryStatus::Pending.into()),
    );
    write.value(
        ":made".to_owned(),
        attributes::number(i64::from(attempt) - 1),
    );
}

fn ended_at(attempt: &Attempt) -> Timestamp {
    attempt.attempted_at.plus_millis(attempt.duration_ms)
}
