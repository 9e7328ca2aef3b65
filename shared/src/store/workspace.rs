//! The data of one workspace. Each kind of item adds a method: [`Workspace::tickets`], [`Workspace::api_keys`]… Most
//! also add one to [`WorkspaceReader`].

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

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
    keys_were_read: KeysWereRead,
}

/// Whether keys were read. A list of keys shows each key's last use, which the write that authenticates may change.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeysWereRead(Arc<AtomicBool>);

impl KeysWereRead {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Relaxed)
    }
}

impl WorkspaceReader {
    /// What is read may be shown only to a caller that belongs to `id`: see [`crate::endpoint::read_ahead`].
    pub(crate) fn new(id: WorkspaceId, table: TableReader, keys_were_read: &KeysWereRead) -> Self {
        Self {
            id,
            table,
            keys_were_read: keys_were_read.clone(),
        }
    }

    pub(super) fn view(&self) -> View<'_> {
        View {
            id: &self.id,
            table: &self.table,
        }
    }

    pub(super) fn view_of_keys(&self) -> View<'_> {
        self.keys_were_read.0.store(true, Relaxed);
        self.view()
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
