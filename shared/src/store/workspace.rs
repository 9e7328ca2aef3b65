//! The data of one workspace. Each kind of item adds a method: [`Workspace::tickets`], [`Workspace::api_keys`]…

use std::fmt;

use crate::{ids::WorkspaceId, store::database::Database};

/// The data of one workspace. A handler can reach nothing else.
#[derive(Clone)]
pub struct Workspace {
    pub(super) id: WorkspaceId,
    pub(super) database: Database,
}

impl Workspace {
    /// `id` must be the workspace of an authenticated caller: see [`crate::auth`].
    pub(crate) fn new(id: WorkspaceId, database: Database) -> Self {
        Self { id, database }
    }

    #[must_use]
    pub fn id(&self) -> &WorkspaceId {
        &self.id
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Workspace").field(&self.id).finish()
    }
}
