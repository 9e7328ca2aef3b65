//! A completed sign-in at the authorisation endpoint, until its code is exchanged.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::parameters::{Parameters, value};

/// How long a code is valid.
const CODE_LIFETIME: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Grant {
    /// The parameters of the authorisation request, and the person's claims.
    pub(super) parameters: Parameters,
    granted: Instant,
    /// The same time, in seconds since the epoch.
    pub(super) signed_in: i64,
}

impl Grant {
    pub(super) fn new(parameters: &Parameters) -> Self {
        Self {
            parameters: parameters.clone(),
            granted: Instant::now(),
            signed_in: now(),
        }
    }

    /// A claim of the person; `None` if the form's field was empty.
    pub(super) fn claim(&self, name: &str) -> Option<String> {
        let value = value(&self.parameters, name).trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Whether the code is still valid.
    pub(super) fn is_fresh(&self) -> bool {
        self.granted.elapsed() < CODE_LIFETIME
    }
}

/// Seconds since the epoch.
pub(super) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}
