//! An API key as people see it: without its secret.

use serde::{Serialize, Serializer};

use crate::{
    domain::{act::Actor, key_settings::KeySettings},
    ids::ApiKeyId,
    time::Timestamp,
};

#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Identifies the key in the API and in the logs.
    pub id: ApiKeyId,
    pub name: String,
    /// See [`crate::domain::api_key::PlaintextKey::prefix`].
    pub prefix: String,
    pub settings: KeySettings,
    /// `None` for a key that is older than this field.
    pub created_by: Option<Actor>,
    /// At most a minute before its last call. `None` before the first call.
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// The older secret, while it still works.
    pub previous: Option<PreviousSecret>,
}

/// The older secret of a key that was rotated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviousSecret {
    #[serde(rename = "keyPrefix")]
    pub prefix: String,
    /// From this moment on it is refused.
    pub valid_until: Timestamp,
    /// At most a minute before its last call since it was rotated. `None` if there was none.
    pub last_used_at: Option<Timestamp>,
}

/// As the API shows a key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    id: &'a ApiKeyId,
    name: &'a str,
    key_prefix: &'a str,
    created_by: Option<&'a Actor>,
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
    enabled: bool,
    allowed_ips: Vec<String>,
    limit: Option<u32>,
    previous: Option<&'a PreviousSecret>,
    last_used_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl Serialize for ApiKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = Shown {
            id: &self.id,
            name: &self.name,
            key_prefix: &self.prefix,
            created_by: self.created_by.as_ref(),
            scopes: self.settings.scopes.words().collect(),
            expires_at: self.settings.expires_at,
            enabled: self.settings.enabled,
            allowed_ips: self.settings.allowed_ips.words().collect(),
            limit: self.settings.limit,
            previous: self.previous.as_ref(),
            last_used_at: self.last_used_at,
            created_at: self.created_at,
        };
        shown.serialize(serializer)
    }
}

/// A key with its new secret, for the only response that contains it.
#[derive(Serialize)]
pub struct KeyWithSecret<'a> {
    #[serde(flatten)]
    pub key: &'a ApiKey,
    #[serde(rename = "key")]
    pub secret: &'a str,
}

/// Hides the secret.
impl std::fmt::Debug for KeyWithSecret<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyWithSecret({})", self.key.id)
    }
}
