//! Sign-in with Huudis: OpenID Connect's code flow (OpenID Connect Core 1.0 section 3.1) with PKCE (RFC 7636).
//!
//! The flow and the attacks that it withstands: docs/architecture.md, Sign-in. Nothing of a pending sign-in is stored,
//! so that nobody can fill the table with them.
//!
//! # When the callback comes twice
//!
//! Browsers may send the callback twice, at once or later: a connection breaks, or a page is prefetched or restored.
//! One of the two requests creates the session. For the other, the issuer refuses the code, or the state is already
//! used. Then the table is asked for up to 1.4 seconds whether a session was created for that state, because the first
//! request may still be running. If so, the second request is redirected to where the first one was. It gets no session
//! of its own: the browser has the one from the first. The sign-in cookie proves that it is the same browser.
//!
//! A callback that is reloaded later has no sign-in cookie, but a session. It is redirected to the dashboard.

mod id_token;
pub mod pending;
pub mod prompt;
pub mod provider;
pub mod return_to;
mod tokens;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use oauth2::PkceCodeVerifier;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::{
    auth::{
        access_tokens::AccessTokens,
        sign_in::{
            pending::PendingSignIn,
            prompt::Prompt,
            provider::{Exchanged, Provider},
            return_to::ReturnTo,
            tokens::Tokens,
        },
    },
    aws::signing_secret::SigningSecret,
    domain::session::{Lifetime, SessionHash, SessionId},
    error::ApiError,
    http::{origin::Origin, query::Query},
    random,
    store::{
        database::Database,
        sessions::{self, CompletedSignIn, SessionCreation, SignedInUser},
    },
    time::Timestamp,
};

/// The redirect URI's path. The issuer has it registered for each of our hosts.
pub(crate) const CALLBACK: &str = "/api/v1/auth/huudis/callback";

pub(crate) const START: &str = "/api/v1/auth/huudis/start";

/// The longest name and e-mail address that a session keeps, in characters.
const MAX_NAME: usize = 200;
const MAX_EMAIL: usize = 320;

/// The dependencies of a sign-in.
pub(crate) struct SignIn<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) access_tokens: &'a AccessTokens,
    pub(crate) signing_secret: &'a SigningSecret,
    pub(crate) database: &'a Database,
    pub(crate) sessions: Lifetime,
    pub(crate) now: Timestamp,
}

pub(crate) struct StartedSignIn {
    /// The issuer's URL, at which people sign in.
    pub(crate) authorisation_url: String,
    /// The value of the sign-in cookie.
    pub(crate) sealed: String,
}

pub(crate) struct FinishedSignIn {
    pub(crate) return_to: ReturnTo,
    /// `None` if an earlier request with the same callback got the session.
    pub(crate) session: Option<SessionId>,
}

impl SignIn<'_> {
    /// # Errors
    ///
    /// `400` if the origin is not valid in a URL, `500` if the issuer's discovery document cannot be fetched.
    pub(crate) async fn start(
        &self,
        origin: &Origin,
        return_to: ReturnTo,
        prompt: Prompt,
    ) -> Result<StartedSignIn, ApiError> {
        let random = || BASE64URL.encode(random::bytes::<32>());
        let pending = PendingSignIn::new(random(), random(), random(), return_to, self.now);
        let authorisation_url = self
            .provider
            .authorisation_url(&origin.url(CALLBACK), &pending, prompt, self.now)
            .await?;
        let sealed = pending.seal(&*self.signing_secret.get().await?)?;
        Ok(StartedSignIn {
            authorisation_url,
            sealed,
        })
    }

    /// The pending sign-in that the issuer's answer belongs to.
    ///
    /// # Errors
    ///
    /// `400` if this browser has no pending sign-in, or the answer belongs to another one.
    pub(crate) async fn pending(
        &self,
        sealed: Option<&str>,
        answer: &Query,
    ) -> Result<PendingSignIn, ApiError> {
        let pending = match sealed {
            Some(sealed) => {
                let open = |keys: &_| PendingSignIn::open(keys, sealed, self.now);
                self.signing_secret.open(open).await?
            }
            None => None,
        };
        match (pending, answer.text("state")?) {
            (Some(pending), Some(state)) if state == pending.state => Ok(pending),
            _ => Err(ApiError::invalid_field(
                "state",
                "This sign-in was not begun in this browser, or too long ago, or is done already. Begin again.",
            )),
        }
    }

    /// Exchanges the code in the issuer's answer (RFC 6749 section 4.1.2) and creates a session, which replaces the
    /// browser's old one.
    ///
    /// # Errors
    ///
    /// `400` if the answer is malformed or another issuer's, `401` if the issuer refuses or its tokens do not verify,
    /// `403` if the person has no workspace, `500` if the issuer or the table does not answer.
    pub(crate) async fn finish(
        &self,
        origin: &Origin,
        pending: PendingSignIn,
        answer: &Query,
        replaces: Option<SessionHash>,
    ) -> Result<FinishedSignIn, ApiError> {
        let iss = answer.text("iss")?;
        if !self.provider.accepts_iss(iss, self.now).await? {
            let other = "The answer is another issuer's. Begin again.";
            return Err(ApiError::invalid_field("iss", other));
        }
        if answer.text("error")?.is_some() {
            return Err(not_completed("refused_by_issuer"));
        }
        let code = answer.text("code")?.ok_or_else(|| {
            ApiError::invalid_field(
                "code",
                "`code` is missing: the answer is not the issuer's. Begin again.",
            )
        })?;
        let verifier = PkceCodeVerifier::new(pending.verifier.clone());
        let exchanged = self
            .provider
            .exchange(&origin.url(CALLBACK), code, verifier, self.now)
            .await?;
        let sign_in = CompletedSignIn {
            state: hash_of(&pending.state),
            expires_at: pending.ends_at(),
            replaces,
        };
        let session = match exchanged {
            Exchanged::Tokens(tokens) => {
                let user = self.verify(&tokens, &pending.nonce).await?;
                let (database, lifetime) = (self.database, self.sessions);
                match sessions::create(database, &user, lifetime, &sign_in, self.now).await? {
                    SessionCreation::Created(session) => Some(session),
                    SessionCreation::SignInAlreadyUsed => None,
                }
            }
            Exchanged::CodeRefused => {
                if !sessions::wait_until_created(self.database, &sign_in.state).await? {
                    return Err(not_completed("code_refused"));
                }
                None
            }
        };
        Ok(FinishedSignIn {
            return_to: pending.return_to,
            session,
        })
    }

    /// Whether the answer belongs to a finished sign-in, of this browser or another one.
    pub(crate) async fn is_done(&self, answer: &Query) -> Result<bool, ApiError> {
        match answer.text("state")? {
            Some(state) => Ok(sessions::is_created(self.database, &hash_of(state)).await?),
            None => Ok(false),
        }
    }

    async fn verify(&self, tokens: &Tokens, nonce: &str) -> Result<SignedInUser, ApiError> {
        let id = self.provider.verify_id_token(tokens, nonce, self.now).await;
        let id = id.map_err(as_sign_in_error)?;
        let holder = self
            .access_tokens
            .holder(tokens.access_token.expose_secret(), self.now);
        let holder = holder.await.map_err(as_sign_in_error)?;
        if id.sub != holder.subject {
            return Err(not_completed("tokens_of_two_people"));
        }
        Ok(SignedInUser {
            workspace: holder.workspace,
            sub: holder.subject,
            email: id
                .email
                .filter(|email| (1..=MAX_EMAIL).contains(&email.chars().count())),
            name: id.name.and_then(|name| {
                let name: String = name.trim().chars().take(MAX_NAME).collect();
                (!name.is_empty()).then_some(name)
            }),
        })
    }
}

/// The form in which the table keeps a state.
fn hash_of(state: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(state))
}

/// Replaces the message about a token by one about the sign-in. The log keeps the reason.
fn as_sign_in_error(error: ApiError) -> ApiError {
    match (error.code, error.refusal) {
        (crate::error::ErrorCode::AuthRequired, Some(refusal)) => not_completed(refusal),
        _ => error,
    }
}

/// `401`. `refusal` is only logged.
fn not_completed(refusal: &'static str) -> ApiError {
    ApiError::auth_required("The sign-in could not be completed. Begin again.", refusal)
}
