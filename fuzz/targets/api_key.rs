//! The parser of API keys: what it accepts has the documented form, and is kept unchanged.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::{ExposeSecret, domain::api_key::PlaintextKey};

fuzz_target!(|token: &str| {
    // A fuzzer does not find valid checksums, so a generated key is tried too.
    let made = PlaintextKey::generate();
    for text in [
        token,
        &format!("{}{token}", PlaintextKey::PREFIX),
        &format!("{}{token}", made.expose_secret()),
    ] {
        if let Some(key) = PlaintextKey::parse(text) {
            assert_eq!(key.expose_secret(), text);
            assert!(text.len() == 56 && key.prefix().len() == 12);
            assert!(
                text[8..]
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            );
        }
    }
});
