//! What a browser's console may hold: nothing but what a scenario provokes.

use serde_json::Value;

/// What is in the log and not expected, or expected and not in the log. Reports of the Content-Security-Policy are
/// in the log, as errors.
pub fn compare(log: &Value, expected: &[String]) -> Result<(), String> {
    let mut expected = expected.to_vec();
    let mut unexpected = Vec::new();
    for entry in log.as_array().into_iter().flatten() {
        let message = entry["message"].as_str().unwrap_or_default();
        match expected
            .iter()
            .position(|one| message.contains(one.as_str()))
        {
            Some(found) => drop(expected.swap_remove(found)),
            None => unexpected.push(entry.to_string()),
        }
    }
    if expected.is_empty() && unexpected.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the console holds {unexpected:#?} and does not hold {expected:#?}"
    ))
}
