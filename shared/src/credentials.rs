//! Who is calling.
//!
//! Each way to prove it is a *scheme*, in a file of its own. A scheme looks at the request and gives one
//! of three answers, see [`Attempt`]. They are asked in turn until one answers other than *not
//! presented*. The contract's order (section 3) is that an `Authorization` header, where there is one, alone
//! decides; its token's first characters say which of the first two schemes it is for. The portal's
//! session cookie is the third: it is looked at where there is no header.
//!
//! A scheme that recognises a caller also counts the call, because for an API key the two are one write
//! (see [`crate::store::windows`]).

pub mod access_token;
pub mod api_key;
pub mod bearer;
mod es256;
pub(crate) mod jwks;
pub mod jwt;
pub(crate) mod session;

use crate::{
    credentials::{access_token::AccessTokens, bearer::Authorization},
    error::ApiError,
    ids::{ApiKeyId, Subject, WorkspaceId},
    limits::{RateLimit, Verdict},
    request::Request,
    session::{Lifetime, SessionHash},
    store::Database,
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

/// A caller that was recognised, their workspace, and how the call stands against their limit.
#[derive(Debug)]
pub(crate) struct Recognised {
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
    pub(crate) verdict: Verdict,
}

/// What a scheme says of a request.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The request holds no credential of this scheme.
    NotPresented,
    /// It does, and it is good.
    Caller(Recognised),
    /// It does, and it is not; or whether it is could not be found out.
    Refused(ApiError),
}

impl From<ApiError> for Attempt {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

/// What the schemes need to decide.
pub(crate) struct Context<'a> {
    pub(crate) database: &'a Database,
    pub(crate) access_tokens: &'a AccessTokens,
    pub(crate) sessions: Lifetime,
    pub(crate) limit: RateLimit,
    pub(crate) now: Timestamp,
}

/// Asks the schemes in turn.
///
/// # Errors
///
/// `401`, `403` or, where the table or the issuer does not answer, `500`.
pub(crate) async fn recognise(
    request: &Request,
    context: &Context<'_>,
) -> Result<Recognised, ApiError> {
    let authorization = Authorization::of(request.authorization())?;
    let mut attempt = api_key::attempt(&authorization, context).await;
    if let Attempt::NotPresented = attempt {
        attempt = access_token::attempt(&authorization, context).await;
    }
    if let Attempt::NotPresented = attempt {
        attempt = session::attempt(&authorization, request, context).await;
    }
    match attempt {
        Attempt::Caller(recognised) => Ok(recognised),
        Attempt::Refused(error) => Err(error),
        Attempt::NotPresented => Err(ApiError::auth_required(
            "There is no credential. Send the header `Authorization: Bearer` with an API key, which begins with \
             `sk_live_`, or with an access token; or, in a browser, sign in.",
            "no_credential",
        )),
    }
}
