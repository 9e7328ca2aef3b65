//! Cursors: where a list goes on, sealed so that only what this deployment gave out is taken back.
//!
//! The seal covers the workspace, so that a cursor of another one is as wrong as a changed one. The content is not
//! hidden: it is what the client asked for, and a position in what it was shown.

use serde::{Serialize, de::DeserializeOwned};

use crate::{domain::signing_keys::SigningKeys, error::ApiError, ids::WorkspaceId};

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
    keys.cursors.seal(workspace.as_str().as_bytes(), content)
}

/// Reads what [`seal`] sealed for this workspace; `None` where it did not.
#[must_use]
pub fn open<T: DeserializeOwned>(
    keys: &SigningKeys,
    workspace: &WorkspaceId,
    cursor: &str,
) -> Option<T> {
    keys.cursors.open(workspace.as_str().as_bytes(), cursor)
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
