//! Cursors: where a list goes on, sealed so that only what this deployment gave out is taken back.
//!
//! A cursor is base64url (RFC 4648, section 5) of
//!
//! ```text
//! 16 bytes of HMAC-SHA256 over the workspace and the content │ the content, as JSON
//! ```
//!
//! The code covers the workspace, so that a cursor of another one is as wrong as a changed one. The content is not
//! hidden: it is what the client asked for, and a position in what it was shown.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::{error::ApiError, ids::WorkspaceId, signing::SigningKeys};

const CODE_BYTES: usize = 16;

/// Seals what a list of this workspace needs to go on.
///
/// # Errors
///
/// [`ApiError::internal`] where `content` cannot be written as JSON.
pub fn seal(
    keys: &SigningKeys,
    workspace: &WorkspaceId,
    content: &impl Serialize,
) -> Result<String, ApiError> {
    let content = serde_json::to_vec(content).map_err(ApiError::internal)?;
    let code = keys
        .cursors
        .sign(&[workspace.as_str().as_bytes(), &content]);
    Ok(BASE64_URL_SAFE_NO_PAD.encode([&code[..CODE_BYTES], &content].concat()))
}

/// Reads what [`seal`] sealed for this workspace; `None` where it did not.
#[must_use]
pub fn open<T: DeserializeOwned>(
    keys: &SigningKeys,
    workspace: &WorkspaceId,
    cursor: &str,
) -> Option<T> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (code, content) = bytes.split_at_checked(CODE_BYTES)?;
    let parts = [workspace.as_str().as_bytes(), content];
    let ours = keys.cursors.verify(&parts, code);
    ours.then(|| serde_json::from_slice(content).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_and_nothing_else() {
        let keys = SigningKeys::from_secret("a");
        let workspace = |name| WorkspaceId::parse(name).unwrap();
        let (ours, theirs) = (workspace("acc_a"), workspace("acc_b"));
        let cursor = seal(&keys, &ours, &("x", 7)).unwrap();
        let open = |workspace, cursor: &str| open::<(String, i32)>(&keys, workspace, cursor);
        assert_eq!(open(&ours, &cursor), Some(("x".to_owned(), 7)));
        assert_eq!(open(&theirs, &cursor), None);
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                open(&ours, std::str::from_utf8(&changed).unwrap()),
                None,
                "at {at}"
            );
        }
        for wrong in [
            "",
            "A",
            "AAAA",
            "no base64",
            &cursor[1..],
            &format!("{cursor}A"),
        ] {
            assert_eq!(open(&ours, wrong), None, "{wrong}");
        }
    }
}
