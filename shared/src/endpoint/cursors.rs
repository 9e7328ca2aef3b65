//! The cursors of one workspace's lists.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    aws::signing_secret::SigningSecret,
    error::ApiError,
    http::{cursor, query::Query},
    ids::WorkspaceId,
};

/// See [`crate::http::cursor`].
pub struct Cursors {
    pub(super) workspace: WorkspaceId,
    pub(super) secret: Arc<SigningSecret>,
}

impl Cursors {
    /// # Errors
    ///
    /// `500` if the signing secret cannot be read.
    pub async fn seal(&self, content: &impl Serialize) -> Result<String, ApiError> {
        cursor::seal(&*self.secret.get().await?, &self.workspace, content)
    }

    /// The content of a cursor that was sent in the parameter `param`.
    ///
    /// # Errors
    ///
    /// `400` with `param` if it is not a cursor of this workspace; `500` if the signing secret cannot be read.
    pub async fn open<T: DeserializeOwned>(
        &self,
        param: &'static str,
        cursor: &str,
    ) -> Result<T, ApiError> {
        let open = |keys: &_| cursor::open(keys, &self.workspace, cursor);
        let content = self.secret.open(open).await?;
        let rule = "`cursor` must be one that the same list gave in this workspace.";
        content.ok_or_else(|| ApiError::invalid_field(param, rule))
    }
}

/// The content of a list's cursor: the list that it belongs to, and the position in it.
pub trait Position: DeserializeOwned {
    type Filter: Default + PartialEq;
    type After;

    /// `None` if a part is none that this list writes.
    fn parse(self) -> Option<(Self::Filter, Self::After)>;
}

impl Cursors {
    /// The list to show, and the position after which it goes on, if the query has a cursor. `asked` is the query's
    /// filter, which may be left out beside a cursor.
    ///
    /// # Errors
    ///
    /// `400` for a cursor of another list or filter; `500` if the signing secret cannot be read.
    pub async fn resume<P: Position>(
        &self,
        query: &Query,
        asked: Option<P::Filter>,
    ) -> Result<(P::Filter, Option<P::After>), ApiError> {
        let Some(cursor) = query.text("cursor")? else {
            return Ok((asked.unwrap_or_default(), None));
        };
        let wrong = |rule: &'static str| ApiError::invalid_field("cursor", rule);
        let position: P = self.open("cursor", cursor).await?;
        let position = position.parse();
        let (filter, after) =
            position.ok_or_else(|| wrong("`cursor` must be one of this list."))?;
        if asked.is_some_and(|asked| asked != filter) {
            return Err(wrong(
                "`cursor` belongs to a list with another filter. Send that one, or none.",
            ));
        }
        Ok((filter, Some(after)))
    }
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors")
    }
}
