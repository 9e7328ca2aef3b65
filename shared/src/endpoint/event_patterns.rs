//! Reads the patterns of a webhook subscription from a body.

use crate::{domain::event_type::EventPattern, error::ApiError, http::fields::Fields};

/// The most patterns of a subscription (Webhooks in openapi.yaml).
const MOST: usize = 20;

impl Fields<'_> {
    /// The field `events`: 1 to [`MOST`] different patterns. `None` if it is missing.
    ///
    /// # Errors
    ///
    /// `400` with `param` for anything else, and for a pattern that matches no type.
    pub fn event_patterns(&self) -> Result<Option<Vec<EventPattern>>, ApiError> {
        let refused = |rule| ApiError::invalid_field("events", rule);
        let read = |text: &str| {
            EventPattern::parse(text).ok_or_else(|| {
                refused(
                    "Each of `events` must be `*`, a type of event, or the beginning of types up to a dot and `*`, \
                     such as `suppuo.ticket.*`. `GET /api/v1/webhook-subscriptions/event-types` lists the types.",
                )
            })
        };
        let patterns = self.optional("events", |fields| fields.list("events", MOST, read))?;
        if patterns.as_ref().is_some_and(Vec::is_empty) {
            return Err(refused("`events` must have at least one entry."));
        }
        Ok(patterns)
    }
}
