//! The cursors of one workspace's lists.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use crate::{aws::signing_secret::SigningSecret, error::ApiError, http::cursor, ids::WorkspaceId};

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

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors")
    }
}
