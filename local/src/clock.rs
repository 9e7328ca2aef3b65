//! The time of the queues and of what calls the functions. A test can move it, so that half a day of retries takes
//! milliseconds.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::sync::watch;

use crate::Error;

/// A clock; its clones are the same one. Times are in milliseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub struct Clock {
    /// How far it is ahead of the true time.
    offset: watch::Sender<i64>,
    file: Option<PathBuf>,
}

impl Clock {
    /// A clock that nothing moves.
    #[must_use]
    pub fn real() -> Self {
        Self {
            offset: watch::Sender::new(0),
            file: None,
        }
    }

    /// A clock that can be moved. It writes by how much into `file`, which functions read as `SUPPUO_TEST_CLOCK`.
    pub fn movable(file: &Path) -> Result<Self, Error> {
        let clock = Self {
            file: Some(file.to_owned()),
            ..Self::real()
        };
        clock.set(0)?;
        Ok(clock)
    }

    /// The file that functions read.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    #[must_use]
    pub fn now(&self) -> i64 {
        true_time() + *self.offset.borrow()
    }

    /// How far it is ahead of the true time.
    #[must_use]
    pub fn offset(&self) -> i64 {
        *self.offset.borrow()
    }

    /// Moves the clock. What waits for a time that is now past goes on at once.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn advance(&self, millis: i64) -> Result<(), Error> {
        self.set(self.offset() + millis)
    }

    fn set(&self, offset: i64) -> Result<(), Error> {
        if let Some(file) = &self.file {
            // Renamed into place, so that a function never reads half a number.
            let new = file.with_extension("new");
            fs::write(&new, offset.to_string())?;
            fs::rename(new, file)?;
        }
        self.offset.send_replace(offset);
        Ok(())
    }

    /// Waits until this time.
    pub async fn sleep_until(&self, time: i64) {
        let mut offset = self.offset.subscribe();
        while let Ok(left @ 1..) = u64::try_from(time.saturating_sub(self.now())) {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                // The sender is in `self`.
                _ = offset.changed() => {}
            }
        }
    }
}

/// The time of this machine.
pub(crate) fn true_time() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_goes_on_when_the_clock_is_moved() {
        let clock = Clock::real();
        let before = clock.now();
        let waiting = clock.clone();
        let waits = tokio::spawn(async move { waiting.sleep_until(before + 3_600_000).await });
        clock.advance(1_800_000).unwrap();
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        clock.advance(1_800_000).unwrap();
        waits.await.unwrap();
        assert!(clock.now() >= before + 3_600_000);
    }
}
