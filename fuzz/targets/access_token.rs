//! What is parsed of an access token before its signature is checked, which is its header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::credentials::jwt::key_id;

fuzz_target!(|token: &str| {
    // Whatever is accepted so far had three parts and named a key.
    if key_id(token).is_ok() {
        assert_eq!(token.split('.').count(), 3);
    }
});
