//! What a browser's console may hold: nothing but what a scenario provokes.

use serde_json::Value;

/// What a scenario has named.
#[derive(Default)]
pub struct Named {
    /// Texts that a message each has to contain.
    pub expected: Vec<String>,
    /// Texts that any number of messages may contain.
    pub allowed: Vec<String>,
}

/// What is in the log and not expected, or expected and not in the log. Reports of the Content-Security-Policy are
/// in the log, as errors.
pub fn compare(log: &Value, named: &Named) -> Result<(), String> {
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
