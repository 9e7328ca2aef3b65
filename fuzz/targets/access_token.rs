//! Access tokens: the header, which is parsed before the signature is checked, and the claims, which are parsed after.

#![no_main]

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use libfuzzer_sys::fuzz_target;
use shared::{
    auth::issuer_tokens::{Registered, key_id},
    time::Timestamp,
};

fuzz_target!(|input: (&str, &str, &str)| {
    let (header, claims, rest) = input;
    // A fuzzer seldom finds valid base64.
    let [encoded_header, encoded_claims] = [header, claims].map(|part| BASE64URL.encode(part));
    for token in [rest, &format!("{encoded_header}.{encoded_claims}.{rest}")] {
        // An accepted token has three parts and names a key.
        if key_id(token).is_ok() {
            assert_eq!(token.split('.').count(), 3);
        }
    }
    if let Ok(claims) = serde_json::from_str::<Registered>(claims) {
        let ends = claims.expires_at();
        assert!((Timestamp::from_millis(0)..YEAR_10000).contains(&ends));
    }
});

const YEAR_10000: Timestamp = Timestamp::from_millis(253_402_300_800_000);
