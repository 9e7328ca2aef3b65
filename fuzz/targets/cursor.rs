//! Cursors: forged ones are refused, and a sealed one opens only in its workspace.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use shared::{domain::signing_keys::SigningKeys, http::cursor, ids::WorkspaceId};

static KEYS: LazyLock<SigningKeys> = LazyLock::new(|| SigningKeys::from_secret("a secret"));

fuzz_target!(|input: (&str, &str)| {
    let (forged, content) = input;
    let workspace = |name: &str| WorkspaceId::parse(name);
    let (Some(ours), Some(theirs)) = (workspace("acc_a"), workspace("acc_b")) else {
        unreachable!("these are ids")
    };
    let open = |workspace, text: &str| cursor::open::<serde_json::Value>(&KEYS, workspace, text);
    assert_eq!(open(&ours, forged), None);
    if let Ok(sealed) = cursor::seal(&KEYS, &ours, &content) {
        assert_eq!(open(&ours, &sealed), Some(content.into()));
        assert_eq!(open(&theirs, &sealed), None);
        assert_eq!(open(&ours, &(sealed + forged)).is_some(), forged.is_empty());
    }
});
