//! The way of a body from an event to a field: plain text, and the base64 that it may come as.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use shared::request::Request;

fuzz_target!(|input: (bool, &str)| {
    let (is_base64_encoded, body) = input;
    let event = json!({ "body": body, "isBase64Encoded": is_base64_encoded }).to_string();
    let Ok(request) = Request::from_event(&event) else {
        return;
    };
    let Ok(fields) = request.fields() else { return };
    if let Ok(name) = fields.line("name", 120) {
        assert!((1..=120).contains(&name.chars().count()) && name.trim() == name);
    }
});
