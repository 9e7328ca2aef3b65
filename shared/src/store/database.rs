//! The table, as one request uses it, and what can go wrong with it.

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

/// How much of a request's time there must be to try something again: as much as a call of the table may take (see
/// [`crate::aws::clients`]), and some for the answer. Who is cut off in a try does not know what came of it.
const MIN_TIME_FOR_RETRY: Duration = Duration::from_millis(1200);

/// The table, and the request that uses it: its meter and its time.
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

    /// The same table, for one request.
    pub(crate) fn of_request(&self, meter: &Arc<CapacityMeter>, deadline: Instant) -> Self {
        Self {
            meter: Arc::clone(meter),
            deadline,
            ..self.clone()
        }
    }

    /// Whether the request has time to try something once more.
    pub(super) fn may_try_again(&self) -> bool {
        self.has_time_after(Duration::ZERO)
    }

    /// The same, after so long a wait.
    pub(super) fn has_time_after(&self, wait: Duration) -> bool {
        Instant::now() + wait + MIN_TIME_FOR_RETRY < self.deadline
    }

    /// Pauses after so many attempts, and says whether there is time for another one.
    pub(super) async fn pause_to_try_again(&self, attempt: u32) -> bool {
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

/// Why an access to the table came to nothing. Nothing is wrong with what the caller sent, by itself.
#[derive(Debug)]
pub enum StoreError {
    /// The table did not answer, or not as it must. What was to be written is written whole or not at all.
    Failed(Cause),
    /// Others kept changing the same items at the same moment, for as long as the call had; nothing was done.
    Contended,
    /// What is read as a whole would no longer fit into one answer; nothing was done.
    TooLarge(BoundedCollection),
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
            Self::TooLarge(whole) => write!(f, "{whole:?} is full"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(cause) => Some(cause),
            Self::Contended | Self::TooLarge(_) => None,
        }
    }
}
