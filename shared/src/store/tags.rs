//! The tags of a workspace. Each tag is an item that counts the tickets with it. The transaction that changes a ticket
//! creates the item with the first ticket and deletes it with the last, so the list has exactly the tags in use.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Delete, Update};
use futures_util::future::try_join_all;

use crate::{
    ids::WorkspaceId,
    store::{
        attributes::{self, Item, Read},
        bounded_collection::BoundedCollection,
        reads::{Sort, TableReader},
        store_error::StoreError,
        transaction::Transaction,
        workspaces,
    },
};

const SORT: &str = "TAG#";

fn key(workspace: &WorkspaceId, tag: &str) -> Item {
    attributes::key(&workspaces::partition(workspace), &format!("{SORT}{tag}"))
}

/// All tags, sorted by their characters' code points.
///
/// # Errors
///
/// [`StoreError::TooLarge`] if they do not fit into one response. That takes tens of thousands of tags. Nothing
/// prevents so many, because tickets still work with them.
pub(super) async fn all(
    table: &TableReader,
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
    table
        .read_pages("list tags", &partition, of_tags, take)
        .await?;
    Ok(tags)
}

/// How many tickets have each of these tags. Makes a request of 1 unit for each tag, all at the same time.
pub(super) async fn uses<'a>(
    table: &TableReader,
    workspace: &WorkspaceId,
    tags: BTreeSet<&'a str>,
) -> Result<Vec<(&'a str, i64)>, StoreError> {
    let uses = tags.into_iter().map(|tag| async move {
        let item = table.get("read a tag", key(workspace, tag)).await?;
        let tickets = item.map(|item| item.number("tickets")).transpose()?;
        Ok((tag, tickets.unwrap_or_default()))
    });
    try_join_all(uses).await
}

/// Adds one use to each of these tags.
pub(super) fn add_uses<'a>(
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

/// Removes one use from each of these tags. `uses` is what was read. If a count has changed in a way that matters, the
/// transaction fails. It also fails for a count of zero: then the ticket has lost the tag since it was read.
pub(super) fn remove_uses<'a>(
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
