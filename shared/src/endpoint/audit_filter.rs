//! Reads a filter of the audit trail from the query string, and keeps it in cursors.

use serde::{Deserialize, Serialize};

use crate::{
    endpoint::cursors::Position, error::ApiError, http::query::Query, ids::AuditEventId,
    store::audit_trail::AuditFilter,
};

/// Longer than any id, and than any `sub` that a token may have.
const MAX_ID: usize = 300;

impl AuditFilter {
    /// `None` if the query has none of the filter's parameters.
    ///
    /// # Errors
    ///
    /// `400` with `param` for a value that is too long. An id of nothing that exists is valid: it may be gone.
    pub fn read(query: &Query) -> Result<Option<Self>, ApiError> {
        let text = |name| Ok::<_, ApiError>(query.text_up_to(name, MAX_ID)?.map(str::to_owned));
        let filter = Self {
            target: text("target")?,
            actor: text("actor")?,
        };
        Ok((filter != Self::default()).then_some(filter))
    }
}

/// The content of a cursor: the list that it belongs to, and the position in it. No other list's cursor has its form.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditPosition {
    target: Option<String>,
    actor: Option<String>,
    audit_event_id: String,
}

impl AuditPosition {
    #[must_use]
    pub fn new(filter: &AuditFilter, after: &AuditEventId) -> Self {
        Self {
            target: filter.target.clone(),
            actor: filter.actor.clone(),
            audit_event_id: after.to_string(),
        }
    }
}

impl Position for AuditPosition {
    type Filter = AuditFilter;
    type After = AuditEventId;

    fn parse(self) -> Option<(AuditFilter, AuditEventId)> {
        let filter = AuditFilter {
            target: self.target,
            actor: self.actor,
        };
        Some((filter, AuditEventId::parse(&self.audit_event_id)?))
    }
}
