//! The canned replies of a workspace.
//!
//! A list has all of them, so together they must fit into one response. An item beside them holds their size; every
//! transaction that changes a canned reply updates it.

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
        database::Database,
        done_once::Keep,
        reads::Sort,
        store_error::StoreError,
        transaction::{Transaction, until_unchanged},
        workspace::{View, Workspace, WorkspaceReader},
        workspaces,
    },
    time::Timestamp,
};

/// In characters (Canned replies in openapi.yaml).
pub const MAX_TITLE: usize = 120;
/// In characters.
pub const MAX_BODY: usize = 20_000;

const SORT: &str = "CANNED#";

/// Canned replies in openapi.yaml.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CannedReply {
    pub id: CannedReplyId,
    pub account_id: WorkspaceId,
    pub title: String,
    pub body: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Workspace {
    #[must_use]
    pub fn canned_replies(&self) -> CannedReplies<'_> {
        CannedReplies(self)
    }
}

impl WorkspaceReader {
    #[must_use]
    pub fn canned_replies(&self) -> CannedReplyReader<'_> {
        CannedReplyReader(self.view())
    }
}

/// What reads canned replies and cannot change them.
#[derive(Debug)]
pub struct CannedReplyReader<'a>(View<'a>);

impl CannedReplyReader<'_> {
    /// All canned replies, sorted by title with [`sort_key`].
    pub async fn list(&self) -> Result<Vec<CannedReply>, StoreError> {
        let View { id, table } = self.0;
        let partition = workspaces::partition(id);
        let found = table
            .read_partition("list canned replies", &partition, Sort::BeginsWith(SORT))
            .await?;
        let replies = found.iter().map(|item| read(item, id));
        let mut replies: Vec<_> = replies.collect::<Result<_, _>>()?;
        // The sort is stable: replies with the same title stay in the order of their creation.
        replies.sort_by_cached_key(|reply| sort_key(&reply.title));
        Ok(replies)
    }
}

#[derive(Debug)]
pub struct CannedReplies<'a>(pub(super) &'a Workspace);

impl CannedReplies<'_> {
    /// # Errors
    ///
    /// [`StoreError::TooLarge`] if there is no room for it.
    pub async fn create(
        &self,
        title: &str,
        body: &str,
        keep: Keep<'_, CannedReply>,
    ) -> Result<CannedReply, StoreError> {
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
            .keep(&keep, &created)?
            .commit();
        match written.await? {
            Ok(()) => Ok(created),
            Err(_) => Err(StoreError::TooLarge(BoundedCollection::CannedReplies)),
        }
    }

    /// Changes the given fields and returns the canned reply. `None` if there is no such canned reply.
    ///
    /// # Errors
    ///
    /// As [`CannedReplies::create`].
    pub async fn update(
        &self,
        id: &CannedReplyId,
        title: Option<&str>,
        body: Option<&str>,
        keep: Keep<'_, CannedReply>,
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
                .keep(&keep, &after)?
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

    /// Returns `false` if there is no such canned reply.
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

/// Adds `more` bytes, which may be negative, on condition that they fit.
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
