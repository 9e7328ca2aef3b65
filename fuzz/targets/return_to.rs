//! The page that a sign-in returns to: with an accepted one, a browser stays on the host.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::auth::sign_in::return_to::ReturnTo;
use url::{Position, Url};

fuzz_target!(|text: &str| {
    let Some(path) = ReturnTo::parse(text) else {
        return;
    };
    for base in [
        "https://desk.test/api/v1/auth/huudis/callback",
        "http://127.0.0.1:9000",
    ] {
        let Ok(base) = Url::parse(base) else {
            unreachable!("these are URLs")
        };
        // A browser does not follow a path that it cannot parse.
        if let Ok(url) = base.join(path.as_str()) {
            assert_eq!(url[..Position::BeforePath], base[..Position::BeforePath]);
        }
    }
});
