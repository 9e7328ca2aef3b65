//! The indexes that lists of tickets read, and the way from the old ones to the new ones.
//!
//! The old ones, `ByActivity` and `ByStatus`, hold what lists filter by. The new ones, `Inbox` and `InboxByStatus`,
//! hold whole tickets. A table gets from the old to the new ones in steps, each of which makes or deletes one index:
//! see `TicketIndexes` in `template.yaml`, and docs/operations.md, Indexes of tickets.

/// The names of the indexes that lists read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TicketIndexes {
    /// Of all tickets of a workspace.
    pub(super) all: &'static str,
    /// Of the tickets of a workspace that have the same status.
    pub(super) by_status: &'static str,
}

impl Default for TicketIndexes {
    /// Those of a new table.
    fn default() -> Self {
        Self {
            all: "Inbox",
            by_status: "InboxByStatus",
        }
    }
}

impl TicketIndexes {
    /// Those that are read in this step: an index from the step after the one that makes it, and for the last time in
    /// the step before the one that deletes it.
    pub(crate) fn of_step(step: &str) -> Self {
        let new = Self::default();
        match step {
            "0" | "1" => Self {
                all: "ByActivity",
                by_status: "ByStatus",
            },
            "2" => Self {
                by_status: "ByStatus",
                ..new
            },
            _ => new,
        }
    }
}
