//! The caller of a request.

use crate::{
    domain::{key_settings::KeySettings, session::SessionHash},
    ids::{ApiKeyId, Subject},
    time::Timestamp,
};

/// The caller, as far as endpoints need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A script with a key. It acts for no person.
    ApiKey(Box<CallingKey>),
    /// A person, with an access token or a session.
    User(Box<User>),
}

/// The key that a call was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallingKey {
    pub id: ApiKeyId,
    pub settings: KeySettings,
    /// Whether it called with its older secret, during the overlap after a rotation.
    pub by_older_secret: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub sub: Subject,
    /// Known only with a session, if the ID token had one.
    pub email: Option<String>,
    /// As `email`.
    pub name: Option<String>,
    /// When the access token expires, or when the session ends if it is not used again.
    pub expires_at: Timestamp,
    /// `None` with an access token.
    pub(crate) session: Option<SessionHash>,
}

/// Hides personal data.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("User(…)")
    }
}

impl Caller {
    /// `None` for an API key.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::ApiKey(_) => None,
            Self::User(user) => Some(user),
        }
    }

    /// `None` for a user.
    #[must_use]
    pub fn key(&self) -> Option<&CallingKey> {
        match self {
            Self::ApiKey(key) => Some(key),
            Self::User(_) => None,
        }
    }

    /// `None` for an API key.
    #[must_use]
    pub fn sub(&self) -> Option<&Subject> {
        self.user().map(|user| &user.sub)
    }
}
