//! The messages in a browser's console: only those that a scenario provokes may be there.

use serde_json::Value;

/// The messages that a scenario provokes.
#[derive(Default)]
pub struct ConsoleMessages {
    /// Texts, each of which exactly one message must contain.
    pub expected: Vec<String>,
    /// Texts that any number of messages may contain.
    pub allowed: Vec<String>,
}

/// Compares the log with the messages that the scenario provokes. Violations of the Content-Security-Policy are in the
/// log, as errors.
///
/// # Errors
/// Says which message is unexpected or missing.
pub fn compare(log: &Value, named: &ConsoleMessages) -> Result<(), String> {
    let mut expected = named.expected.clone();
    let mut unexpected = Vec::new();
    for entry in log.as_array().into_iter().flatten() {
        let message = entry["message"].as_str().unwrap_or_default();
        let found = expected.iter().position(|one| message.contains(one));
        if let Some(found) = found {
            expected.swap_remove(found);
        } else if !named.allowed.iter().any(|one| message.contains(one)) {
            unexpected.push(message);
        }
    }
    if expected.is_empty() && unexpected.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the console holds {unexpected:#?} and does not hold {expected:#?}"
    ))
}
