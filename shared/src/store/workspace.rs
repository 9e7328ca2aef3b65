//! The data of one workspace. Each kind of item adds a method: [`Workspace::tickets`], [`Workspace::api_keys`]… Most
//! also add one to [`WorkspaceReader`].

use std::fmt;

use crate::{
    ids::WorkspaceId,
    store::{database::Database, reads::TableReader},
};

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

    pub(super) fn view(&self) -> View<'_> {
        View {
            id: &self.id,
            table: self.database.reader(),
        }
    }

    #[must_use]
    pub fn id(&self) -> &WorkspaceId {
        &self.id
    }
}

/// What reads of a workspace start from.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) id: &'a WorkspaceId,
    pub(super) table: &'a TableReader,
}

/// The data of one workspace, to read only.
#[derive(Clone)]
pub struct WorkspaceReader {
    id: WorkspaceId,
    table: TableReader,
}

impl WorkspaceReader {
    /// What is read may be shown only to a caller that belongs to `id`: see [`crate::endpoint::read_ahead`].
    pub(crate) fn new(id: WorkspaceId, table: TableReader) -> Self {
        Self { id, table }
    }

    pub(super) fn view(&self) -> View<'_> {
        View {
            id: &self.id,
            table: &self.table,
        }
    }

    #[must_use]
    pub fn id(&self) -> &WorkspaceId {
        &self.id
    }
}

impl fmt::Debug for WorkspaceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WorkspaceReader").field(&self.id).finish()
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Workspace").field(&self.id).finish()
    }
}
