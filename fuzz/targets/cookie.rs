//! Cookies, and their values: a session's id, a pending sign-in.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use shared::{
    ExposeSecret,
    auth::sign_in::pending::PendingSignIn,
    domain::{session::SessionId, signing_keys::SigningKeys},
    http::{cookies::CookieName, request::Request},
    time::Timestamp,
};

static KEYS: LazyLock<SigningKeys> = LazyLock::new(|| SigningKeys::from_secret("fuzz"));

fuzz_target!(|input: (&str, &str, &str)| {
    let (host, cookies, value) = input;
    for host in [host, "api.example.test", "localhost"] {
        for name in ["__Host-suppuo_session", "suppuo_session", "suppuo_sign_in"] {
            read(host, cookies, &format!("{name}={value}"));
        }
    }
});

fn read(host: &str, cookies: &str, cookie: &str) {
    let event = json!({ "headers": { "host": host, "cookie": cookies }, "cookies": [cookie] });
    let Ok(request) = Request::from_text(&event.to_string()) else {
        unreachable!("any cookies are read")
    };
    for name in [
        CookieName::Session,
        CookieName::SignIn,
        CookieName::Language,
    ] {
        let Some(held) = request.cookie(name) else {
            continue;
        };
        assert!(!held.is_empty() && request.origin().is_some());
        if let Some(id) = SessionId::parse(held) {
            assert_eq!(id.expose_secret(), held);
        }
        // A fuzzer cannot forge the signature.
        assert!(PendingSignIn::open(&KEYS, held, Timestamp::now()).is_none());
    }
}
