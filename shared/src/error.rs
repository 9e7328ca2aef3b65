//! What can go wrong, told twice: a code and a message for the caller, a cause for the log.
//!
//! The two never mix. A message says what the caller can do about it and gives nothing of the inside
//! away; the cause of an internal error is written to the log line of the request and nowhere else.

use std::{borrow::Cow, error::Error as StdError, fmt};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

use crate::ids::ResourceId;

/// The stable codes of the contract, section 2. Clients branch on these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, Serialize)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(into = "&'static str")]
pub enum ErrorCode {
    /// A field is bad or missing, the JSON is malformed, or the body too large.
    ValidationError,
    /// No credential, or one that does not verify and is not an API key.
    AuthRequired,
    /// An API key that is malformed, unknown or revoked; the answer does not tell which.
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
    /// The HTTP status that goes with the code.
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

/// A refusal or a failure, on its way to the envelope.
#[derive(Debug)]
pub struct ApiError {
    pub(crate) code: ErrorCode,
    /// For people, in the answer.
    pub(crate) message: Cow<'static, str>,
    /// The field that the caller has to change.
    pub(crate) param: Option<&'static str>,
    /// The methods that the path takes, where it takes others than the one that was sent.
    pub(crate) allow: Option<String>,
    /// In how many seconds to come back.
    pub(crate) retry_after: Option<i64>,
    /// For the log: why a credential was refused, a word from a closed set.
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

    /// `400`: the request cannot be read or breaks a rule; `message` says which and why.
    #[must_use]
    pub fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ValidationError, message)
    }

    /// `400`: the field `param` breaks a rule; `message` says why.
    #[must_use]
    pub fn invalid_field(param: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            param: Some(param),
            ..Self::validation(message)
        }
    }

    /// `401` for anything but an API key. `message` never quotes the credential; `refusal` is for the log alone.
    pub(crate) fn auth_required(
        message: impl Into<Cow<'static, str>>,
        refusal: &'static str,
    ) -> Self {
        Self {
            refusal: Some(refusal),
            ..Self::new(ErrorCode::AuthRequired, message)
        }
    }

    /// `401` for an API key, one answer for all reasons. `refusal` is for the log alone.
    pub(crate) fn invalid_token(refusal: &'static str) -> Self {
        let message = "The API key is not valid: it is mistyped, or was revoked. Check it, or create another one.";
        Self {
            refusal: Some(refusal),
            ..Self::new(ErrorCode::InvalidToken, message)
        }
    }

    /// `403`: authenticated, but not allowed. `refusal` is for the log alone.
    pub(crate) fn forbidden(message: &'static str, refusal: &'static str) -> Self {
        Self {
            refusal: Some(refusal),
            ..Self::new(ErrorCode::Forbidden, message)
        }
    }

    /// `404`: not there, or not in the caller's workspace; the answer does not tell which.
    #[must_use]
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    /// `404`: the path is there, and takes other methods: `allow` is the header of that name (RFC 9110 section 10.2.1).
    pub(crate) fn no_such_method(message: impl Into<Cow<'static, str>>, allow: String) -> Self {
        Self {
            allow: Some(allow),
            ..Self::not_found(message)
        }
    }

    /// `404`: the caller's workspace has none of these with the id that was given.
    #[must_use]
    pub fn no_such<Id: ResourceId>() -> Self {
        let noun = Id::NOUN;
        Self::not_found(format!(
            "The workspace has no {noun} with this id. Check the id, and that the credential is of the right workspace."
        ))
    }

    /// `409`: the state does not allow it; `message` says which state.
    #[must_use]
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    /// `409`: the state does not allow what `param` asks for; `message` says why.
    #[must_use]
    pub fn conflict_with(param: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            param: Some(param),
            ..Self::conflict(message)
        }
    }

    /// `409`: others kept changing the same thing at the same moment, nothing was done.
    #[must_use]
    pub fn contended() -> Self {
        Self::conflict("Others are changing the same thing at this moment. Try again.")
    }

    /// `429`: over the limit, nothing was done. `retry_after` is in seconds.
    pub(crate) fn rate_limited(message: String, retry_after: i64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(ErrorCode::RateLimited, message)
        }
    }

    /// Whether the call certainly did nothing: what failed on our side may have been done all the same.
    pub(crate) fn nothing_was_done(&self) -> bool {
        self.code != ErrorCode::InternalError
    }

    /// `500`: our fault. The caller learns that and no more; `cause` goes to the log.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let message = "Something failed on our side. Quote the request id if it goes on.";
        Self {
            cause: Some(cause.into()),
            ..Self::new(ErrorCode::InternalError, message)
        }
    }
}

/// Why a call to something outside failed, for the log: no request, no item and no key in it.
#[derive(Debug)]
pub struct Cause(String);

impl Cause {
    /// What was attempted, and what went wrong with it.
    pub(crate) fn of(attempted: &str, what: &str) -> Self {
        Self(format!("{attempted}: {what}"))
    }

    /// What was attempted, and what an AWS service said to it.
    pub(crate) fn of_service<E, R>(attempted: &str, error: &SdkError<E, R>) -> Self
    where
        E: StdError + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        match error.as_service_error() {
            // The service's own words; its `Display` says no more than "service error".
            Some(service) => Self::of(attempted, &format!("{}", service.meta())),
            None => Self::new(attempted, error),
        }
    }

    /// What was attempted, and the chain of what went wrong, outermost first.
    ///
    /// Only `Display` is used. `Debug` of an SDK's error holds the whole response, and with a failed
    /// condition the stored item.
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
