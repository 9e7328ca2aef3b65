//! The key that signs tokens.

use std::{fs, io::ErrorKind, path::Path};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
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
}

fn encoded(part: &Value) -> String {
    BASE64URL.encode(part.to_string())
}
