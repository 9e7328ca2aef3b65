//! The issuer's public keys (JSON Web Key Set, RFC 7517), by their `kid`.
//!
//! A set may contain keys of other types and for other uses; they are ignored. So are all keys whose `kid` occurs
//! twice, because it is ambiguous, and keys that were published with their private half, because anyone can sign with
//! them.

use std::{collections::HashMap, sync::Arc};

use jsonwebtoken::{
    DecodingKey,
    jwk::{
        CommonParameters, EllipticCurve, EllipticCurveKeyParameters, KeyAlgorithm, KeyOperations,
        PublicKeyUse,
    },
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::{
    auth::{
        http_client::HttpClient,
        published_keys::{PublishedKeys, by_id},
    },
    http::json::TextOrElse,
};

/// The keys of the issuer.
pub(crate) type Jwks = PublishedKeys<DecodingKey>;

pub(crate) fn jwks(url: String, http: Arc<HttpClient>) -> Jwks {
    PublishedKeys::new(url, http, "fetch the issuer's keys", usable_keys)
}

#[derive(Deserialize)]
struct KeySet<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// What `Jwk` does not read: the `kid` of an entry that is not a key, and whether the private half is present.
#[derive(Deserialize)]
struct Entry {
    kid: TextOrElse,
    #[serde(default)]
    d: Option<IgnoredAny>,
}

/// The ES256 keys of a set, by `kid`; `None` if it is not a set.
fn usable_keys(set: &[u8]) -> Option<HashMap<String, DecodingKey>> {
    let set: KeySet<'_> = serde_json::from_slice(set).ok()?;
    let entries = set.keys.iter().filter_map(|key| {
        let entry: Entry = serde_json::from_str(key.get()).ok()?;
        Some((entry.kid.into_text()?, entry.d, key.get()))
    });
    let keys = entries.map(|(kid, private, key)| {
        let key = private.is_none().then(|| decoding_key(key));
        (kid, key.flatten())
    });
    Some(by_id(keys.collect()))
}

/// The key of an entry, if it is for ES256 (RFC 7517 section 4, RFC 7518 section 6.2). Whether the point is on the
/// curve is checked with each signature.
///
/// The two parts of `Jwk` that are needed are read separately, because a whole `Jwk` brings code for keys of every
/// type: docs/decisions/0026-jwk-and-not-validation.md.
fn decoding_key(entry: &str) -> Option<DecodingKey> {
    let key: EllipticCurveKeyParameters = serde_json::from_str(entry).ok()?;
    let common: CommonParameters = serde_json::from_str(entry).ok()?;
    let may_verify = |operations: Vec<_>| operations.contains(&KeyOperations::Verify);
    let is_usable = key.curve == EllipticCurve::P256
        && matches!(common.key_algorithm, None | Some(KeyAlgorithm::ES256))
        && matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
        && common.key_operations.is_none_or(may_verify);
    is_usable.then(|| DecodingKey::from_ec_components(&key.x, &key.y).ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The coordinates need not be a point of P-256: that is checked with a signature.
    fn key(changes: Value) -> Value {
        let coordinate = "A".repeat(43);
        let mut key =
            json!({ "kty": "EC", "crv": "P-256", "kid": "a", "x": coordinate, "y": coordinate });
        for (name, value) in changes.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    }

    fn kids(keys: Value) -> Vec<String> {
        let keys = usable_keys(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        let mut kids: Vec<_> = keys.into_keys().collect();
        kids.sort();
        kids
    }

    #[test]
    fn an_es256_key_is_usable() {
        let common =
            json!({ "alg": "ES256", "use": "sig", "key_ops": ["verify"], "x5t": "?", "b": null });
        assert_eq!(
            kids(json!([
                key(json!({})),
                key(json!({ "kid": "b" })),
                key(common)
            ])),
            ["b"]
        );
        assert_eq!(
            kids(json!([key(json!({ "alg": "ES256", "use": "sig" }))])),
            ["a"]
        );
    }

    #[test]
    fn any_other_key_is_ignored() {
        for other in [
            json!({ "kty": "RSA" }),
            json!({ "kty": "oct", "k": "AAAA" }),
            json!({ "crv": "P-384" }),
            json!({ "alg": "HS256" }),
            json!({ "use": "enc" }),
            json!({ "key_ops": ["sign"] }),
            json!({ "d": "AAAA" }),
            json!({ "x": 7 }),
            json!({ "kid": null }),
            json!({ "y": "not base64url!" }),
        ] {
            let good = key(json!({ "kid": "good" }));
            assert_eq!(kids(json!([key(other.clone()), good])), ["good"], "{other}");
        }
        assert_eq!(kids(json!([7, null, "x", []])), [""; 0]);
    }

    #[test]
    fn keys_whose_kid_occurs_twice_are_ignored() {
        let same = key(json!({}));
        let b = key(json!({ "kid": "b" }));
        assert_eq!(kids(json!([same, same, b])), ["b"]);
        assert_eq!(kids(json!([same, { "kty": "RSA", "kid": "a" }, b])), ["b"]);
    }

    #[test]
    fn a_document_that_is_not_a_key_set_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys": {}}"#, "<html>"] {
            assert!(usable_keys(text.as_bytes()).is_none(), "{text}");
        }
    }
}
