//! Paths, and ids in them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use shared::{http::request::Request, ids::ApiKeyId};

fuzz_target!(|part: &str| {
    for id in [part, &format!("{}{part}", ApiKeyId::PREFIX)] {
        let path = format!("/api/v1/api-keys/{id}");
        let event = json!({ "rawPath": path, "pathParameters": { "id": id } }).to_string();
        let Ok(request) = Request::from_text(&event) else {
            unreachable!("any path is read")
        };
        assert_eq!(request.path_parameter("id"), id);
        if let Some(read) = ApiKeyId::parse(id) {
            assert!(read.as_str() == id && id.len() == 29 && id.is_ascii());
        }
    }
});
