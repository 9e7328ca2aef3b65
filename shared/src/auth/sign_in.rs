//! Sign-in with Huudis: OpenID Connect's code flow (OpenID Connect Core 1.0 section 3.1) with PKCE (RFC 7636).
//!
//! ```text
//! browser                     here                                   the issuer
//!    │  GET …/huudis/start     │                                         │
//!    │────────────────────────▶│ state, nonce, verifier: sealed          │
//!    │◀──── 302, the cookie ───│ into a cookie of this browser           │
//!    │────────────────────────────── state, nonce, challenge ───────────▶│ who are you?
//!    │◀───────────────────────────── 302, code and state ────────────────│
//!    │  GET …/huudis/callback  │                                         │
//!    │────────────────────────▶│ the cookie's state is the answer's      │
//!    │                         │──────── code, verifier, secret ────────▶│
//!    │                         │◀─────── ID token, access token ─────────│
//!    │◀──── 302, a session ────│ both verify, and are of one person      │
//! ```
//!
//! | what could be tried | what is in its way |
//! |---|---|
//! | to have a browser finish a sign-in that another began (login CSRF) | the state, in a cookie of the browser that began |
//! | to use a code that was seen on its way | PKCE: the verifier is in that cookie, too; and the client's secret |
//! | to have a token of another sign-in taken for this one's | the nonce, in the ID token |
//! | to have another issuer's answer taken for ours | `iss` in the answer (RFC 9207), and in both tokens |
//! | to use an answer twice | the issuer takes a code once; and a state is good for one session, even were it to take another |
//! | to have a session taken up that was planted | a session's id is always a new one |
//! | to be sent elsewhere afterwards | [`return_to::ReturnTo`] is a path on this host |
//!
//! Nothing is stored of a sign-in under way, so that nobody can fill the table with them.
//!
//! # An answer that comes twice
//!
//! Browsers send a request twice, at once or later: a connection breaks, a page is loaded ahead or restored. Of two
//! requests with the same answer one mints the session. For the other one, the issuer refuses the code, or the state is
//! used. Then the table is asked whether a session was minted for that state, for up to a second and a half: the
//! first request may still be at it. If so, the second request is sent to where the first one was sent. It gets no
//! session: the browser has one from the first. The sign-in's cookie proves that it is the same browser.
//!
//! A page that is loaded again later comes without that cookie, but with a session. It is sent to the dashboard.

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
    domain::{
        session::{Lifetime, SessionHash, SessionId},
        signing_keys::SigningKeys,
    },
    error::ApiError,
    http::{origin::Origin, query::Query},
    random,
    store::{
        database::Database,
        sessions::{self, DoneSignIn, Minting, SignedIn},
    },
    time::Timestamp,
};

/// Where the issuer sends browsers back to. It is registered there, for each of our hosts.
pub(crate) const CALLBACK: &str = "/api/v1/auth/huudis/callback";

/// Where a sign-in begins.
pub(crate) const START: &str = "/api/v1/auth/huudis/start";

/// The longest name and address that a session keeps, in characters: more is for nobody to read.
const MAX_NAME: usize = 200;
const MAX_EMAIL: usize = 320;

/// What a sign-in is done with.
pub(crate) struct SignIn<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) access_tokens: &'a AccessTokens,
    pub(crate) keys: &'a SigningKeys,
    pub(crate) database: &'a Database,
    pub(crate) sessions: Lifetime,
    pub(crate) now: Timestamp,
}

/// A sign-in that has begun.
pub(crate) struct Begun {
    /// Where the issuer asks who it is.
    pub(crate) location: String,
    /// What the browser has to bring along when it comes back.
    pub(crate) sealed: String,
}

/// A sign-in that is done.
pub(crate) struct Done {
    pub(crate) return_to: ReturnTo,
    /// The session; none where the same answer came before, and that request got it.
    pub(crate) session: Option<SessionId>,
}

impl SignIn<'_> {
    /// Begins a sign-in.
    ///
    /// # Errors
    ///
    /// `400` where no URL can have that origin; `500` where the issuer's discovery document is not to be had.
    pub(crate) async fn begin(
        &self,
        origin: &Origin,
        return_to: ReturnTo,
        prompt: Prompt,
    ) -> Result<Begun, ApiError> {
        let random = || BASE64URL.encode(random::bytes::<32>());
        let pending = PendingSignIn::new(random(), random(), random(), return_to, self.now);
        let location = self
            .provider
            .authorisation_url(&origin.url(CALLBACK), &pending, prompt, self.now)
            .await?;
        let sealed = pending.seal(self.keys)?;
        Ok(Begun { location, sealed })
    }

    /// Finds the sign-in that an answer of the issuer's belongs to.
    ///
    /// # Errors
    ///
    /// `400` where this browser has none under way, or the answer is to another one.
    pub(crate) fn pending(
        &self,
        sealed: Option<&str>,
        answer: &Query,
    ) -> Result<PendingSignIn, ApiError> {
        let pending = sealed.and_then(|sealed| PendingSignIn::open(self.keys, sealed, self.now));
        match (pending, answer.text("state")?) {
            (Some(pending), Some(state)) if state == pending.state => Ok(pending),
            _ => Err(ApiError::invalid_field(
                "state",
                "This sign-in was not begun in this browser, or too long ago, or is done already. Begin again.",
            )),
        }
    }

    /// Finishes a sign-in with the issuer's answer to it (RFC 6749 section 4.1.2): with a session, which the browser has in
    /// place of the one that it `replaces`.
    ///
    /// # Errors
    ///
    /// `400` where the answer is none; `401` where the issuer refuses, or what it says does not verify;
    /// `403` where who signed in has no workspace; `500` where it does not answer.
    pub(crate) async fn finish(
        &self,
        origin: &Origin,
        pending: PendingSignIn,
        answer: &Query,
        replaces: Option<SessionHash>,
    ) -> Result<Done, ApiError> {
        let iss = answer.text("iss")?;
        if !self.provider.answers_as(iss, self.now).await? {
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
        let sign_in = DoneSignIn {
            state: hash_of(&pending.state),
            ends: pending.ends_at(),
            replaces,
        };
        let session = match exchanged {
            Exchanged::Tokens(tokens) => {
                let whose = self.verify(&tokens, &pending.nonce).await?;
                let (database, lifetime) = (self.database, self.sessions);
                match sessions::mint(database, &whose, lifetime, &sign_in, self.now).await? {
                    Minting::Minted(session) => Some(session),
                    Minting::UsedAlready => None,
                }
            }
            Exchanged::CodeRefused => {
                if !sessions::is_soon_minted(self.database, &sign_in.state).await? {
                    return Err(not_completed("code_refused"));
                }
                None
            }
        };
        Ok(Done {
            return_to: pending.return_to,
            session,
        })
    }

    /// Whether the answer is to a sign-in that was done, be it this browser's or not.
    ///
    /// # Errors
    ///
    /// `500` where the table does not answer.
    pub(crate) async fn is_done(&self, answer: &Query) -> Result<bool, ApiError> {
        match answer.text("state")? {
            Some(state) => Ok(sessions::is_minted(self.database, &hash_of(state)).await?),
            None => Ok(false),
        }
    }

    async fn verify(&self, tokens: &Tokens, nonce: &str) -> Result<SignedIn, ApiError> {
        let id = self.provider.id_token(tokens, nonce, self.now).await;
        let id = id.map_err(as_sign_in)?;
        let holder = self
            .access_tokens
            .holder(tokens.access_token.expose_secret(), self.now);
        let holder = holder.await.map_err(as_sign_in)?;
        if id.sub != holder.subject {
            return Err(not_completed("tokens_of_two_people"));
        }
        Ok(SignedIn {
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

/// What is kept of a state.
fn hash_of(state: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(state))
}

/// A refusal of a token, told as what it means here; why is still in the log.
fn as_sign_in(error: ApiError) -> ApiError {
    match (error.code, error.refusal) {
        (crate::error::ErrorCode::AuthRequired, Some(refusal)) => not_completed(refusal),
        _ => error,
    }
}

/// `401`: nobody has signed in. `refusal` is for the log alone.
fn not_completed(refusal: &'static str) -> ApiError {
    ApiError::auth_required("The sign-in could not be completed. Begin again.", refusal)
}
