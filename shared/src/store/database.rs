//! The table, with the meter and the deadline of the request that uses it; and the store's errors.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    error::Cause,
    store::{bounded_collection::BoundedCollection, capacity_meter::CapacityMeter, retry::pause},
};
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
};

/// A retry needs at least this much of the request's time: as long as one attempt of a call may take (see
/// [`crate::aws::clients`]), and some for the response. A request that is cut off during a retry cannot tell whether it
/// wrote anything.
const MIN_TIME_FOR_RETRY: Duration = Duration::from_millis(1200);

#[derive(Clone)]
pub(crate) struct Database {
    pub(super) client: Client,
    pub(super) table: Arc<str>,
    pub(super) meter: Arc<CapacityMeter>,
    deadline: Instant,
}

impl Database {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self {
            client,
            table: table.into(),
            meter: Arc::default(),
            deadline: Instant::now(),
        }
    }

    /// The same table, for one request. Without this call there is no time for retries.
    pub(crate) fn of_request(&self, meter: &Arc<CapacityMeter>, deadline: Instant) -> Self {
        Self {
            meter: Arc::clone(meter),
            deadline,
            ..self.clone()
        }
    }

    /// Whether the request has time for a retry.
    pub(crate) fn may_try_again(&self) -> bool {
        self.has_time_after(Duration::ZERO)
    }

    /// How long this request may still take, in milliseconds.
    pub(super) fn millis_left(&self) -> i64 {
        let left = self.deadline.saturating_duration_since(Instant::now());
        i64::try_from(left.as_millis()).unwrap_or(i64::MAX)
    }

    /// Whether the request has time for a retry after this wait.
    pub(super) fn has_time_after(&self, wait: Duration) -> bool {
        Instant::now() + wait + MIN_TIME_FOR_RETRY < self.deadline
    }

    /// Pauses after this many attempts. Returns whether there is time for another attempt.
    pub(crate) async fn pause_to_try_again(&self, attempt: u32) -> bool {
        if !self.may_try_again() {
            return false;
        }
        pause(attempt).await;
        self.may_try_again()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.table).finish()
    }
}

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
