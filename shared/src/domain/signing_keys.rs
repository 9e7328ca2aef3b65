//! The keys that are derived from a deployment's signing secret.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::{domain::sealing_key::SealingKey, error::ApiError};

/// How much of a code is kept. Nobody can try 2¹²⁸ codes.
const CODE_BYTES: usize = 16;

/// One key for each purpose, so that a code for one purpose is invalid for every other.
pub struct SigningKeys {
    pub(crate) cursors: SigningKey,
    pub(crate) addresses: SigningKey,
    pub(crate) sign_ins: SigningKey,
    pub(crate) webhook_secrets: SealingKey,
}

impl SigningKeys {
    #[must_use]
    pub fn from_secret(secret: &str) -> Self {
        // The secret may have any length; the MAC's key has 32 bytes.
        let secret = SigningKey::of(&<Sha256 as sha2::Digest>::digest(secret).into());
        let key = |purpose: &str| SigningKey::of(&secret.sign(&[purpose.as_bytes()]));
        let [a, b, c, d, ..] = secret.sign(&[b"webhook secrets: id"]);
        Self {
            cursors: key("cursors"),
            addresses: key("client addresses"),
            sign_ins: key("sign-ins"),
            webhook_secrets: SealingKey::new([a, b, c, d], &secret.sign(&[b"webhook secrets"])),
        }
    }
}

/// A key of HMAC-SHA256 (RFC 2104). It has no `Debug`.
pub(crate) struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    fn of(bytes: &[u8; 32]) -> Self {
        // RFC 2104 pads a shorter key with zeros up to the hash's block.
        let mut block = [0; 64];
        block[..bytes.len()].copy_from_slice(bytes);
        Self(Hmac::new(&block.into()))
    }

    /// The code of these parts in this order. Each part is preceded by its length, so two different lists of parts
    /// never have the same code.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.mac(parts).finalize().into_bytes().into()
    }

    /// Seals `content` for one purpose. The result is base64url (RFC 4648, section 5) of
    ///
    /// ```text
    /// 16 bytes of HMAC-SHA256 over the purpose and the content │ the content, as JSON
    /// ```
    ///
    /// Its holder can read it but cannot change it.
    pub(crate) fn seal(
        &self,
        purpose: &[u8],
        content: &impl Serialize,
    ) -> Result<String, ApiError> {
        let content = serde_json::to_vec(content).map_err(ApiError::internal)?;
        let code = self.sign(&[purpose, &content]);
        Ok(BASE64URL.encode([&code[..CODE_BYTES], &content].concat()))
    }

    /// The content that [`SigningKey::seal`] sealed for this purpose. `None` if this key did not seal it.
    pub(crate) fn open<T: DeserializeOwned>(&self, purpose: &[u8], sealed: &str) -> Option<T> {
        let bytes = BASE64URL.decode(sealed).ok()?;
        let (code, content) = bytes.split_at_checked(CODE_BYTES)?;
        let is_ours = self.verify(&[purpose, content], code);
        is_ours.then(|| serde_json::from_slice(content).ok())?
    }

    /// Whether `code` is the beginning of the parts' code. Takes constant time.
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
    fn a_code_depends_on_its_secret_its_key_and_its_parts() {
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
