//! The canned replies of a workspace.
//!
//! They are listed whole, so that together they must fit into one answer: an item beside them counts their bytes, in
//! every transaction that changes one.

use aws_sdk_dynamodb::types::{
    Delete, Put, Update,
    builders::{PutBuilder, UpdateBuilder},
};
use serde::Serialize;

use crate::{
    domain::text::sort_key,
    ids::{CannedReplyId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        bounded_collection::BoundedCollection,
        database::{Database, StoreError},
        reads::Sort,
        transaction::{Transaction, until_unchanged},
        workspace::Workspace,
        workspaces,
    },
    time::Timestamp,
};

/// How many characters a title has at most (contract, section 7).
pub const MAX_TITLE: usize = 120;
/// How many characters a body has at most.
pub const MAX_BODY: usize = 20_000;

const SORT: &str = "CANNED#";

/// A canned reply, as the contract shows it (section 7).
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CannedReply {
    /// Names it in the API.
    pub id: CannedReplyId,
    /// The workspace that it belongs to.
    pub account_id: WorkspaceId,
    /// What agents find it by.
    pub title: String,
    /// What it says.
    pub body: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Workspace {
    /// The workspace's canned replies.
    #[must_use]
    pub fn canned_replies(&self) -> CannedReplies<'_> {
        CannedReplies(self)
    }
}

/// The canned replies of one workspace.
#[derive(Debug)]
pub struct CannedReplies<'a>(pub(super) &'a Workspace);

impl CannedReplies<'_> {
    /// All of them, sorted by title as people sort.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table does not answer, or holds what this project did not write; so for the others.
    pub async fn list(&self) -> Result<Vec<CannedReply>, StoreError> {
        let Workspace { id, database, .. } = self.0;
        let partition = workspaces::partition(id);
        let found = database
            .read_partition("list canned replies", &partition, Sort::BeginsWith(SORT))
            .await?;
        let replies = found.iter().map(|item| read(item, id));
        let mut replies: Vec<_> = replies.collect::<Result<_, _>>()?;
        // Stable: those of one title stay in the order of their creation.
        replies.sort_by_cached_key(|reply| sort_key(&reply.title));
        Ok(replies)
    }

    /// Creates one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where there is no room, others are in the way, or the table does not answer; so for the others.
    pub async fn create(&self, title: &str, body: &str) -> Result<CannedReply, StoreError> {
        let Workspace { id, database, .. } = self.0;
        let now = Timestamp::now();
        let created = CannedReply {
            id: CannedReplyId::new(now),
            account_id: id.clone(),
            title: title.to_owned(),
            body: body.to_owned(),
            created_at: now,
            updated_at: now,
        };
        let written = Transaction::new(database, "create a canned reply")
            .update(count_bytes(id, BoundedCollection::bytes_of(&created)))?
            .put(put(&created, 1).condition_expression("attribute_not_exists(pk)"))?
            .commit();
        match written.await? {
            Ok(()) => Ok(created),
            Err(_) => Err(StoreError::TooLarge(BoundedCollection::CannedReplies)),
        }
    }

    /// Changes what is given of one, and gives it as it is then; `None` where there is none.
    ///
    /// # Errors
    ///
    /// As [`CannedReplies::create`].
    pub async fn update(
        &self,
        id: &CannedReplyId,
        title: Option<&str>,
        body: Option<&str>,
    ) -> Result<Option<CannedReply>, StoreError> {
        let Workspace {
            id: workspace,
            database,
            ..
        } = self.0;
        until_unchanged(database, async || {
            let Some((before, revision)) = stored(database, workspace, id).await? else {
                return Ok(Some(None));
            };
            let mut after = before.clone();
            after.title = title.unwrap_or(&before.title).to_owned();
            after.body = body.unwrap_or(&before.body).to_owned();
            after.updated_at = Timestamp::now().max(before.updated_at);
            let unchanged = put(&after, revision + 1)
                .condition_expression("revision = :seen")
                .expression_attribute_values(":seen", attributes::number(revision));
            let more = BoundedCollection::bytes_of(&after) - BoundedCollection::bytes_of(&before);
            let written = Transaction::new(database, "change a canned reply")
                .put(unchanged)?
                .update(count_bytes(workspace, more))?
                .commit();
            match written.await? {
                Ok(()) => Ok(Some(Some(after))),
                Err(failed) if failed == [1] => {
                    Err(StoreError::TooLarge(BoundedCollection::CannedReplies))
                }
                Err(_) => Ok(None),
            }
        })
        .await
    }

    /// Deletes one; `false` where there is none.
    ///
    /// # Errors
    ///
    /// As [`CannedReplies::create`].
    pub async fn delete(&self, id: &CannedReplyId) -> Result<bool, StoreError> {
        let Workspace {
            id: workspace,
            database,
            ..
        } = self.0;
        until_unchanged(database, async || {
            let Some((before, revision)) = stored(database, workspace, id).await? else {
                return Ok(Some(false));
            };
            let unchanged = Delete::builder()
                .set_key(Some(key(workspace, id)))
                .condition_expression("revision = :seen")
                .expression_attribute_values(":seen", attributes::number(revision));
            let written = Transaction::new(database, "delete a canned reply")
                .delete(unchanged)?
                .update(count_bytes(
                    workspace,
                    -BoundedCollection::bytes_of(&before),
                ))?
                .commit();
            Ok(written.await?.ok().map(|()| true))
        })
        .await
    }
}

fn key(workspace: &WorkspaceId, id: &CannedReplyId) -> Item {
    attributes::key(&workspaces::partition(workspace), &format!("{SORT}{id}"))
}

/// Counts so many bytes more, which may be less, on condition that there is room.
fn count_bytes(workspace: &WorkspaceId, more: i64) -> UpdateBuilder {
    let update = Update::builder()
        .set_key(Some(attributes::key(
            &workspaces::partition(workspace),
            "CANNED",
        )))
        .update_expression("ADD bytesUsed :more")
        .expression_attribute_values(":more", attributes::number(more));
    if more <= 0 {
        return update;
    }
    update
        .condition_expression("attribute_not_exists(bytesUsed) OR bytesUsed <= :room")
        .expression_attribute_values(
            ":room",
            attributes::number(BoundedCollection::MAX_BYTES - more),
        )
}

fn put(reply: &CannedReply, revision: i64) -> PutBuilder {
    Put::builder()
        .set_item(Some(key(&reply.account_id, &reply.id)))
        .item("title", attributes::text(&reply.title))
        .item("body", attributes::text(&reply.body))
        .item("createdAt", attributes::moment(reply.created_at))
        .item("updatedAt", attributes::moment(reply.updated_at))
        .item("revision", attributes::number(revision))
}

async fn stored(
    database: &Database,
    workspace: &WorkspaceId,
    id: &CannedReplyId,
) -> Result<Option<(CannedReply, i64)>, StoreError> {
    let found = database
        .get("read a canned reply", key(workspace, id))
        .await?;
    found
        .map(|item| Ok((read(&item, workspace)?, item.number("revision")?)))
        .transpose()
}

fn read(item: &Item, workspace: &WorkspaceId) -> Result<CannedReply, StoreError> {
    let id = item.text("sk")?.strip_prefix(SORT);
    Ok(CannedReply {
        id: id
            .and_then(CannedReplyId::parse)
            .ok_or_else(|| attributes::broken("sk"))?,
        account_id: workspace.clone(),
        title: item.text("title")?.to_owned(),
        body: item.text("body")?.to_owned(),
        created_at: item.moment("createdAt")?,
        updated_at: item.moment("updatedAt")?,
    })
}
