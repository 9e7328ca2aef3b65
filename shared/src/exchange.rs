//! What is learned about a request on its way, kept outside the handler: it is still there when the
//! handler panics or is cut off, for the headers of the answer and for the log.

use std::sync::{Arc, OnceLock};

use crate::{
    credentials::{Caller, Recognised},
    ids::WorkspaceId,
    limits::{Standing, Verdict},
    meter::Meter,
};

/// One request's record.
#[derive(Debug, Default)]
pub struct Exchange {
    meter: Arc<Meter>,
    caller: OnceLock<(Caller, WorkspaceId, Standing)>,
}

impl Exchange {
    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub(crate) fn recognised(&self, recognised: &Recognised) {
        let (Verdict::Admitted(standing) | Verdict::Exceeded(standing)) = recognised.verdict;
        let caller = (
            recognised.caller.clone(),
            recognised.workspace.clone(),
            standing,
        );
        // A request has one caller: there is nothing to replace.
        let _ = self.caller.set(caller);
    }

    pub(crate) fn caller(&self) -> Option<(&Caller, &WorkspaceId)> {
        self.caller
            .get()
            .map(|(caller, workspace, _)| (caller, workspace))
    }

    pub(crate) fn standing(&self) -> Option<&Standing> {
        self.caller.get().map(|(_, _, standing)| standing)
    }
}
