//! Bodies: from an event to every kind of field.

#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use serde_json::{json, value::RawValue};
use shared::{
    domain::ticket::Priority,
    http::{fields::Fields, json::KnownFields, request::Request},
};

static FIELD: KnownFields = KnownFields {
    required: &[],
    optional: &["f"],
};

fuzz_target!(|text: &str| {
    let listed: Vec<_> = text.split(',').collect();
    // A fuzzer seldom finds a field's name or complete JSON.
    for body in [
        text,
        &format!(r#"{{"f":{text}}}"#),
        &json!({ "f": text }).to_string(),
        &json!({ "f": listed }).to_string(),
    ] {
        read(&json!({ "body": body }));
    }
    read(&json!({ "body": text, "isBase64Encoded": true }));
    only_a_string_is_read_as_text(text);
});

/// A value is read as text only if it is a JSON string. Nothing in another value turns it into one.
fn only_a_string_is_read_as_text(text: &str) {
    let Ok(value) = serde_json::from_str::<&RawValue>(text) else {
        return;
    };
    let event = json!({ "body": format!(r#"{{"f":{text}}}"#) }).to_string();
    if let Ok(request) = Request::from_text(&event)
        && let Ok(fields) = request.fields(&FIELD)
        && (fields.line("f", 1000).is_ok() || fields.email("f").is_ok())
    {
        assert!(value.get().starts_with('"'), "{value}");
    }
}

fn read(event: &serde_json::Value) {
    if let Ok(request) = Request::from_text(&event.to_string())
        && let Ok(fields) = request.fields(&FIELD)
    {
        check(&fields);
    }
}

fn check(fields: &Fields<'_>) {
    let is_clean = |text: &str, max| {
        let is_odd = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        (1..=max).contains(&text.chars().count()) && !text.contains(is_odd)
    };
    let is_line = |text: &str, max| is_clean(text, max) && text.trim() == text;
    if let Ok(line) = fields.line("f", 120) {
        assert!(is_line(&line, 120));
        assert_eq!(fields.optional_line("f", 120).ok().flatten(), Some(line));
    }
    if let Ok(body) = fields.body("f", 1000) {
        assert!(is_clean(&body, 1000) && fields.is_filled("f"));
    }
    if let Ok(address) = fields.email("f") {
        assert!(is_line(&address, 254) && address.contains('@'), "{address}");
        assert!(!address.contains(char::is_control), "{address}");
    }
    if let Ok(labels) = fields.labels("f", 10, 40) {
        assert!(labels.len() <= 10 && labels.iter().all(|label| is_line(label, 40)));
        assert_eq!(labels.iter().collect::<HashSet<_>>().len(), labels.len());
    }
    if let Ok(Some(word)) = fields.word::<Priority>("f") {
        assert_eq!(
            fields.optional_exact("f", 10).ok().flatten().as_deref(),
            Some(word.into())
        );
    }
    if fields.flag("f").is_ok_and(|flag| flag) {
        assert!(fields.has("f") && !fields.is_filled("f"));
    }
}
