//! A key that signs: tokens, and reports of secret scanning.

use std::{fs, io::ErrorKind, path::Path};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64URL},
};
use p256::{
    ecdsa::{DerSignature, Signature, SigningKey, signature::Signer},
    elliptic_curve::rand_core::OsRng,
};
use serde_json::{Value, json};

use crate::Error;

/// A P-256 key.
#[derive(Clone)]
pub struct Key(SigningKey);

impl Key {
    #[must_use]
    pub fn generate() -> Self {
        Self(SigningKey::random(&mut OsRng))
    }

    /// The key in `file`. If the file does not exist, it is created with a new key.
    pub fn kept_in(file: &Path) -> Result<Self, Error> {
        match fs::read(file) {
            Ok(bytes) => Ok(Self(SigningKey::from_slice(&bytes)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = Self::generate();
                fs::write(file, key.0.to_bytes())?;
                Ok(key)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The public half as a JSON Web Key (RFC 7518 section 6.2.1).
    #[must_use]
    pub fn jwk(&self, kid: &str) -> Value {
        let point = self.0.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<_>| bytes.map(|bytes: &_| BASE64URL.encode::<&_>(bytes));
        let (x, y) = (coordinate(point.x()), coordinate(point.y()));
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y })
    }

    /// Signs a token with any header and claims (RFC 7515 section 3.1).
    #[must_use]
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature: Signature = self.0.sign(message.as_bytes());
        format!("{message}.{}", BASE64URL.encode(signature.to_bytes()))
    }

    /// The public half as a PEM text (RFC 5480 section 2, RFC 7468 section 13).
    #[must_use]
    pub fn pem(&self) -> String {
        let point = self.0.verifying_key().to_encoded_point(false);
        let info = BASE64_STANDARD.encode([&BEFORE_POINT, point.as_bytes()].concat());
        let (first, second) = info.split_at(64);
        format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
    }

    /// The signature of these bytes, in DER and base64.
    #[must_use]
    pub fn sign_bytes(&self, bytes: &[u8]) -> String {
        let signature: DerSignature = self.0.sign(bytes);
        BASE64_STANDARD.encode(signature.as_bytes())
    }
}

/// What comes before the point in a public key of P-256: its algorithm, its curve, and the head of a bit string.
const BEFORE_POINT: [u8; 26] =
    *b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\
                                  \x03\x01\x07\x03\x42\x00";

fn encoded(part: &Value) -> String {
    BASE64URL.encode(part.to_string())
}
