//! GitHub's signatures under what its secret scanning found ("Secret scanning partner program", GitHub Docs): ECDSA on
//! P-256 with SHA-256 over the body as it was sent, in DER and base64, by one of the keys that GitHub publishes.

use std::{collections::HashMap, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    auth::{
        http_client::HttpClient,
        published_keys::{PublishedKeys, by_id},
    },
    error::ApiError,
    http::request::Request,
    time::Timestamp,
};

const IDENTIFIER: &str = "Github-Public-Key-Identifier";
const SIGNATURE: &str = "Github-Public-Key-Signature";

type PublicKey = UnparsedPublicKey<Vec<u8>>;

/// The keys that GitHub publishes.
pub(crate) struct GithubKeys(PublishedKeys<PublicKey>);

impl GithubKeys {
    pub(crate) fn new(url: String, http: Arc<HttpClient>) -> Self {
        Self(PublishedKeys::new(
            url,
            http,
            "fetch GitHub's keys",
            usable_keys,
        ))
    }

    /// Returns if GitHub has signed the request's body.
    ///
    /// # Errors
    ///
    /// `400` if it has not; `500` if GitHub's keys cannot be fetched.
    pub(crate) async fn verify(&self, request: &Request, now: Timestamp) -> Result<(), ApiError> {
        let identifier = header(request, IDENTIFIER)?;
        let signature = header(request, SIGNATURE)?;
        let signature = BASE64_STANDARD.decode(signature).map_err(|_| {
            let rule = "`Github-Public-Key-Signature` must be base64.";
            ApiError::unverified(SIGNATURE, rule, "malformed_signature")
        })?;
        let key = self.0.key(identifier, now).await?.ok_or_else(|| {
            let rule = "`Github-Public-Key-Identifier` must name a key that GitHub publishes for its secret scanning.";
            ApiError::unverified(IDENTIFIER, rule, "unknown_key_identifier")
        })?;
        key.verify(request.raw_body(), &signature).map_err(|_| {
            let rule = "`Github-Public-Key-Signature` must be GitHub's signature of this body, byte by byte.";
            ApiError::unverified(SIGNATURE, rule, "wrong_signature")
        })
    }
}

fn header<'a>(request: &'a Request, name: &'static str) -> Result<&'a str, ApiError> {
    let value = request.header(&name.to_ascii_lowercase());
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        let rule = format!("The header `{name}` is required: GitHub signs what it reports.");
        ApiError::unverified(name, rule, "no_signature")
    })
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    public_keys: Vec<&'a RawValue>,
}

/// GitHub also says which key is current. A report may have been signed with an older one.
#[derive(Deserialize)]
struct Entry {
    key_identifier: String,
    key: String,
}

/// The P-256 keys of a document, by their identifiers; `None` if it is no such document. What else is in it is ignored.
fn usable_keys(document: &[u8]) -> Option<HashMap<String, PublicKey>> {
    let document: Document<'_> = serde_json::from_slice(document).ok()?;
    let entries = document.public_keys.iter();
    let entries = entries.filter_map(|entry| serde_json::from_str::<Entry>(entry.get()).ok());
    let keys = entries.map(|entry| (entry.key_identifier, public_key(&entry.key)));
    Some(by_id(keys.collect()))
}

/// What comes before the point in the DER of a `SubjectPublicKeyInfo` of P-256: `id-ecPublicKey`, `secp256r1`, and a
/// bit string of 65 bytes (RFC 5480 section 2).
const BEFORE_POINT: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The key in a PEM text. Whether its point is on the curve is checked with each signature.
fn public_key(pem: &str) -> Option<PublicKey> {
    let info = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).ok()?;
    let point = info.strip_prefix(&BEFORE_POINT)?;
    Some(UnparsedPublicKey::new(
        &ECDSA_P256_SHA256_ASN1,
        point.to_vec(),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A key that GitHub has published, and the request that its documentation shows: "Sample HTTP POST sent to verify
    /// endpoint".
    const PUBLISHED: &str = "-----BEGIN PUBLIC KEY-----\n\
                             MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n\
                             AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n\
                             -----END PUBLIC KEY-----\n";
    const BODY: &str = "[{\"source\":\"commit\",\"token\":\"some_token\",\"type\":\"some_type\",\
                        \"url\":\"https://example.com/base-repo-url/\"}]";
    const SIGNED: &str = "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/\
                          AO1RtBY66YcAdjxji410VQV4xg==";

    fn identifiers(keys: Value) -> Vec<String> {
        let document = json!({ "public_keys": keys }).to_string();
        let keys = usable_keys(document.as_bytes()).unwrap();
        let mut identifiers: Vec<_> = keys.into_keys().collect();
        identifiers.sort();
        identifiers
    }

    #[test]
    fn githubs_sample_is_verified_and_no_other_body_is() {
        let key = public_key(PUBLISHED).unwrap();
        let signature = BASE64_STANDARD.decode(SIGNED).unwrap();
        assert!(key.verify(BODY.as_bytes(), &signature).is_ok());
        for changed in [
            BODY.replace("commit", "Commit"),
            format!("{BODY}\n"),
            BODY.replace(',', ", "),
            String::new(),
        ] {
            assert!(key.verify(changed.as_bytes(), &signature).is_err());
        }
        for cut in 0..signature.len() {
            assert!(key.verify(BODY.as_bytes(), &signature[..cut]).is_err());
        }
    }

    #[test]
    fn only_p256_keys_with_an_unambiguous_identifier_are_used() {
        let entry = |id: &str, key: &str| json!({ "key_identifier": id, "key": key });
        let good = entry("good", PUBLISHED);
        let old = json!({ "key_identifier": "old", "key": PUBLISHED, "is_current": false });
        assert_eq!(identifiers(json!([good, old])), ["good", "old"]);
        let cut = PUBLISHED.replace("JFVw==", "JFV");
        let of_rsa = PUBLISHED.replace("CCqGSM49AwEH", "CCqGSM49AwEI");
        for other in [
            entry("other", ""),
            entry("other", "MFkw"),
            entry("other", &cut),
            entry("other", &PUBLISHED.replace("KoZIzj0DAQ", "KoZIzj0DAg")),
            entry("other", &PUBLISHED.replace("PUBLIC KEY", "CERTIFICATE")),
            entry("other", &of_rsa.replace("MFkw", "MFgw")),
            json!({ "key_identifier": "other" }),
            json!({ "key_identifier": 7, "key": PUBLISHED }),
            json!({ "key": PUBLISHED }),
            json!(7),
            json!(null),
        ] {
            assert_eq!(identifiers(json!([good, other])), ["good"], "{other}");
        }
        let twice = json!([good, entry("twice", PUBLISHED), entry("twice", "")]);
        assert_eq!(identifiers(twice), ["good"]);
        for no_document in ["", "[]", "{}", r#"{"public_keys": {}}"#, "<html>"] {
            assert!(usable_keys(no_document.as_bytes()).is_none());
        }
    }
}
