//! The one secret of a deployment, and the keys that are derived from it.
//!
//! `template.yaml` has Secrets Manager make it up, so that no person ever sees it; the table never holds it.
//! An instance reads it once, when something first needs a key: a client address to hash, a cursor to seal.
//! A secret that changes under running instances makes cursors invalid (`400`) and counts addresses
//! anew; nothing else depends on it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::OnceCell;

use crate::{
    aws::{self, Connection},
    config::Config,
    error::{ApiError, Cause},
};

/// Less than this is no secret that anybody made with care.
const SHORTEST_SECRET: usize = 32;

/// Where the secret is, and the keys once it was read.
pub(crate) struct SigningSecret {
    connection: Connection,
    endpoint: Option<String>,
    id: String,
    keys: OnceCell<SigningKeys>,
}

impl SigningSecret {
    pub(crate) fn new(connection: &Connection, config: &Config) -> Self {
        Self {
            connection: connection.clone(),
            endpoint: config.secrets_manager.clone(),
            id: config.signing_secret.clone(),
            keys: OnceCell::new(),
        }
    }

    /// The keys; the first time, Secrets Manager is asked.
    ///
    /// # Errors
    ///
    /// `500` where it does not answer, or with no usable secret. The next call asks again.
    pub(crate) async fn keys(&self) -> Result<&SigningKeys, ApiError> {
        self.keys.get_or_try_init(|| self.read()).await
    }

    async fn read(&self) -> Result<SigningKeys, ApiError> {
        const ATTEMPTED: &str = "read the signing secret";
        let client = aws::secrets_manager(&self.connection, self.endpoint.as_deref());
        let read = client.get_secret_value().secret_id(&self.id).send().await;
        let read = read.map_err(|e| ApiError::internal(Cause::of_service(ATTEMPTED, &e)))?;
        match read.secret_string() {
            Some(secret) if secret.len() >= SHORTEST_SECRET => Ok(SigningKeys::from_secret(secret)),
            _ => {
                let what = "it is no text of 32 characters or more";
                Err(ApiError::internal(Cause::of(ATTEMPTED, what)))
            }
        }
    }
}

/// A key for each purpose, so that what is signed for one is nothing for another.
pub struct SigningKeys {
    pub(crate) cursors: SigningKey,
    pub(crate) addresses: SigningKey,
}

impl SigningKeys {
    /// Derives the keys.
    #[must_use]
    pub fn from_secret(secret: &str) -> Self {
        // A hash of the secret stands for it, because a MAC's key has a length.
        let secret = SigningKey::of(&<Sha256 as sha2::Digest>::digest(secret).into());
        let key = |purpose: &str| SigningKey::of(&secret.sign(&[purpose.as_bytes()]));
        Self {
            cursors: key("cursors"),
            addresses: key("client addresses"),
        }
    }
}

/// A key of HMAC-SHA256 (RFC 2104). It has no `Debug`.
pub(crate) struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    fn of(bytes: &[u8; 32]) -> Self {
        // Zeros up to the hash's block, which is what RFC 2104 does to a shorter key.
        let mut block = [0; 64];
        block[..bytes.len()].copy_from_slice(bytes);
        Self(Hmac::new(&block.into()))
    }

    /// The code of these parts in this order. Each is preceded by its length, so that no two lists of parts are one.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.mac(parts).finalize().into_bytes().into()
    }

    /// Whether `code` is the beginning of the parts' code. Takes as long for a wrong one as for the right one.
    pub(crate) fn verify(&self, parts: &[&[u8]], code: &[u8]) -> bool {
        self.mac(parts).verify_truncated_left(code).is_ok()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_of_its_key_its_purpose_and_its_parts() {
        let keys = SigningKeys::from_secret("one");
        let code = keys.cursors.sign(&[b"ab", b"c"]);
        assert!(keys.cursors.verify(&[b"ab", b"c"], &code[..16]));
        assert!(!keys.cursors.verify(&[b"a", b"bc"], &code[..16]));
        assert!(!keys.addresses.verify(&[b"ab", b"c"], &code[..16]));
        assert!(!keys.cursors.verify(&[b"ab", b"c"], &[]));
        let other = SigningKeys::from_secret("other");
        assert!(!other.cursors.verify(&[b"ab", b"c"], &code));
    }
}
