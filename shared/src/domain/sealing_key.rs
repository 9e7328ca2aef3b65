//! Encrypts what the table must not hold in clear: AES-256-GCM (NIST SP 800-38D) with a key of the signing secret.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{error::ApiError, random};

/// A key and its id. It has no `Debug`.
///
/// The id tells which version of the signing secret sealed a text. It is derived beside the key, not from it.
pub struct SealingKey {
    id: String,
    key: Option<LessSafeKey>,
}

impl SealingKey {
    pub(super) fn new(id: [u8; 4], key: &[u8; 32]) -> Self {
        Self {
            id: base16ct::lower::encode_string(&id),
            // A key of this length is always accepted.
            key: UnboundKey::new(&AES_256_GCM, key)
                .ok()
                .map(LessSafeKey::new),
        }
    }

    /// Whether this key sealed the text, by the id that it begins with.
    #[must_use]
    pub fn sealed(&self, sealed: &SealedText) -> bool {
        sealed
            .0
            .split_once('.')
            .is_some_and(|(id, _)| id == self.id)
    }

    /// Encrypts a text that belongs to `owner`, with a random nonce: a key seals far fewer texts than the 2³² that are
    /// safe with one (SP 800-38D, section 8.3).
    ///
    /// # Errors
    ///
    /// `500` if the text cannot be encrypted, which no text of ours is too long for.
    pub fn seal(&self, owner: &str, text: &str) -> Result<SealedText, ApiError> {
        let failed = || ApiError::internal("a secret cannot be sealed");
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut bytes = text.as_bytes().to_vec();
        let key = self.key.as_ref().ok_or_else(failed)?;
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(owner.as_bytes()),
            &mut bytes,
        )
        .map_err(|_| failed())?;
        let bytes = BASE64URL.encode([&nonce[..], &bytes].concat());
        Ok(SealedText(format!("{}.{bytes}", self.id)))
    }

    /// The text. `None` if another key sealed it, or for another owner, or if it was changed.
    #[must_use]
    pub fn open(&self, owner: &str, sealed: &SealedText) -> Option<String> {
        let (id, text) = sealed.0.split_once('.')?;
        if id != self.id {
            return None;
        }
        let mut bytes = BASE64URL.decode(text).ok()?;
        let (nonce, text) = bytes.split_first_chunk_mut::<NONCE_LEN>()?;
        let opened = self.key.as_ref()?.open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(owner.as_bytes()),
            text,
        );
        String::from_utf8(opened.ok()?.to_vec()).ok()
    }
}

/// What the table holds: `{id of the key}.{nonce, encrypted text and tag, in base64url}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedText(String);

impl SealedText {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signing_keys::SigningKeys;

    #[test]
    fn only_the_key_that_sealed_a_text_opens_it_for_its_owner() {
        let [one, other] =
            ["one", "other"].map(|secret| SigningKeys::from_secret(secret).webhook_secrets);
        let sealed = one.seal("whs_a", "a secret").unwrap();
        assert_eq!(one.open("whs_a", &sealed).as_deref(), Some("a secret"));
        assert_eq!(one.open("whs_b", &sealed), None);
        assert_eq!(other.open("whs_a", &sealed), None);
        assert!(one.sealed(&sealed) && !other.sealed(&sealed));
        assert!(!sealed.as_str().contains("secret"));
        assert_ne!(sealed, one.seal("whs_a", "a secret").unwrap());
    }

    #[test]
    fn a_changed_text_is_not_opened() {
        let key = SigningKeys::from_secret("one").webhook_secrets;
        let sealed = key.seal("whs_a", "a secret").unwrap();
        for at in 0..sealed.as_str().len() {
            let mut changed = sealed.as_str().as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = SealedText::from_stored(String::from_utf8(changed).unwrap());
            assert_eq!(key.open("whs_a", &changed), None, "at {at}");
        }
        for wrong in ["", ".", "no id", &sealed.as_str()[..12]] {
            assert_eq!(
                key.open("whs_a", &SealedText::from_stored(wrong.to_owned())),
                None
            );
        }
    }
}
