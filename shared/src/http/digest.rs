//! The SHA-256 of something that has several parts.

use sha2::{Digest, Sha256};

/// In hex. Each part goes in with its length, so that no two lists of parts are the same bytes.
pub(crate) fn digest_of_parts(parts: &[impl AsRef<[u8]>]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    base16ct::lower::encode_string(&hash.finalize())
}
