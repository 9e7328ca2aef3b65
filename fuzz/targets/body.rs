//! The way of a body from an event to a field, whatever kind of field it is.

#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use serde_json::{json, value::RawValue};
use shared::{
    domain::ticket::Priority,
    http::{fields::Fields, json::Known, request::Request},
};

static FIELD: Known = Known {
    required: &[],
    optional: &["f"],
};

fuzz_target!(|text: &str| {
    let listed: Vec<_> = text.split(',').collect();
    // A fuzzer seldom finds a field's name, or JSON that is whole.
    for body in [
        text,
        &format!(r#"{{"f":{text}}}"#),
        &json!({ "f": text }).to_string(),
        &json!({ "f": listed }).to_string(),
    ] {
        read(&json!({ "body": body }));
    }
    read(&json!({ "body": text, "isBase64Encoded": true }));
    a_text_is_what_stands_between_quotes(text);
});

/// A field that holds one value is read as a text only if that value is one: nothing in it makes another type of it.
fn a_text_is_what_stands_between_quotes(text: &str) {
    let Ok(value) = serde_json::from_str::<&RawValue>(text) else {
        return;
    };
    let event = json!({ "body": format!(r#"{{"f":{text}}}"#) }).to_string();
    if let Ok(request) = Request::from_event(&event)
        && let Ok(fields) = request.fields(&FIELD)
        && (fields.line("f", 1000).is_ok() || fields.email("f").is_ok())
    {
        assert!(value.get().starts_with('"'), "{value}");
    }
}

fn read(event: &serde_json::Value) {
    if let Ok(request) = Request::from_event(&event.to_string())
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
        assert_eq!(fields.line_if_any("f", 120).ok().flatten(), Some(line));
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
            fields.exact_if_any("f", 10).ok().flatten().as_deref(),
            Some(word.into())
        );
    }
    if fields.flag("f").is_ok_and(|flag| flag) {
        assert!(fields.has("f") && !fields.is_filled("f"));
    }
}
