//! The pause before a write is tried again.

use std::time::Duration;

use crate::random;

/// Waits after `attempt` attempts, for a random time of up to 10, 20, 40… 640 ms, so that two writers that met do not
/// meet again.
pub(super) async fn pause(attempt: u32) {
    let longest = 5 << attempt.clamp(1, 7);
    let [random] = random::bytes();
    tokio::time::sleep(Duration::from_millis(longest * u64::from(random) / 256)).await;
}
