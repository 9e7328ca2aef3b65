//! The answer to a batch of records or messages.

use serde::Serialize;

/// What to send again ("Reporting batch item failures", Lambda developer guide).
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchResponse {
    batch_item_failures: Vec<ItemFailure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

impl BatchResponse {
    pub(super) fn len(&self) -> usize {
        self.batch_item_failures.len()
    }

    pub(super) fn of(failed: impl IntoIterator<Item = String>) -> Self {
        let failures = failed.into_iter();
        let failures = failures.map(|item_identifier| ItemFailure { item_identifier });
        Self {
            batch_item_failures: failures.collect(),
        }
    }
}
