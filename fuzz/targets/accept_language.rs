//! The languages that a browser says it reads.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::{
    portal::language::{Language, negotiate},
    words::Words,
};

fuzz_target!(|input: (&str, &str, &str)| {
    let (asked, remembered, accepted) = input;
    let language = negotiate(Some(asked), Some(remembered), Some(accepted));
    if let Some(asked) = Language::parse(asked) {
        assert_eq!(language, asked);
    } else if let Some(remembered) = Language::parse(remembered) {
        assert_eq!(language, remembered);
    }
});
