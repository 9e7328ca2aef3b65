//! Whether functions are being called, for tests that wait until nothing is left to do.

use tokio::sync::watch;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    /// All calls since the start.
    pub(crate) started: u64,
    pub(crate) running: usize,
}

#[derive(Clone, Default)]
pub(crate) struct Activity(watch::Sender<Calls>);

/// A call that is under way, until it is dropped.
pub(crate) struct Running(watch::Sender<Calls>);

impl Activity {
    pub(crate) fn begin(&self) -> Running {
        self.0.send_modify(|calls| {
            calls.started += 1;
            calls.running += 1;
        });
        Running(self.0.clone())
    }

    pub(crate) fn calls(&self) -> Calls {
        *self.0.borrow()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<Calls> {
        self.0.subscribe()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|calls| calls.running -= 1);
    }
}
