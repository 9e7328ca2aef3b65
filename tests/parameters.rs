//! The functions start with exactly the values that the template's parameters allow.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use local::lambda::{self, Instance};
use regex_lite::Regex;
use serde_json::Value;

use crate::app::{TEMPLATE, binary};

/// Values for a parameter of any kind. Each parameter allows some of them and refuses the others.
const VALUES: [&str; 47] = [
    "1",
    "9",
    "12",
    "2000",
    "99999",
    "100000",
    "999999999",
    "1000000000",
    "4294967296",
    "99999999999999999999",
    "0",
    "007",
    "-1",
    "+1",
    "2000.5",
    "2000.0",
    "1e3",
    "0x10",
    " 5",
    "5 ",
    "many",
    "٣",
    "suppuo",
    "suppuo,suppuo-cli",
    "a, b",
    " a ,b ",
    "suppuo,",
    ",suppuo",
    "a,,b",
    "a b",
    "kö",
    "https://huudis.com",
    "https://huudis.com/",
    "https://huudis.com:8443/a/b",
    "http://127.0.0.1:9400",
    "huudis.com",
    "https://",
    "https://huudis.com?a=b",
    "https://kim@huudis.com",
    "https://huudis.com:port",
    "mailto:help@example.com",
    "mailto:help@example.com?subject=API%20keys",
    "mailto:help",
    "help@example.com",
    "javascript:alert(1)",
    "https://example.com/\"><script>",
    "https://exämple.com",
];

/// The environment variables that a function checks at its start, each with the parameter that sets it.
fn read_at_start() -> BTreeMap<String, (String, Value)> {
    let template = TEMPLATE.value();
    let variables = template["Globals"]["Function"]["Environment"]["Variables"]
        .as_object()
        .unwrap();
    let read = variables.iter().filter_map(|(variable, parameter)| {
        let name = parameter.as_str().unwrap();
        let parameter = template["Parameters"].get(name)?;
        Some((variable.clone(), (name.to_owned(), parameter.clone())))
    });
    // Functions accept any name for the client's secret. It must be an ARN only where a policy names it.
    read.filter(|(variable, _)| variable != "HUUDIS_CLIENT_SECRET")
        .collect()
}

async fn starts_with(variable: &str, value: &str) -> bool {
    let always = [
        ("TABLE_NAME", "t"),
        ("AWS_REGION", "us-east-1"),
        ("SIGNING_SECRET", "s"),
    ];
    let settings = always.into_iter().chain([(variable, value)]);
    let settings: Vec<_> = settings
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let instance = Instance::start(&binary("health"), &settings, lambda::TIMEOUT)
        .await
        .unwrap();
    // A function that starts asks for an event; a function that cannot start exits.
    let started = instance.starts().await;
    if !started {
        let (_, log) = instance.ended().await.unwrap();
        assert!(
            log.iter().any(|line| line.contains(variable)),
            "{variable}={value}: {log:?}"
        );
    }
    started
}

#[tokio::test]
async fn a_function_starts_with_exactly_the_values_that_the_template_allows() {
    let parameters = read_at_start();
    assert_eq!(parameters.len(), 11);
    for (variable, (name, parameter)) in parameters {
        let pattern = parameter["AllowedPattern"].as_str();
        let pattern = pattern.unwrap_or_else(|| panic!("{name} admits anything"));
        let pattern = Regex::new(&format!("^(?:{pattern})$")).unwrap();
        assert_eq!(
            parameter["Type"], "String",
            "{name}: CloudFormation looks at no other kind's pattern"
        );
        assert!(
            pattern.is_match(parameter["Default"].as_str().unwrap()),
            "{name}"
        );
        let outcomes = VALUES.map(|value| starts_with(&variable, value));
        for (value, starts) in VALUES.iter().zip(join_all(outcomes).await) {
            assert_eq!(starts, pattern.is_match(value), "{name} = {value:?}");
        }
    }
}
