//! Who calls.

use crate::{
    domain::session::SessionHash,
    ids::{ApiKeyId, Subject},
    time::Timestamp,
};

/// Who is calling, as far as an endpoint may care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A script that holds this key. There is no person behind it.
    ApiKey(ApiKeyId),
    /// A person, with an access token or a session.
    User(Box<User>),
}

/// A person who calls.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Who they are.
    pub sub: Subject,
    /// Their e-mail address, where a session knows it.
    pub email: Option<String>,
    /// Their name, where a session knows it.
    pub name: Option<String>,
    /// When their token ends, or their session where it is not used again.
    pub expires_at: Timestamp,
    /// The session, where they call with one.
    pub(crate) session: Option<SessionHash>,
}

/// Shows nothing of the person.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("User(…)")
    }
}

impl Caller {
    /// The person who calls, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::ApiKey(_) => None,
            Self::User(user) => Some(user),
        }
    }

    /// Who that is.
    #[must_use]
    pub fn sub(&self) -> Option<&Subject> {
        self.user().map(|user| &user.sub)
    }
}
