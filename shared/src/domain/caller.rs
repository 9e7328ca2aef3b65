//! The caller of a request.

use crate::{
    domain::session::SessionHash,
    ids::{ApiKeyId, Subject},
    time::Timestamp,
};

/// The caller, as far as endpoints need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A script with this key. It acts for no person.
    ApiKey(ApiKeyId),
    /// A person, with an access token or a session.
    User(Box<User>),
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

    /// `None` for an API key.
    #[must_use]
    pub fn sub(&self) -> Option<&Subject> {
        self.user().map(|user| &user.sub)
    }
}
