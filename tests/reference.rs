//! Checks the API reference, `openapi.yaml`, against the template, against itself, and against the responses that the
//! tests have seen.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};
use shared::{
    ExposeSecret,
    domain::{api_key::PlaintextKey, webhook_secret::WebhookSecret},
};

use crate::app::{
    ROUTES,
    reference::{self, Compiled, REFERENCE, document, escaped, operations, resolved},
    response::Response,
};

#[test]
fn the_documented_routes_are_those_of_the_template() {
    let document = document();
    let documented: BTreeSet<_> = operations(&document).into_keys().collect();
    let (paths, others): (BTreeSet<_>, BTreeSet<_>) = documented
        .into_iter()
        .partition(|(_, path)| path.starts_with('/'));
    let mut declared = BTreeSet::new();
    for route in &*ROUTES {
        match &route.endpoint {
            // The template has one route for all preflights; the reference has an operation for each path.
            Some((method, path)) if path.ends_with("+}") => {
                let (before, _) = path.split_once('{').unwrap();
                let under = paths.iter().filter(|(_, path)| path.starts_with(before));
                declared.extend(under.map(|(_, path)| (method.clone(), path.clone())));
            }
            Some(endpoint) => drop(declared.insert(endpoint.clone())),
            None => {}
        }
    }
    assert_eq!(paths, declared);
    let of = |item: &str| {
        let methods = ["GET", "OPTIONS", "POST"];
        methods.map(|method| (method.to_owned(), item.to_owned()))
    };
    let unrouted = [of("Unrouted"), of("UnroutedPublic")].concat();
    assert_eq!(others, unrouted.into_iter().collect());
}

#[test]
fn each_operation_documents_the_parameters_of_its_path() {
    let document = document();
    for ((_, path), place) in operations(&document) {
        let item = place.rsplit_once('/').unwrap().0;
        let mut described = BTreeSet::new();
        for place in [item, &place] {
            let place = format!("{place}/parameters");
            let count = document.pointer(&place).and_then(Value::as_array);
            for at in 0..count.map_or(0, Vec::len) {
                let (parameter, _) = resolved(&document, format!("{place}/{at}"));
                if parameter["in"] == "path" {
                    described.insert(parameter["name"].as_str().unwrap());
                }
            }
        }
        let parts = path.split('/').filter_map(|part| part.strip_prefix('{'));
        let named: BTreeSet<_> = parts.map(|part| part.trim_end_matches('}')).collect();
        assert_eq!(named, described, "{path}");
    }
}

/// The examples of a document, each with the JSON pointer of its schema.
fn examples(document: &Value) -> Vec<(Value, String)> {
    let mut found = Vec::new();
    let mut contents = Vec::new();
    for place in operations(document).into_values() {
        let statuses = document.pointer(&format!("{place}/responses"));
        let statuses = statuses.and_then(Value::as_object).unwrap().keys();
        let responses = statuses.map(|status| format!("{place}/responses/{status}"));
        contents.extend(responses);
        contents.push(format!("{place}/requestBody"));
    }
    contents.retain(|place| document.pointer(place).is_some());
    for place in contents {
        let (holder, place) = resolved(document, place);
        for (media_type, content) in holder["content"].as_object().into_iter().flatten() {
            if let Some(example) = content.get("example") {
                let place = format!("{place}/content/{}/schema", escaped(media_type));
                found.push((example.clone(), place));
            }
        }
    }
    found
}

/// Completes the keys and secrets in an example, which shows only their beginning: no document contains a whole key.
fn with_keys(example: Value) -> Value {
    match example {
        Value::Object(members) => {
            let filled = members.into_iter().map(|(name, value)| {
                let key = PlaintextKey::generate();
                let value = match name.as_str() {
                    "key" => key.expose_secret().into(),
                    "keyPrefix" | "previousKeyPrefix" => key.prefix().into(),
                    "secret" => WebhookSecret::generate().expose_secret().into(),
                    _ => with_keys(value),
                };
                (name, value)
            });
            Value::Object(filled.collect())
        }
        Value::Array(values) => values.into_iter().map(with_keys).collect(),
        other => other,
    }
}

#[test]
fn every_example_matches_its_schema() {
    let document = document();
    let mut compiled = Compiled::new(&document);
    let examples = examples(&document);
    assert!(examples.len() > 30, "{}", examples.len());
    for (example, place) in examples {
        let schema = compiled.schema(&place);
        let valid = compiled.validate(&with_keys(example), schema);
        valid.unwrap_or_else(|wrong| panic!("{place}: {wrong}"));
    }
}

#[test]
fn every_event_has_an_example_that_matches_its_schema() {
    let document = document();
    let mut compiled = Compiled::new(&document);
    for (name, item) in document["webhooks"].as_object().unwrap() {
        let place = format!("/webhooks/{name}/post/requestBody/content/application~1json");
        let schema = compiled.schema(&format!("{place}/schema"));
        let example = item.pointer("/post/requestBody/content/application~1json/example");
        let example = with_keys(example.unwrap().clone());
        assert_eq!(example["type"], **name);
        let valid = compiled.validate(&example, schema);
        valid.unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
    }
}

/// Validates the function's response with an empty list of keys, after these changes.
fn list_with(change: impl Fn(&mut Value, &mut Value)) -> Result<(), String> {
    let mut answer = json!({
        "statusCode": 200,
        "headers": {
            "cache-control": "no-store",
            "content-type": "application/json",
            "etag": "W/\"0123456789abcdef0123\"",
            "ratelimit": "\"caller\";r=1999;t=60",
            "ratelimit-policy": "\"caller\";q=2000;w=60",
            "strict-transport-security": "max-age=31536000",
            "x-content-type-options": "nosniff",
            "x-ratelimit-limit": "2000",
            "x-ratelimit-remaining": "1999",
            "x-ratelimit-reset": "1781146860",
            "x-request-id": "req_01k2m3n4p5q6r7s8t9v0w1x2y3",
        },
    });
    let mut body = json!({
        "data": { "apiKeys": [] },
        "error": null,
        "meta": { "requestId": "req_01k2m3n4p5q6r7s8t9v0w1x2y3", "timestamp": "2026-06-11T03:00:00.000Z" },
    });
    change(&mut answer, &mut body);
    answer["body"] = body.to_string().into();
    let operation = ("GET".to_owned(), "/api/v1/api-keys".to_owned());
    REFERENCE.validate(&operation, &Response::read(answer))
}

#[test]
fn a_response_that_differs_from_its_documentation_is_noticed() {
    assert_eq!(list_with(|_, _| {}), Ok(()));
    let wrong = |change: fn(&mut Value, &mut Value), says: &str| {
        let wrong = list_with(change).unwrap_err();
        assert!(wrong.contains(says), "{wrong}");
    };
    wrong(
        |answer, _| answer["statusCode"] = 201.into(),
        "201 is not documented",
    );
    wrong(
        |answer, _| answer["headers"]["x-new"] = "x".into(),
        "x-new is not documented",
    );
    wrong(
        |answer, _| answer["cookies"] = json!(["a=b"]),
        "a cookie is not documented",
    );
    wrong(
        |answer, _| answer["headers"]["x-ratelimit-reset"] = "-1".into(),
        "x-ratelimit-reset",
    );
    wrong(|_, body| body["data"]["total"] = 0.into(), "total");
    wrong(|_, body| body["data"] = json!({}), "apiKeys");
    wrong(|_, body| body["data"]["apiKeys"] = json!([{}]), "id");
    wrong(
        |_, body| body["meta"]["timestamp"] = "2026-13-11T03:00:00.000Z".into(),
        "timestamp",
    );
    let without_limits = |answer: &mut Value, _: &mut Value| {
        let headers = answer["headers"].as_object_mut().unwrap();
        headers.retain(|name, _| !name.contains("ratelimit"));
    };
    wrong(without_limits, "is missing");
}

/// `make test` runs this after all other tests, which record the responses that they have seen.
#[test]
#[ignore = "after all other tests"]
fn every_documented_response_was_seen() {
    let file = reference::seen_file();
    let seen = fs::read_to_string(&file).expect("the other tests have noted what they have seen");
    let seen: BTreeSet<_> = seen.lines().map(str::to_owned).collect();
    let documented = REFERENCE.documented();
    let never: Vec<_> = documented.difference(&seen).collect();
    assert!(
        never.is_empty(),
        "documented, and seen by no test: {never:#?}"
    );
    let unknown: Vec<_> = seen.difference(&documented).collect();
    assert!(
        unknown.is_empty(),
        "seen, and not documented any more: {unknown:#?}"
    );
}
