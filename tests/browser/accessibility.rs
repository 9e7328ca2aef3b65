//! Accessibility checks with axe-core.

use serde_json::{Value, json};

use crate::{browser::Browser, visit::Visit};

/// Checks that the page in its current state breaks no rule of axe-core.
pub async fn check(visit: &Visit, browser: &Browser, what: &str) {
    let script = format!("{}\nreturn typeof axe", visit.axe());
    assert_eq!(browser.run(&script, Vec::new()).await, "object");
    let run = "
        const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations', 'incomplete'] })
            .then(found => done(found), error => done({ error: String(error) }))";
    let found = browser.run_async(run, Vec::new()).await;
    assert_eq!(found["error"], Value::Null, "{what}");
    assert!(
        found["passes"]
            .as_array()
            .is_some_and(|passes| !passes.is_empty())
    );
    let told = |violation: &Value| {
        let nodes = violation["nodes"].as_array().into_iter().flatten();
        let nodes: Vec<_> = nodes
            .map(|node| json!([node["html"], node["failureSummary"]]))
            .take(3)
            .collect();
        json!({ "rule": violation["id"], "help": violation["help"], "nodes": nodes })
    };
    let violations: Vec<_> = found["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(told)
        .collect();
    assert!(
        violations.is_empty(),
        "{what} in {}: {violations:#?}",
        visit.name
    );
}
