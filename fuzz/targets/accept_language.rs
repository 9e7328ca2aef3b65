//! Language negotiation.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::http::language::{Language, negotiate};

fuzz_target!(|input: (&str, &str, &str)| {
    let (asked, remembered, accepted) = input;
    let language = negotiate(Some(asked), Some(remembered), Some(accepted));
    // Each source is used only if those before it name no language.
    let asked_alone = negotiate(Some(asked), None, None);
    if let Ok(exact) = asked.parse() {
        assert_eq!((language, asked_alone), (exact, exact));
    }
    if asked_alone == Language::Indonesian {
        assert_eq!(language, Language::Indonesian);
    }
    assert_eq!(
        negotiate(None, None, Some(accepted)),
        negotiate(Some("?"), Some("?"), Some(accepted))
    );
});
