//! The headers of an event, and the `Authorization` header among them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use shared::{credentials::bearer::Authorization, request::Request};

fuzz_target!(|input: (&str, &str)| {
    let (name, value) = input;
    let event =
        json!({ "headers": { name: value, "host": value, "Authorization": value } }).to_string();
    assert!(Request::from_event(&event).is_ok());
    match Authorization::of(Some(value)) {
        Ok(Authorization::ApiKey(token) | Authorization::AccessToken(token)) => {
            assert!(
                !token.is_empty() && !token.contains(char::is_whitespace) && value.contains(token)
            );
        }
        Ok(Authorization::Absent) => unreachable!("there is a header"),
        Err(_) => {}
    }
});
