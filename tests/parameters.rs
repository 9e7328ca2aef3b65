//! The functions start with exactly the values that the template's parameters allow, and have the variables that they
//! read.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use local::{
    lambda::{self, Instance},
    secrets,
};
use regex_lite::Regex;

use crate::app::{ROUTES, TEMPLATE, WORKERS, binary};

/// Values for a parameter of any kind. Each parameter allows some of them and refuses the others.
const VALUES: [&str; 54] = [
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
    "http://localhost:9400/realm",
    "http://huudis.com",
    "ftp://huudis.com",
    "huudis.com",
    "https://",
    "https://huudis.com?a=b",
    "https://kim@huudis.com",
    "https://huudis.com:port",
    "https://huudis.com:65535",
    "https://huudis.com:65536",
    "https://huudis.com:0443",
    "https://.huudis.com",
    "mailto:help@example.com",
    "mailto:help@example.com?subject=API%20keys",
    "mailto:help",
    "help@example.com",
    "javascript:alert(1)",
    "https://example.com/\"><script>",
    "https://exämple.com",
];

/// Variables whose values a function does not check at its start. They name what the function uses later.
const NAMES: [&str; 6] = [
    "TABLE_NAME",
    "TICKET_INDEXES",
    "DELIVERY_QUEUE_URL",
    "FAN_OUT_FAILURES_URL",
    "SIGNING_SECRET",
    "HUUDIS_CLIENT_SECRET",
];

/// The environment variables that functions check at their start, each with the parameter that sets it and a function
/// that reads it.
fn checked_at_start() -> BTreeMap<String, (String, String)> {
    let all = ROUTES.iter().flat_map(|route| {
        let variables = route.variables.iter();
        variables.map(|(variable, parameter)| {
            let reader = (parameter.clone(), route.function.clone());
            (variable.clone(), reader)
        })
    });
    all.filter(|(variable, _)| !NAMES.contains(&variable.as_str()))
        .collect()
}

/// Whether a function starts with these settings. If not, it names the variable.
async fn starts_with(function: &str, variable: &str, value: &str) -> bool {
    let always = [
        ("TABLE_NAME", "t"),
        ("DELIVERY_QUEUE_URL", "q"),
        ("AWS_REGION", "us-east-1"),
        // Nobody listens there.
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1"),
    ];
    let settings = always.into_iter().chain([(variable, value)]);
    let settings: Vec<_> = settings
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let instance = Instance::start(&binary(function), &settings, lambda::TIMEOUT)
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
async fn a_function_has_the_variables_that_it_reads_and_no_others() {
    let checked = checked_at_start();
    for route in &*ROUTES {
        for variable in checked.keys() {
            // No parameter allows it.
            let reads = !starts_with(&route.function, variable, ",é").await;
            let has = route.variables.contains_key(variable);
            assert_eq!(reads, has, "{} and {variable}", route.function);
        }
        let needs_table = !starts_with(&route.function, "TABLE_NAME", "").await;
        let has_table = route.variables.contains_key("TABLE_NAME");
        assert_eq!(has_table, needs_table, "{}", route.function);
    }
}

/// `tests/routes.rs` and `tests/workers.rs` show that a function uses what its policies allow.
#[test]
fn a_function_has_the_names_of_what_it_may_use() {
    let secret = |name: &str| format!("secretsmanager:GetSecretValue of {name}");
    let prefixes = [
        "dynamodb:".to_owned(),
        "dynamodb:Query on an index".to_owned(),
        "sqs:SendMessage on DeliveryQueue".to_owned(),
        "sqs:SendMessage on FanOutFailures".to_owned(),
        secret(secrets::SIGNING_SECRET),
        secret(secrets::CLIENT_SECRET),
    ];
    let with_routes = ROUTES.iter();
    let with_routes = with_routes.map(|one| (&one.function, &one.variables, &one.actions));
    let workers = WORKERS.iter();
    let workers = workers.map(|one| (&one.function, &one.variables, &one.actions));
    for (function, variables, actions) in with_routes.chain(workers) {
        for (name, prefix) in NAMES.iter().zip(&prefixes) {
            let uses = actions.iter().any(|action| action.starts_with(prefix));
            assert_eq!(variables.contains_key(*name), uses, "{function} and {name}");
        }
    }
}

/// If only a parameter changes, CloudFormation publishes a new version of a function only if the version's description
/// has changed, too. Without a parameter that the function reads, a change of it would not take effect. With another
/// one, the update would fail, because Lambda publishes no version of a function that has not changed. `Tracing` is a
/// setting of every function.
#[test]
fn the_description_of_a_functions_version_has_the_parameters_that_it_reads() {
    let parameters = TEMPLATE.value()["Parameters"].as_object().unwrap();
    let named = Regex::new(r"\$\{(\w+)\}").unwrap();
    for (name, function) in TEMPLATE.value()["Resources"].as_object().unwrap() {
        if function["Type"] != "AWS::Serverless::Function" {
            continue;
        }
        let description = &function["Properties"]["VersionDescription"];
        // `!Sub` takes a text, or a list that begins with it.
        let text = description.as_str().or(description[0].as_str());
        let described: BTreeSet<_> = named
            .captures_iter(text.unwrap_or_default())
            .map(|found| found[1].to_owned())
            .collect();
        let variables = &function["Properties"]["Environment"]["Variables"];
        let variables = variables.as_object().into_iter().flatten();
        let read = variables.filter_map(|(_, value)| value.as_str());
        let read = read.filter(|value| parameters.contains_key(*value));
        let read = read.chain(["Tracing"]);
        assert_eq!(described, read.map(str::to_owned).collect(), "{name}");
    }
}

#[tokio::test]
async fn a_function_starts_with_exactly_the_values_that_the_template_allows() {
    let checked = checked_at_start();
    assert_eq!(checked.len(), 12);
    for (variable, (name, function)) in checked {
        let parameter = &TEMPLATE.value()["Parameters"][&name];
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
        let outcomes = VALUES.map(|value| starts_with(&function, &variable, value));
        for (value, starts) in VALUES.iter().zip(join_all(outcomes).await) {
            assert_eq!(starts, pattern.is_match(value), "{name} = {value:?}");
        }
    }
}
