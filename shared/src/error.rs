//! Errors: a code and a message for the caller, a cause for the log.
//!
//! A message says what the caller can do, and reveals nothing internal. The cause of an internal error is written to
//! the request's log line and nowhere else.

use std::{borrow::Cow, error::Error as StdError, fmt};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

use crate::ids::ResourceId;

/// The stable codes of the section Envelope in openapi.yaml. Clients branch on these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, Serialize)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(into = "&'static str")]
pub enum ErrorCode {
    /// A field is bad or missing, the JSON is malformed, or the body too large.
    ValidationError,
    /// No credential, or one that does not verify and is not an API key.
    AuthRequired,
    /// An API key that is malformed, unknown or revoked, and the answer does not tell which; or one that has expired or
    /// is switched off, and it does.
    InvalidToken,
    /// The caller is known, and may not.
    Forbidden,
    /// No such route, or no such resource in the caller's workspace.
    NotFound,
    /// The state does not allow it.
    Conflict,
    /// Over a limit.
    RateLimited,
    /// Our fault.
    InternalError,
}

impl ErrorCode {
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::ValidationError => 400,
            Self::AuthRequired | Self::InvalidToken => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::RateLimited => 429,
            Self::InternalError => 500,
        }
    }
}

/// An error that the pipeline writes into the envelope.
#[derive(Debug)]
pub struct ApiError {
    pub(crate) code: ErrorCode,
    /// In the response, for people.
    pub(crate) message: Cow<'static, str>,
    /// The field or parameter that the caller has to change.
    pub(crate) param: Option<&'static str>,
    /// The header `Allow`, where the path exists but does not take the method.
    pub(crate) allow: Option<String>,
    /// In seconds.
    pub(crate) retry_after: Option<i64>,
    /// For the log: why a credential was refused. One of a fixed set of words.
    pub(crate) refusal: Option<&'static str>,
    /// For the log: what failed inside.
    pub(crate) cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl ApiError {
    fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            param: None,
            allow: None,
            retry_after: None,
            refusal: None,
            cause: None,
        }
    }

    /// `400`: the request cannot be read or breaks a rule.
    #[must_use]
    pub fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ValidationError, message)
    }

    /// `400`: the field or parameter `param` breaks a rule.
    #[must_use]
    pub fn invalid_field(param: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            param: Some(param),
            ..Self::validation(message)
        }
    }

    /// `400`: what a provider sends does not verify. `param` is the header at fault; `refusal` is only logged.
    pub(crate) fn unverified(
        param: &'static str,
        message: impl Into<Cow<'static, str>>,
        refusal: &'static str,
    ) -> Self {
        Self {
            refusal: Some(refusal),
            ..Self::invalid_field(param, message)
        }
    }

    /// `401` for every credential except an API key. `message` must not quote the credential; `refusal` is only logged.
    pub(crate) fn auth_required(
        message: impl Into<Cow<'static, str>>,
        refusal: &'static str,
    ) -> Self {
        Self {
            refusal: Some(refusal),
            ..Self::new(ErrorCode::AuthRequired, message)
        }
    }

    /// `401` for an API key, with the same message for all reasons. `refusal` is only logged.
    pub(crate) fn invalid_token(refusal: &'static str) -> Self {
        let message = "The API key is not valid: it is mistyped, or was revoked. Check it, or create another one.";
        Self {
            refusal: Some(refusal),
            ..Self::new(ErrorCode::InvalidToken, message)
        }
    }

    /// `401` for an API key whose time is over.
    pub(crate) fn expired_key() -> Self {
        let message =
            "The API key has expired. Create another one, or give this one a later expiry.";
        Self {
            message: message.into(),
            ..Self::invalid_token("expired_key")
        }
    }

    /// `401` for an API key that was switched off.
    pub(crate) fn switched_off_key() -> Self {
        let message = "The API key is switched off. Switch it on again, or use another one.";
        Self {
            message: message.into(),
            ..Self::invalid_token("switched_off_key")
        }
    }

    /// `403`: authenticated, but not allowed. `refusal` is only logged.
    pub(crate) fn forbidden(message: impl Into<Cow<'static, str>>, refusal: &'static str) -> Self {
        Self {
            refusal: Some(refusal),
            ..Self::new(ErrorCode::Forbidden, message)
        }
    }

    /// `404`: does not exist, or not in the caller's workspace; `message` must not reveal which.
    #[must_use]
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    /// `404`: the path takes other methods. `allow` is the value of the header `Allow` (RFC 9110 section 10.2.1).
    pub(crate) fn no_such_method(message: impl Into<Cow<'static, str>>, allow: String) -> Self {
        Self {
            allow: Some(allow),
            ..Self::not_found(message)
        }
    }

    /// `404`: the caller's workspace has no resource of this kind with the id in the path.
    #[must_use]
    pub fn no_such<Id: ResourceId>() -> Self {
        let noun = Id::NOUN;
        Self::not_found(format!(
            "The workspace has no {noun} with this id. Check the id, and that the credential is of the right workspace."
        ))
    }

    /// `409`: the current state does not allow the request.
    #[must_use]
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    /// `409`: the current state does not allow what `param` asks for.
    #[must_use]
    pub fn conflict_with(param: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            param: Some(param),
            ..Self::conflict(message)
        }
    }

    /// `409`: concurrent writers kept changing the same items; nothing was written.
    #[must_use]
    pub fn contended() -> Self {
        Self::conflict("Others are changing the same thing at this moment. Try again.")
    }

    /// `429`: over the limit; nothing was done. `retry_after` is in seconds.
    pub(crate) fn rate_limited(message: String, retry_after: i64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(ErrorCode::RateLimited, message)
        }
    }

    /// Whether the request certainly changed nothing. After an internal error, the change may have been made.
    pub(crate) fn nothing_was_done(&self) -> bool {
        self.code != ErrorCode::InternalError
    }

    /// `500`: our fault. `cause` is only logged.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let message = "Something failed on our side. Quote the request id if it goes on.";
        Self {
            cause: Some(cause.into()),
            ..Self::new(ErrorCode::InternalError, message)
        }
    }
}

/// Why a call to another service failed, for the log. It holds no request, no item and no key.
#[derive(Debug)]
pub struct Cause(String);

impl Cause {
    pub(crate) fn of(attempted: &str, what: &str) -> Self {
        Self(format!("{attempted}: {what}"))
    }

    pub(crate) fn of_service<E, R>(attempted: &str, error: &SdkError<E, R>) -> Self
    where
        E: StdError + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        match error.as_service_error() {
            // The service's own message: `Display` of the error says only "service error".
            Some(service) => Self::of(attempted, &format!("{}", service.meta())),
            None => Self::new(attempted, error),
        }
    }

    /// What was attempted, and the chain of errors, outermost first.
    ///
    /// Uses only `Display`. `Debug` of an SDK's error shows the whole response and, after a failed condition, the
    /// stored item.
    pub(crate) fn new(attempted: &str, error: &(dyn StdError + 'static)) -> Self {
        let mut text = format!("{attempted}: {error}");
        let mut source = error.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        Self(text)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Cause {}
