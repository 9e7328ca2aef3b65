//! What somebody has agreed to at the authorisation endpoint, until their code is exchanged.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::parameters::{Parameters, of};

/// How long a code is good for.
const CODE_LIFE: Duration = Duration::from_mins(1);

/// What a person has agreed to, and who they are.
#[derive(Debug)]
pub(super) struct Grant {
    /// What the authorisation endpoint was given.
    pub(super) parameters: Parameters,
    granted: Instant,
    /// The same moment, in seconds since the epoch.
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

    /// What the person is said to be; nothing where that is left empty.
    pub(super) fn claim(&self, name: &str) -> Option<String> {
        let value = of(&self.parameters, name).trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Whether its code may still be used.
    pub(super) fn is_fresh(&self) -> bool {
        self.granted.elapsed() < CODE_LIFE
    }
}

/// Seconds since the epoch.
pub(super) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}
