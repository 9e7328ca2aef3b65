//! Collections that are read whole, and so must fit into one answer.

use serde::Serialize;

/// A collection that is read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundedCollection {
    /// The messages of a ticket.
    Thread,
    /// The canned replies of a workspace.
    CannedReplies,
    /// The tags of a workspace.
    Tags,
}

impl BoundedCollection {
    /// How many bytes it may come to, as Lambda counts them: JSON, in the response's JSON. A response is at most 6 MB
    /// ("Lambda quotas"), and what could still be written to and no longer be read would be lost.
    pub(super) const MAX_BYTES: i64 = 5_500_000;

    /// How many of these bytes a part of it takes.
    pub(super) fn bytes_of(part: &impl Serialize) -> i64 {
        let wire = serde_json::to_string(part).and_then(|json| serde_json::to_string(&json));
        let bytes = wire.ok().and_then(|wire| i64::try_from(wire.len()).ok());
        // What cannot be written does not fit.
        bytes.unwrap_or(Self::MAX_BYTES + 1)
    }
}
