//! The tags of a workspace: for each one that a ticket has, an item that counts those tickets. It comes with the
//! first and goes with the last, in the transaction that changes the ticket, so that the list of tags is what is in use.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Delete, Update};
use futures_util::future::try_join_all;

use crate::{
    ids::WorkspaceId,
    store::{
        attributes::{self, Item, Read},
        bounded_collection::BoundedCollection,
        database::{Database, StoreError},
        reads::Sort,
        transaction::Transaction,
        workspaces,
    },
};

const SORT: &str = "TAG#";

fn key(workspace: &WorkspaceId, tag: &str) -> Item {
    attributes::key(&workspaces::partition(workspace), &format!("{SORT}{tag}"))
}

/// All of them, sorted by their characters' code points; [`StoreError::Full`] where they do not fit into an answer. That
/// takes tens of thousands, which one by one is not worth preventing: the tickets lose nothing by it.
pub(super) async fn all(
    database: &Database,
    workspace: &WorkspaceId,
) -> Result<Vec<String>, StoreError> {
    let partition = workspaces::partition(workspace);
    let (mut tags, mut bytes) = (Vec::new(), 0);
    let take = |page: Vec<Item>| {
        for item in page {
            let tag = item.text("sk")?.strip_prefix(SORT);
            let tag = tag.ok_or_else(|| attributes::broken("sk"))?;
            bytes += BoundedCollection::bytes_of(&tag);
            tags.push(tag.to_owned());
        }
        match bytes {
            ..=BoundedCollection::MAX_BYTES => Ok(()),
            _ => Err(StoreError::TooLarge(BoundedCollection::Tags)),
        }
    };
    let of_tags = Sort::BeginsWith(SORT);
    database
        .read_pages("list tags", &partition, of_tags, take)
        .await?;
    Ok(tags)
}

/// How many tickets have each of these tags. 1 request and 1 unit for each tag, at the same time.
pub(super) async fn uses<'a>(
    database: &Database,
    workspace: &WorkspaceId,
    tags: BTreeSet<&'a str>,
) -> Result<Vec<(&'a str, i64)>, StoreError> {
    let uses = tags.into_iter().map(|tag| async move {
        let item = database.get("read a tag", key(workspace, tag)).await?;
        let tickets = item.map(|item| item.number("tickets")).transpose()?;
        Ok((tag, tickets.unwrap_or_default()))
    });
    try_join_all(uses).await
}

/// Counts a ticket in for each of these tags.
pub(super) fn count_in<'a>(
    mut transaction: Transaction<'a>,
    workspace: &WorkspaceId,
    tags: BTreeSet<&str>,
) -> Result<Transaction<'a>, StoreError> {
    for tag in tags {
        let one_more = Update::builder()
            .set_key(Some(key(workspace, tag)))
            .update_expression("ADD tickets :one")
            .expression_attribute_values(":one", attributes::number(1));
        transaction = transaction.update(one_more)?;
    }
    Ok(transaction)
}

/// Counts a ticket out for each of these tags, which had so many uses when they were read. None at all means that the
/// ticket has lost the tag since it was read itself, and makes the transaction fail, as any change in between does.
pub(super) fn count_out<'a>(
    mut transaction: Transaction<'a>,
    workspace: &WorkspaceId,
    uses: &[(&str, i64)],
) -> Result<Transaction<'a>, StoreError> {
    for (tag, tickets) in uses {
        transaction = if *tickets > 1 {
            let one_less = Update::builder()
                .set_key(Some(key(workspace, tag)))
                .update_expression("ADD tickets :minus")
                .condition_expression("tickets > :one")
                .expression_attribute_values(":minus", attributes::number(-1))
                .expression_attribute_values(":one", attributes::number(1));
            transaction.update(one_less)?
        } else {
            let last = Delete::builder()
                .set_key(Some(key(workspace, tag)))
                .condition_expression("tickets = :one")
                .expression_attribute_values(":one", attributes::number(1));
            transaction.delete(last)?
        };
    }
    Ok(transaction)
}
