//! Events of tickets. The transaction that changes a ticket also writes its events: exactly one for each created
//! ticket, each further message and each change of the status. The events of one ticket sort in the order in which
//! they happened.
//!
//! No code here reads them. They leave through the table's stream ("Change data capture for DynamoDB Streams", DynamoDB
//! developer guide), which can feed webhooks, a mail sender or a search index without keeping a client waiting. The
//! stream keeps a record for 24 hours. The item is kept for [`KEPT_MILLIS`], for consumers that have to read an event
//! again.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put};

use crate::{
    domain::ticket::{Message, Status, Ticket},
    ids::{EventId, WorkspaceId},
    store::{attributes, database::StoreError, transaction::Transaction, workspaces},
    time::{MINUTE, Timestamp},
};

/// A week.
const KEPT_MILLIS: i64 = 7 * 24 * 60 * MINUTE;

pub(super) enum Event<'a> {
    Created(&'a Ticket),
    Replied(&'a Message),
    StatusChanged {
        ticket: &'a Ticket,
        from: Status,
        to: Status,
    },
}

impl Event<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Created(_) => "suppuo.ticket.created.v1",
            Self::Replied(_) => "suppuo.ticket.replied.v1",
            Self::StatusChanged { .. } => "suppuo.ticket.status_changed.v1",
        }
    }

    fn data(&self) -> Vec<(&'static str, AttributeValue)> {
        match self {
            Self::Created(ticket) => vec![
                ("ticketId", attributes::text(ticket.id.as_str())),
                ("number", attributes::number(ticket.number)),
                ("subject", attributes::text(&ticket.subject)),
                ("channel", attributes::text(ticket.channel.into())),
            ],
            Self::Replied(message) => vec![
                ("ticketId", attributes::text(message.ticket_id.as_str())),
                ("messageId", attributes::text(message.id.as_str())),
                ("isInternal", attributes::flag(message.is_internal)),
                ("by", attributes::text(message.author_type.into())),
            ],
            Self::StatusChanged { ticket, from, to } => vec![
                ("ticketId", attributes::text(ticket.id.as_str())),
                ("from", attributes::text(from.into())),
                ("to", attributes::text(to.into())),
            ],
        }
    }
}

/// Adds these events, in this order, to the transaction. `at` is when they happened.
pub(super) fn record<'a>(
    mut transaction: Transaction<'a>,
    workspace: &WorkspaceId,
    at: Timestamp,
    events: &[Event<'_>],
) -> Result<Transaction<'a>, StoreError> {
    let partition = format!("{}#EVENTS", workspaces::partition(workspace));
    let mut id = EventId::new(at);
    for event in events {
        let data = event.data().into_iter();
        let data: HashMap<_, _> = data.map(|(name, value)| (name.to_owned(), value)).collect();
        let expires = at.plus_millis(KEPT_MILLIS).as_secs_ceil();
        let put = Put::builder()
            .set_item(Some(attributes::key(&partition, id.as_str())))
            .item("id", attributes::text(id.as_str()))
            .item("type", attributes::text(event.kind()))
            .item("occurredAt", attributes::moment(at))
            .item("accountId", attributes::text(workspace.as_str()))
            .item("data", AttributeValue::M(data))
            .item("expiresAt", attributes::number(expires))
            .condition_expression("attribute_not_exists(pk)");
        transaction = transaction.put(put)?;
        id = id.following();
    }
    Ok(transaction)
}
