//! A whole event, whatever it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::request::Request;

fuzz_target!(|event: &str| {
    if let Ok(request) = Request::from_event(event) {
        let _ = (request.path_parameter("id"), request.fields().is_ok());
    }
});
