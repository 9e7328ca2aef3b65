//! Collections that are read whole, and so must fit into one response.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundedCollection {
    /// All messages of a ticket.
    Thread,
    CannedReplies,
    Tags,
}

impl BoundedCollection {
    /// The largest size in bytes, as Lambda counts them: JSON inside the response's JSON. A response has at most 6 MB
    /// ("Lambda quotas"). A larger collection could be written but no longer read.
    pub(super) const MAX_BYTES: i64 = 5_500_000;

    /// The size of one element, in the same bytes.
    pub(super) fn bytes_of(element: &impl Serialize) -> i64 {
        let wire = serde_json::to_string(element).and_then(|json| serde_json::to_string(&json));
        let bytes = wire.ok().and_then(|wire| i64::try_from(wire.len()).ok());
        // An element that cannot be serialised does not fit.
        bytes.unwrap_or(Self::MAX_BYTES + 1)
    }
}
