//! Cursors: a position in a list, signed so that only cursors of this deployment are accepted.
//!
//! The signature covers the workspace, so a cursor of another workspace is invalid. The content is not encrypted: it is
//! the client's own filter, and a position in what it was shown.

use serde::{Serialize, de::DeserializeOwned};

use crate::{domain::signing_keys::SigningKeys, error::ApiError, ids::WorkspaceId};

/// Signs the content of a cursor.
pub fn seal(
    keys: &SigningKeys,
    workspace: &WorkspaceId,
    content: &impl Serialize,
) -> Result<String, ApiError> {
    keys.cursors.seal(workspace.as_str().as_bytes(), content)
}

/// The content of a cursor; `None` if [`seal`] did not make it for this workspace.
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
    fn only_a_sealed_cursor_of_the_same_workspace_is_opened() {
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
