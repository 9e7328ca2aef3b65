//! The workspace's own item. It exists as soon as something was created in the workspace or a user called or signed
//! in to it, and it counts what is in the workspace.

use aws_sdk_dynamodb::types::{Update, builders::UpdateBuilder};
use serde::Serialize;

use crate::{
    domain::ticket::Status,
    ids::WorkspaceId,
    store::{
        attributes::{self, Item, Read},
        reads::TableReader,
        store_error::StoreError,
    },
    time::Timestamp,
};

/// The partition of what a workspace owns, except its tickets.
pub(super) fn partition(workspace: &WorkspaceId) -> String {
    format!("ACC#{}", workspace.as_str())
}

fn key(workspace: &WorkspaceId) -> Item {
    attributes::key(&partition(workspace), "WORKSPACE")
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// All tickets ever created, which is also the number of the last one.
    pub(super) tickets: u32,
    pub(super) counts: Counts,
    pub(super) version: TicketsVersion,
}

/// Every change of any ticket of a workspace changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TicketsVersion {
    /// How many changes there were.
    pub changes: i64,
    /// When the last one was, by the clock of the instance that made it.
    pub changed_at: Option<Timestamp>,
}

/// How many tickets a workspace has with each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub open: u32,
    pub pending: u32,
    pub resolved: u32,
    pub closed: u32,
}

/// Reads the workspace's item. `None` if the workspace does not exist.
pub(super) async fn tally(
    table: &TableReader,
    workspace: &WorkspaceId,
) -> Result<Option<Tally>, StoreError> {
    let Some(item) = table.get("read a workspace", key(workspace)).await? else {
        return Ok(None);
    };
    let count = |name: &str| {
        let count = item.number_if_any(name)?.unwrap_or_default();
        u32::try_from(count).map_err(|_| attributes::broken(name))
    };
    Ok(Some(Tally {
        tickets: count("tickets")?,
        counts: Counts {
            open: count(attribute(Status::Open))?,
            pending: count(attribute(Status::Pending))?,
            resolved: count(attribute(Status::Resolved))?,
            closed: count(attribute(Status::Closed))?,
        },
        version: TicketsVersion {
            changes: item.number_if_any("ticketChanges")?.unwrap_or_default(),
            changed_at: item.moment_if_any("ticketsChangedAt")?,
        },
    }))
}

fn attribute(status: Status) -> &'static str {
    match status {
        Status::Open => "openTickets",
        Status::Pending => "pendingTickets",
        Status::Resolved => "resolvedTickets",
        Status::Closed => "closedTickets",
    }
}

/// Creates the workspace's item if it does not exist. From then on the public form takes tickets for the workspace.
pub(super) fn ensure_exists(workspace: &WorkspaceId, now: Timestamp) -> UpdateBuilder {
    Update::builder()
        .set_key(Some(key(workspace)))
        .update_expression("SET createdAt = if_not_exists(createdAt, :now)")
        .expression_attribute_values(":now", attributes::moment(now))
}

/// What a workspace may have a limited number of.
#[derive(Clone, Copy)]
pub(super) enum Counted {
    Keys,
    WebhookSubscriptions,
}

impl Counted {
    fn attribute(self) -> &'static str {
        match self {
            Self::Keys => "keyCount",
            Self::WebhookSubscriptions => "webhookCount",
        }
    }
}

/// Counts one more, on condition that there are fewer than `most`.
pub(super) fn add_one(
    workspace: &WorkspaceId,
    counted: Counted,
    most: u32,
    now: Timestamp,
) -> UpdateBuilder {
    let count = counted.attribute();
    Update::builder()
        .set_key(Some(key(workspace)))
        .update_expression(format!(
            "ADD {count} :one SET createdAt = if_not_exists(createdAt, :now)"
        ))
        .condition_expression(format!("attribute_not_exists({count}) OR {count} < :most"))
        .expression_attribute_values(":one", attributes::number(1))
        .expression_attribute_values(":now", attributes::moment(now))
        .expression_attribute_values(":most", attributes::number(most))
}

/// Counts one less, on condition that there is one.
pub(super) fn remove_one(workspace: &WorkspaceId, counted: Counted) -> UpdateBuilder {
    let count = counted.attribute();
    Update::builder()
        .set_key(Some(key(workspace)))
        .update_expression(format!("ADD {count} :minus"))
        .condition_expression(format!("{count} > :none"))
        .expression_attribute_values(":minus", attributes::number(-1))
        .expression_attribute_values(":none", attributes::number(0))
}

/// Gives the number after `last` to an open ticket, on condition that `last` is still the last one.
pub(super) fn number_ticket(workspace: &WorkspaceId, last: u32, now: Timestamp) -> UpdateBuilder {
    let update = Update::builder()
        .set_key(Some(key(workspace)))
        .update_expression(format!(
            "SET tickets = :next, createdAt = if_not_exists(createdAt, :now), ticketsChangedAt = :now \
             ADD {} :one, ticketChanges :one",
            attribute(Status::Open)
        ))
        .expression_attribute_values(":next", attributes::number(i64::from(last) + 1))
        .expression_attribute_values(":now", attributes::moment(now))
        .expression_attribute_values(":one", attributes::number(1));
    match last {
        0 => update.condition_expression("attribute_not_exists(tickets)"),
        last => update
            .condition_expression("tickets = :last")
            .expression_attribute_values(":last", attributes::number(last)),
    }
}

/// Counts the change of a ticket. If its status changes, also moves it from one status to another in the counts.
pub(super) fn count_ticket_change(
    workspace: &WorkspaceId,
    from: Status,
    to: Status,
    now: Timestamp,
) -> UpdateBuilder {
    let update = Update::builder()
        .set_key(Some(key(workspace)))
        .expression_attribute_values(":one", attributes::number(1))
        .expression_attribute_values(":now", attributes::moment(now));
    let change = "SET ticketsChangedAt = :now ADD ticketChanges :one";
    if from == to {
        return update
            .update_expression(change)
            .condition_expression("attribute_exists(pk)");
    }
    let from = attribute(from);
    update
        .update_expression(format!("{change}, {from} :minus, {} :one", attribute(to)))
        .condition_expression(format!("{from} > :none"))
        .expression_attribute_values(":minus", attributes::number(-1))
        .expression_attribute_values(":none", attributes::number(0))
}
