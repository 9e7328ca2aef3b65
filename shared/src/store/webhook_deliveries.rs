//! The log of deliveries, as people see it, and attempts that they ask for.

use std::{collections::HashMap, ops::Deref};

use crate::{
    domain::webhook_delivery::{Delivery, DeliveryStatus, DueAttempt},
    ids::{DeliveryId, WebhookSubscriptionId},
    store::{
        attributes::{self, Item, Read},
        conditional_update::{Expressions, in_transaction},
        delivery_items,
        done_once::Keep,
        due_deliveries::Scheduled,
        outbox::StoredEvent,
        store_error::StoreError,
        transaction::Transaction,
        webhook_subscriptions::set,
        workspace::{View, Workspace, WorkspaceReader},
    },
    time::Timestamp,
};

/// A call stops reading after this many deliveries.
const MOST_READ: usize = 2000;

/// How many are read at once where a filter may leave out most.
const READ_AT_ONCE: i32 = 200;

/// With those that people ask for. Each is in the log of its delivery, which is one item.
pub const MOST_ATTEMPTS: u32 = 100;

/// Which deliveries a list shows. All parts combine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub subscription: Option<WebhookSubscriptionId>,
    pub status: Option<DeliveryStatus>,
    pub event_type: Option<String>,
}

#[derive(Debug)]
pub struct DeliveryPage {
    /// The newest event first.
    pub deliveries: Vec<Delivery>,
    /// The delivery after which the next page starts. `None` on the last page.
    pub next: Option<DeliveryId>,
}

#[derive(Debug)]
pub enum DeliveryRetry {
    /// With the attempt to send to the queue.
    Queued(Box<Delivery>, DueAttempt),
    /// It is pending already. Nothing was done.
    Pending,
    /// It has been attempted [`MOST_ATTEMPTS`] times. Nothing was done.
    AttemptedTooOften,
    /// It is a test, which is sent once. Nothing was done.
    Test,
    /// Its subscription is not active, or was deleted. Nothing was done.
    SubscriptionNotActive,
    NoSuchDelivery,
}

impl Workspace {
    #[must_use]
    pub fn webhook_deliveries(&self) -> WebhookDeliveries<'_> {
        WebhookDeliveries {
            workspace: self,
            reader: WebhookDeliveryReader(self.view()),
        }
    }
}

impl WorkspaceReader {
    #[must_use]
    pub fn webhook_deliveries(&self) -> WebhookDeliveryReader<'_> {
        WebhookDeliveryReader(self.view())
    }
}

/// What reads the log of deliveries and cannot add to it.
#[derive(Debug)]
pub struct WebhookDeliveryReader<'a>(View<'a>);

impl WebhookDeliveryReader<'_> {
    /// One page of the log. A page may hold fewer than `limit` although there are more, because a call does not read
    /// without bound.
    pub async fn list(
        &self,
        filter: &DeliveryFilter,
        limit: usize,
        after: Option<DeliveryId>,
    ) -> Result<DeliveryPage, StoreError> {
        let (items, next) = self.find(filter, limit, after).await?;
        let mut next = next;
        if items.len() > limit {
            let last = items.get(limit - 1).map(|item| item.text("sk"));
            next = last.transpose()?.and_then(DeliveryId::parse);
        }
        let items = &items[..items.len().min(limit)];
        Ok(DeliveryPage {
            deliveries: self.with_bodies(items).await?,
            next,
        })
    }

    /// `None` if the workspace has no such delivery.
    pub async fn get(&self, id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let View {
            id: workspace,
            table,
        } = self.0;
        let item = table
            .get("read a delivery", delivery_items::key(workspace, id))
            .await?;
        let items: Vec<_> = item.into_iter().collect();
        Ok(self.with_bodies(&items).await?.pop())
    }

    /// Items of the log, newest first, and where to go on. At least one more than `limit`, if there are more and this
    /// does not have to read too many.
    pub(super) async fn find(
        &self,
        filter: &DeliveryFilter,
        limit: usize,
        mut after: Option<DeliveryId>,
    ) -> Result<(Vec<Item>, Option<DeliveryId>), StoreError> {
        let View {
            id: workspace,
            table,
        } = self.0;
        let partition = delivery_items::partition(workspace);
        let equal = [
            (
                "subscriptionId",
                filter
                    .subscription
                    .as_ref()
                    .map(WebhookSubscriptionId::as_str),
            ),
            ("deliveryStatus", filter.status.map(Into::into)),
            ("eventType", filter.event_type.as_deref()),
        ];
        let equal: Vec<_> = equal
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let filters: Vec<_> = equal
            .iter()
            .map(|(name, _)| format!("{name} = :{name}"))
            .collect();
        let filters = (!filters.is_empty()).then(|| filters.join(" AND "));
        let at_once = match filters {
            None => i32::try_from(limit + 1).unwrap_or(READ_AT_ONCE),
            Some(_) => READ_AT_ONCE,
        };
        let (mut found, mut read) = (Vec::new(), 0);
        loop {
            let mut query = table
                .new_query()
                .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":pk", attributes::text(&partition))
                .expression_attribute_values(":sk", attributes::text(DeliveryId::PREFIX))
                .set_filter_expression(filters.clone())
                .set_exclusive_start_key(
                    after
                        .as_ref()
                        .map(|after| delivery_items::key(workspace, after)),
                )
                .scan_index_forward(false)
                .consistent_read(true)
                .limit(at_once);
            for (name, value) in &equal {
                query =
                    query.expression_attribute_values(format!(":{name}"), attributes::text(value));
            }
            let page = table.query("list deliveries", query).await?;
            read += usize::try_from(page.scanned_count).unwrap_or_default();
            found.extend(page.items.unwrap_or_default());
            let next = page
                .last_evaluated_key
                .map(|key| key.text("sk").map(DeliveryId::parse));
            after = next.transpose()?.flatten();
            let is_enough = found.len() > limit || read >= MOST_READ || !table.may_try_again();
            if after.is_none() || is_enough {
                return Ok((found, after));
            }
        }
    }

    /// The deliveries with their events' texts, which are read in one call for every hundred events.
    async fn with_bodies(&self, items: &[Item]) -> Result<Vec<Delivery>, StoreError> {
        let View {
            id: workspace,
            table,
        } = self.0;
        let mut keys = HashMap::new();
        for item in items {
            let id = delivery_items::event_id(item)?;
            let key = StoredEvent::key(workspace, &id, item.text("eventType")?);
            keys.insert(id.to_string(), key);
        }
        let mut events = HashMap::new();
        let keys: Vec<_> = keys.into_values().collect();
        for keys in keys.chunks(100) {
            for item in table.get_all("read events", keys.to_vec()).await? {
                let event = StoredEvent::read(&item)?;
                events.insert(event.id.as_str().to_owned(), event);
            }
        }
        let read = items.iter().map(|item| {
            let event = events.get(item.text("eventId")?);
            delivery_items::read(item, event)
        });
        read.collect()
    }
}

#[derive(Debug)]
pub struct WebhookDeliveries<'a> {
    pub(super) workspace: &'a Workspace,
    reader: WebhookDeliveryReader<'a>,
}

impl<'a> Deref for WebhookDeliveries<'a> {
    type Target = WebhookDeliveryReader<'a>;

    fn deref(&self) -> &Self::Target {
        &self.reader
    }
}

impl WebhookDeliveries<'_> {
    /// Makes a delivery pending once more. The caller sends its attempt to the queue.
    pub async fn retry(
        &self,
        id: &DeliveryId,
        keep: Keep<'_, Delivery>,
    ) -> Result<DeliveryRetry, StoreError> {
        let Some(delivery) = self.get(id).await? else {
            return Ok(DeliveryRetry::NoSuchDelivery);
        };
        if delivery.status == DeliveryStatus::Pending {
            return Ok(DeliveryRetry::Pending);
        }
        if delivery.is_test() {
            return Ok(DeliveryRetry::Test);
        }
        if delivery.attempts >= MOST_ATTEMPTS {
            return Ok(DeliveryRetry::AttemptedTooOften);
        }
        let subscription = self
            .workspace
            .webhook_subscriptions()
            .get(&delivery.subscription_id)
            .await?;
        if !subscription.is_some_and(|stored| stored.subscription.active) {
            return Ok(DeliveryRetry::SubscriptionNotActive);
        }
        Ok(match self.queue(delivery, Some(&keep)).await? {
            Some((delivery, attempt)) => DeliveryRetry::Queued(Box::new(delivery), attempt),
            // Another request made it pending between the read and the write.
            None => DeliveryRetry::Pending,
        })
    }

    /// Writes a test, which was sent already.
    pub(crate) async fn record_test(
        &self,
        event: &StoredEvent,
        delivery: &Delivery,
        keep: &Keep<'_, Delivery>,
    ) -> Result<(), StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.workspace;
        let written = Transaction::new(database, "write a test delivery")
            .put(event.put(workspace))?
            .put(delivery_items::put_new(workspace, delivery))?
            .keep(keep, delivery)?
            .commit();
        match written.await? {
            Ok(()) => Ok(()),
            Err(_) => Err(StoreError::because(
                "write a test delivery",
                "its id is taken",
            )),
        }
    }

    /// `None` if it is pending already.
    pub(super) async fn queue(
        &self,
        delivery: Delivery,
        keep: Option<&Keep<'_, Delivery>>,
    ) -> Result<Option<(Delivery, DueAttempt)>, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.workspace;
        let now = Timestamp::now();
        let next = Scheduled {
            attempt: DueAttempt {
                account_id: workspace.clone(),
                subscription_id: delivery.subscription_id.clone(),
                event_id: delivery.event_id.clone(),
                attempt: delivery.attempts + 1,
            },
            due_at: now,
        };
        let mut write = Expressions::default();
        set(
            &mut write,
            "deliveryStatus",
            attributes::text(DeliveryStatus::Pending.into()),
        );
        set(&mut write, "nextRetryAt", attributes::moment(now));
        set(&mut write, "updatedAt", attributes::moment(now));
        write
            .conditions
            .push("deliveryStatus <> :deliveryStatus AND attempts = :made".to_owned());
        write.value(":made".to_owned(), attributes::number(delivery.attempts));
        let key = delivery_items::key(workspace, &delivery.id);
        let queued = Delivery {
            status: DeliveryStatus::Pending,
            next_retry_at: Some(now),
            updated_at: now,
            ..delivery
        };
        let mut transaction = Transaction::new(database, "send a delivery again")
            .update(in_transaction(key, write))?
            .put(next.put(now))?;
        if let Some(keep) = keep {
            transaction = transaction.keep(keep, &queued)?;
        }
        Ok(transaction
            .commit()
            .await?
            .ok()
            .map(|()| (queued, next.attempt)))
    }
}
