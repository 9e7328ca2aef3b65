//! The audit trail of a workspace: who changed which key, when, with which request, and how.
//!
//! An entry is written in the transaction that makes the change. Changes that webhooks tell are the same item as their
//! event in the [`outbox`]. An entry is kept a year.

use aws_sdk_dynamodb::types::Put;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{
    domain::act::{Act, Actor},
    ids::{ApiKeyId, AuditEventId, EventId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        outbox::{self, Event},
        store_error::StoreError,
        transaction::Transaction,
        workspace::{View, WorkspaceReader},
    },
    time::{HOUR, Timestamp},
};

const KEPT_MILLIS: i64 = 365 * 24 * HOUR;

/// A call stops reading after this many entries.
const MOST_READ: usize = 1_000;

/// How many are read at once where a filter may leave out most.
const READ_AT_ONCE: i32 = 200;

/// What was done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString)]
pub(crate) enum Action {
    #[strum(serialize = "api_key.created")]
    Created,
    #[strum(serialize = "api_key.changed")]
    Changed,
    #[strum(serialize = "api_key.rotated")]
    Rotated,
    #[strum(serialize = "api_key.overlap_ended")]
    OverlapEnded,
    #[strum(serialize = "api_key.revoked")]
    Revoked,
    /// It was found in public, and revoked.
    #[strum(serialize = "api_key.exposed")]
    Exposed,
}

/// The values before and after, of what changed. No value is secret.
#[derive(Default)]
pub(super) struct Differences(Vec<Difference>);

struct Difference {
    field: &'static str,
    values: Values,
}

#[derive(Serialize)]
struct Values {
    from: Box<RawValue>,
    to: Box<RawValue>,
}

impl Differences {
    /// Adds the field if its value changes.
    pub(super) fn compare<T: Serialize>(
        &mut self,
        field: &'static str,
        from: T,
        to: T,
    ) -> Result<(), StoreError> {
        let json = |value| {
            let json = serde_json::value::to_raw_value(&value);
            json.map_err(|error| StoreError::because("write an audit event", &error.to_string()))
        };
        let (from, to) = (json(from)?, json(to)?);
        if from.get() != to.get() {
            let values = Values { from, to };
            self.0.push(Difference { field, values });
        }
        Ok(())
    }
}

impl Serialize for Differences {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.0.iter();
        serializer.collect_map(fields.map(|difference| (difference.field, &difference.values)))
    }
}

/// A change of a key, to be recorded.
pub(super) struct Entry<'a> {
    pub(super) at: Timestamp,
    pub(super) act: &'a Act,
    pub(super) action: Action,
    pub(super) target: &'a ApiKeyId,
    pub(super) differences: Differences,
    /// What webhooks are told.
    pub(super) event: Option<Event<'a>>,
}

/// Adds the entry to the transaction that makes the change.
pub(super) fn record<'a>(
    transaction: Transaction<'a>,
    workspace: &WorkspaceId,
    entry: &Entry<'_>,
) -> Result<Transaction<'a>, StoreError> {
    let Act {
        actor,
        source_ip,
        user_agent,
        request_id,
    } = entry.act;
    let failed =
        |error: serde_json::Error| StoreError::because("write an audit event", &error.to_string());
    let changes = serde_json::to_string(&entry.differences).map_err(failed)?;
    let event_id = EventId::new(entry.at);
    let key = attributes::key(
        &outbox::partition(workspace),
        AuditEventId::of(&event_id).as_str(),
    );
    let expires = entry.at.plus_millis(KEPT_MILLIS).as_secs_ceil();
    let mut put = Put::builder()
        .set_item(Some(key))
        .item("occurredAt", attributes::moment(entry.at))
        .item("accountId", attributes::text(workspace.as_str()))
        .item("actorType", attributes::text(actor.actor_type.into()))
        .item("actorId", attributes::text(&actor.id))
        .item("audited", attributes::text(entry.action.into()))
        .item("targetId", attributes::text(entry.target.as_str()))
        .item("changes", attributes::text(&changes))
        .item("sourceIp", attributes::text(source_ip))
        .item("requestId", attributes::text(request_id.as_str()))
        .item("expiresAt", attributes::number(expires))
        .condition_expression("attribute_not_exists(pk)");
    if let Some(user_agent) = user_agent {
        put = put.item("userAgent", attributes::text(user_agent));
    }
    if let Some(event) = &entry.event {
        put = put
            .item("id", attributes::text(event_id.as_str()))
            .item("type", attributes::text(event.event_type().as_str()))
            .item("data", attributes::text(&event.data()?));
    }
    transaction.put(put)
}

/// An entry, as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    pub id: AuditEventId,
    pub at: Timestamp,
    pub actor: Actor,
    pub action: String,
    /// The key's id.
    pub target: String,
    /// JSON: each field that changed, with its values before and after.
    pub changes: Box<RawValue>,
    pub source_ip: String,
    pub user_agent: Option<String>,
    pub request_id: String,
}

/// Which entries a list shows. Both parts combine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The id of what was changed.
    pub target: Option<String>,
    /// The id of who changed it.
    pub actor: Option<String>,
}

#[derive(Debug)]
pub struct AuditPage {
    /// The newest first.
    pub events: Vec<AuditEvent>,
    /// The entry after which the next page starts. `None` on the last page.
    pub next: Option<AuditEventId>,
}

impl WorkspaceReader {
    #[must_use]
    pub fn audit_trail(&self) -> AuditTrail<'_> {
        AuditTrail(self.view())
    }
}

#[derive(Debug)]
pub struct AuditTrail<'a>(View<'a>);

impl AuditTrail<'_> {
    /// One page of the trail. A page may hold fewer than `limit` although there are more, because a call does not read
    /// without bound.
    pub async fn list(
        &self,
        filter: &AuditFilter,
        limit: usize,
        after: Option<AuditEventId>,
    ) -> Result<AuditPage, StoreError> {
        let partition = outbox::partition(self.0.id);
        let is_asked = |item: &Item| {
            let is = |name, value: &Option<String>| match value {
                None => Ok(true),
                Some(value) => Ok::<_, StoreError>(item.text(name)? == value),
            };
            Ok::<_, StoreError>(is("targetId", &filter.target)? && is("actorId", &filter.actor)?)
        };
        let at_once = match filter {
            AuditFilter {
                target: None,
                actor: None,
            } => i32::try_from(limit + 1).unwrap_or(READ_AT_ONCE),
            _ => READ_AT_ONCE,
        };
        let (mut events, mut after, mut read) = (Vec::new(), after, 0);
        loop {
            let start = after
                .as_ref()
                .map(|id| attributes::key(&partition, id.as_str()));
            let table = self.0.table;
            let query = table
                .new_query()
                .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":pk", attributes::text(&partition))
                .expression_attribute_values(":sk", attributes::text(AuditEventId::PREFIX))
                .set_exclusive_start_key(start)
                .scan_index_forward(false)
                .consistent_read(true)
                .limit(at_once);
            let page = table.query("list audit events", query).await?;
            let mut is_last = page.last_evaluated_key.is_none();
            for item in page.items.unwrap_or_default() {
                if events.len() == limit {
                    is_last = false;
                    break;
                }
                let event = read_entry(&item)?;
                after = Some(event.id.clone());
                read += 1;
                if is_asked(&item)? {
                    events.push(event);
                }
            }
            if is_last {
                after = None;
            }
            if is_last || events.len() == limit || read >= MOST_READ {
                return Ok(AuditPage {
                    events,
                    next: after,
                });
            }
        }
    }
}

fn read_entry(item: &Item) -> Result<AuditEvent, StoreError> {
    let changes = RawValue::from_string(item.text("changes")?.to_owned());
    Ok(AuditEvent {
        id: AuditEventId::parse(item.text("sk")?).ok_or_else(|| attributes::broken("sk"))?,
        at: item.moment("occurredAt")?,
        actor: Actor {
            actor_type: item.word("actorType")?,
            id: item.text("actorId")?.to_owned(),
        },
        action: item.text("audited")?.to_owned(),
        target: item.text("targetId")?.to_owned(),
        changes: changes.map_err(|_| attributes::broken("changes"))?,
        source_ip: item.text("sourceIp")?.to_owned(),
        user_agent: item.text_if_any("userAgent")?.map(str::to_owned),
        request_id: item.text("requestId")?.to_owned(),
    })
}
