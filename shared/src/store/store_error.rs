//! Why an access to the table failed.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::{error::Cause, store::bounded_collection::BoundedCollection};

/// Why an access to the table failed. The caller's input by itself was valid.
#[derive(Debug)]
pub enum StoreError {
    /// The table did not answer, or holds an item that this project did not write. A transaction was written completely
    /// or not at all; it is unknown which.
    Failed(Cause),
    /// Other requests kept changing the same items until the request's time was up. Nothing was done.
    Contended,
    /// The collection would no longer fit into one response. Nothing was done.
    TooLarge(BoundedCollection),
    /// A call with the same idempotency key was done before, or is being done. This time, nothing was done.
    DoneBefore,
}

impl StoreError {
    pub(super) fn new<E, R>(attempted: &str, error: &SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        Self::Failed(Cause::of_service(attempted, error))
    }

    pub(super) fn because(attempted: &str, what: &str) -> Self {
        Self::Failed(Cause::of(attempted, what))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(cause) => cause.fmt(f),
            Self::Contended => f.write_str("other writes were always in the way"),
            Self::TooLarge(collection) => write!(f, "{collection:?} is full"),
            Self::DoneBefore => f.write_str("a call with this key was done before"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(cause) => Some(cause),
            Self::Contended | Self::TooLarge(_) | Self::DoneBefore => None,
        }
    }
}
