//! The workspace's own item: it exists once anything was created in the workspace, and counts its keys.

use aws_sdk_dynamodb::types::{Update, builders::UpdateBuilder};

use crate::{
    ids::WorkspaceId,
    store::item::{self, Item},
    time::Timestamp,
};

/// The partition of all that a workspace owns.
pub(super) fn partition(workspace: &WorkspaceId) -> String {
    format!("ACC#{}", workspace.as_str())
}

fn key(workspace: &WorkspaceId) -> Item {
    item::key(&partition(workspace), "WORKSPACE")
}

/// Counts one key more, on condition that there are fewer than `most`.
pub(super) fn count_key_in(workspace: &WorkspaceId, most: u32, now: Timestamp) -> UpdateBuilder {
    Update::builder()
        .set_key(Some(key(workspace)))
        .update_expression("ADD keyCount :one SET createdAt = if_not_exists(createdAt, :now)")
        .condition_expression("attribute_not_exists(keyCount) OR keyCount < :most")
        .expression_attribute_values(":one", item::number(1))
        .expression_attribute_values(":now", item::moment(now))
        .expression_attribute_values(":most", item::number(most))
}

/// Counts one key less.
pub(super) fn count_key_out(workspace: &WorkspaceId) -> UpdateBuilder {
    Update::builder()
        .set_key(Some(key(workspace)))
        .update_expression("ADD keyCount :minus")
        .condition_expression("keyCount > :none")
        .expression_attribute_values(":minus", item::number(-1))
        .expression_attribute_values(":none", item::number(0))
}
