//! The webhook subscriptions of a workspace, as people see and change them. How their receivers are doing is in
//! [`crate::store::receiver_health`].

use std::ops::Deref;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put};

use crate::{
    domain::{
        event_type::EventPattern,
        sealing_key::SealedText,
        webhook_subscription::{Choices, MAX_SUBSCRIPTIONS, Subscription},
    },
    ids::WebhookSubscriptionId,
    store::{
        attributes::{self, Item},
        conditional_update::{self, Expressions, UpdateResult, in_transaction},
        done_once::Keep,
        reads::Sort,
        store_error::StoreError,
        transaction::{Transaction, until_unchanged},
        webhook_items::{self, SORT, StoredSubscription},
        workspace::{View, Workspace, WorkspaceReader},
        workspaces::{self, Counted},
    },
    time::Timestamp,
};

#[derive(Debug)]
pub enum SubscriptionCreation {
    Created(Subscription),
    /// The workspace already has [`MAX_SUBSCRIPTIONS`]. Nothing was done.
    WorkspaceFull,
}

/// A subscription to create. The secret is sealed for this id.
#[derive(Debug)]
pub struct NewSubscription {
    pub id: WebhookSubscriptionId,
    pub url: String,
    pub events: Vec<EventPattern>,
    pub secret: SealedText,
}

/// Fields to change; `None` leaves a field as it is.
#[derive(Debug, Default)]
pub struct SubscriptionChanges {
    pub url: Option<String>,
    pub events: Option<Vec<EventPattern>>,
    /// `true` also forgets the failures.
    pub active: Option<bool>,
}

impl Workspace {
    #[must_use]
    pub fn webhook_subscriptions(&self) -> WebhookSubscriptions<'_> {
        WebhookSubscriptions {
            workspace: self,
            reader: WebhookSubscriptionReader(self.view()),
        }
    }
}

impl WorkspaceReader {
    #[must_use]
    pub fn webhook_subscriptions(&self) -> WebhookSubscriptionReader<'_> {
        WebhookSubscriptionReader(self.view())
    }
}

/// What reads webhook subscriptions and cannot change them.
#[derive(Debug)]
pub struct WebhookSubscriptionReader<'a>(View<'a>);

impl WebhookSubscriptionReader<'_> {
    /// All subscriptions, newest first.
    pub async fn list(&self) -> Result<Vec<Subscription>, StoreError> {
        let stored = self.stored().await?.into_iter();
        stored.map(|one| Ok(one?.subscription)).collect()
    }

    /// As [`Self::list`], with what deliveries need. Each has an error of its own if it cannot be read.
    pub(crate) async fn stored(
        &self,
    ) -> Result<Vec<Result<StoredSubscription, StoreError>>, StoreError> {
        let View { id, table } = self.0;
        let partition = workspaces::partition(id);
        let found = table
            .read_partition(
                "list webhook subscriptions",
                &partition,
                Sort::BeginsWith(SORT),
            )
            .await?;
        // The newest has the greatest id.
        let read = found.iter().rev().map(StoredSubscription::read);
        Ok(read.collect())
    }

    /// `None` if the workspace has no such subscription.
    pub(crate) async fn get(
        &self,
        id: &WebhookSubscriptionId,
    ) -> Result<Option<StoredSubscription>, StoreError> {
        let found = self
            .0
            .table
            .get(
                "read a webhook subscription",
                webhook_items::key(self.0.id, id),
            )
            .await?;
        found.as_ref().map(StoredSubscription::read).transpose()
    }
}

#[derive(Debug)]
pub struct WebhookSubscriptions<'a> {
    pub(super) workspace: &'a Workspace,
    reader: WebhookSubscriptionReader<'a>,
}

impl<'a> Deref for WebhookSubscriptions<'a> {
    type Target = WebhookSubscriptionReader<'a>;

    fn deref(&self) -> &Self::Target {
        &self.reader
    }
}

impl WebhookSubscriptions<'_> {
    /// The subscription is active from now on.
    pub async fn create(
        &self,
        new: NewSubscription,
        keep: Keep<'_, Subscription>,
    ) -> Result<SubscriptionCreation, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.workspace;
        let now = Timestamp::now();
        let choices = Choices::new(new.events, now);
        let mut item = Put::builder()
            .set_item(Some(self.key(&new.id)))
            .item("endpointUrl", attributes::text(&new.url))
            .item("secret", attributes::text(new.secret.as_str()))
            .item("createdAt", attributes::moment(now))
            .item("updatedAt", attributes::moment(now))
            .item("revision", attributes::number(1))
            .condition_expression("attribute_not_exists(pk)");
        for (name, value) in webhook_items::choices(&choices) {
            item = item.item(name, value);
        }
        let count = workspaces::add_one(
            workspace,
            Counted::WebhookSubscriptions,
            MAX_SUBSCRIPTIONS,
            now,
        );
        let created = Subscription {
            id: new.id,
            url: new.url,
            events: choices.current.events,
            active: true,
            consecutive_failures: 0,
            failing_since: None,
            held_until: None,
            disabled_at: None,
            disabled_reason: None,
            created_at: now,
            updated_at: now,
        };
        let written = Transaction::new(database, "create a webhook subscription")
            .update(count)?
            .put(item)?
            .keep(&keep, &created)?
            .commit();
        match written.await? {
            Ok(()) => Ok(SubscriptionCreation::Created(created)),
            Err(failed) if failed.contains(&0) => Ok(SubscriptionCreation::WorkspaceFull),
            Err(_) => Err(StoreError::because(
                "create a webhook subscription",
                "its id is taken",
            )),
        }
    }

    /// Changes the given fields and returns the subscription. `None` if the workspace has no such subscription.
    pub async fn update(
        &self,
        id: &WebhookSubscriptionId,
        changes: &SubscriptionChanges,
        keep: Keep<'_, Subscription>,
    ) -> Result<Option<Subscription>, StoreError> {
        self.change(id, &keep, |stored| {
            let (mut write, mut after) = (Expressions::default(), stored.subscription.clone());
            let mut is_other_receiver = false;
            if let Some(url) = &changes.url {
                set(&mut write, "endpointUrl", attributes::text(url));
                is_other_receiver = *url != after.url;
                after.url.clone_from(url);
            }
            after.active = changes.active.unwrap_or(after.active);
            after.events = changes.events.clone().unwrap_or(after.events);
            let choices = stored.choices.clone();
            let choices = choices.changed(after.active, after.events.clone(), Timestamp::now());
            for (name, value) in webhook_items::choices(&choices) {
                set(&mut write, name, value);
            }
            if changes.active == Some(true) {
                write.remove.push(
                    "consecutiveFailures, failingSince, heldUntil, lastHold, disabledAt, disabledReason".to_owned(),
                );
                after = Subscription {
                    consecutive_failures: 0,
                    failing_since: None,
                    held_until: None,
                    disabled_at: None,
                    disabled_reason: None,
                    ..after
                };
            } else if is_other_receiver {
                write.remove.push("heldUntil, lastHold".to_owned());
                after.held_until = None;
            }
            Some((write, after))
        })
        .await
    }

    /// Gives it a new secret. Until `previous_until`, the one before it signs, too.
    pub async fn rotate_secret(
        &self,
        id: &WebhookSubscriptionId,
        secret: &SealedText,
        previous_until: Option<Timestamp>,
        keep: Keep<'_, Subscription>,
    ) -> Result<Option<Subscription>, StoreError> {
        self.change(id, &keep, |stored| {
            // Written by an attempt whose response was lost. Once more, it would be its own previous one.
            if stored.secret == *secret {
                return None;
            }
            let mut write = Expressions::default();
            set(&mut write, "secret", attributes::text(secret.as_str()));
            match previous_until {
                Some(until) => {
                    let previous = attributes::text(stored.secret.as_str());
                    set(&mut write, "previousSecret", previous);
                    set(&mut write, "previousSecretUntil", attributes::moment(until));
                }
                None => write
                    .remove
                    .push("previousSecret, previousSecretUntil".to_owned()),
            }
            Some((write, stored.subscription.clone()))
        })
        .await
    }

    /// Replaces sealed secrets, the current one and the previous one, by the same secrets, sealed anew. Does nothing if
    /// they have changed meanwhile.
    pub(crate) async fn reseal(
        &self,
        stored: &StoredSubscription,
        [secret, previous]: &[Option<SealedText>; 2],
    ) -> Result<(), StoreError> {
        let mut write = Expressions::default();
        for (name, sealed) in [("secret", secret), ("previousSecret", previous)] {
            if let Some(sealed) = sealed {
                set(&mut write, name, attributes::text(sealed.as_str()));
            }
        }
        // Each change of the secret changes both.
        write.conditions.push("secret = :was".to_owned());
        write.value(":was".to_owned(), attributes::text(stored.secret.as_str()));
        let key = self.key(&stored.subscription.id);
        conditional_update::send(&self.workspace.database, &key, write).await?;
        Ok(())
    }

    /// Returns `false` if the workspace has no such subscription. Nothing is sent to it any more.
    pub async fn delete(&self, id: &WebhookSubscriptionId) -> Result<bool, StoreError> {
        let Workspace {
            id: workspace,
            database,
        } = self.workspace;
        let deletion = Delete::builder()
            .set_key(Some(self.key(id)))
            .condition_expression("attribute_exists(pk)");
        let written = Transaction::new(database, "delete a webhook subscription")
            .delete(deletion)?
            .update(workspaces::remove_one(
                workspace,
                Counted::WebhookSubscriptions,
            ))?
            .commit();
        Ok(written.await?.is_ok())
    }

    /// Writes what `change` returns, on condition that nobody else has changed the subscription since it was read.
    /// `change` also returns the subscription as it will be.
    ///
    /// If a response is lost, `change` sees its own write, like anybody else's: it returns `None` if it is done, and
    /// otherwise something that can be written twice.
    async fn change(
        &self,
        id: &WebhookSubscriptionId,
        keep: &Keep<'_, Subscription>,
        change: impl Fn(&StoredSubscription) -> Option<(Expressions, Subscription)>,
    ) -> Result<Option<Subscription>, StoreError> {
        let database = &self.workspace.database;
        until_unchanged(database, async || {
            let Some(stored) = self.get(id).await? else {
                return Ok(Some(None));
            };
            let Some((mut write, changed)) = change(&stored) else {
                return Ok(Some(Some(stored.subscription)));
            };
            let now = Timestamp::now().max(stored.subscription.updated_at);
            let changed = Subscription {
                updated_at: now,
                ..changed
            };
            next_revision(&mut write, stored.revision, now);
            if keep.is_wanted() {
                let written = Transaction::new(database, "change a webhook subscription")
                    .update(in_transaction(self.key(id), write))?
                    .keep(keep, &changed)?
                    .commit();
                return Ok(written.await?.ok().map(|()| Some(changed)));
            }
            match conditional_update::send(database, &self.key(id), write).await? {
                UpdateResult::Done(item) => {
                    Ok(Some(Some(StoredSubscription::read(&item)?.subscription)))
                }
                UpdateResult::ConditionFailed(_) | UpdateResult::Contended => Ok(None),
            }
        })
        .await
    }

    pub(super) fn key(&self, id: &WebhookSubscriptionId) -> Item {
        webhook_items::key(&self.workspace.id, id)
    }
}

/// Makes the write the change after the revision that was seen, on condition that nobody else has made one.
pub(super) fn next_revision(write: &mut Expressions, seen: i64, at: Timestamp) {
    set(write, "updatedAt", attributes::moment(at));
    set(write, "revision", attributes::number(seen + 1));
    write.conditions.push("revision = :seen".to_owned());
    write.value(":seen".to_owned(), attributes::number(seen));
}

/// Sets an attribute. No name may be a word that the service reserves, as it does `url` ("Reserved words in DynamoDB",
/// DynamoDB developer guide).
pub(super) fn set(write: &mut Expressions, name: &str, value: AttributeValue) {
    write.set.push(format!("{name} = :{name}"));
    write.value(format!(":{name}"), value);
}
