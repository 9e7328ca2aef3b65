//! What a function says about a batch, and how it is called ("Reporting batch item failures", Lambda developer guide).

use serde_json::Value;

/// A function that takes a batch.
pub trait Invoke: Send + Sync {
    /// The function's answer, or why there is none.
    fn invoke(&self, event: Value) -> impl Future<Output = Result<Value, String>> + Send;
}

/// The identifiers of the records that failed; `None` if the answer counts as a failure of the whole batch.
pub(crate) fn failed_items(answer: &Value) -> Option<Vec<&str>> {
    match &answer["batchItemFailures"] {
        Value::Null => Some(Vec::new()),
        Value::Array(failures) => {
            let identifiers = failures.iter().map(|one| one["itemIdentifier"].as_str());
            let named = identifiers.map(|one| one.filter(|identifier| !identifier.is_empty()));
            named.collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_that_cannot_be_read_is_a_failure_of_the_whole_batch() {
        let failed = |answer: &Value| failed_items(answer).map(|all| all.len());
        for success in [
            json!(null),
            json!({}),
            json!({ "batchItemFailures": null }),
            json!({ "batchItemFailures": [] }),
        ] {
            assert_eq!(failed(&success), Some(0), "{success}");
        }
        let one = json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] });
        assert_eq!(failed_items(&one), Some(vec!["1"]));
        for failure in [
            json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }),
            json!({ "batchItemFailures": [{ "itemIdentifier": null }] }),
            json!({ "batchItemFailures": [{ "messageId": "1" }] }),
            json!({ "batchItemFailures": "1" }),
        ] {
            assert_eq!(failed(&failure), None, "{failure}");
        }
    }
}
