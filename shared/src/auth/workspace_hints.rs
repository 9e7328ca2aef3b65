//! Which workspace a caller probably belongs to: a hint where to read, and never an authorisation.
//!
//! A secret belongs to one workspace as long as it lives. So an instance that admitted a key or a session remembers its
//! workspace; an access token states its own. Reads for that workspace may start while the write that authenticates the
//! call is still under way (see [`crate::endpoint::read_ahead`]). That write decides, every time.
//!
//! After a refusal, and over a limit, there is no hint: such a call costs no reads.

use std::cell::{Cell, OnceCell};

use tokio::sync::oneshot;

use crate::{ids::WorkspaceId, recent_callers::RecentCallers};

/// Bounds the memory. A caller that is forgotten waits for its read once.
const MOST: usize = 1_000;

enum LastCall {
    Admitted(WorkspaceId),
    /// Kept only for users with access tokens, which state their workspace. Other callers are forgotten.
    Refused,
}

#[derive(Default)]
pub(crate) struct WorkspaceHints(RecentCallers<LastCall, MOST>);

impl WorkspaceHints {
    fn remember(&self, caller: &str, last: Option<LastCall>) {
        let mut known = self.0.lock();
        match last {
            None => drop(known.pop(caller)),
            Some(last) => drop(known.put(caller.to_owned(), last)),
        }
    }

    /// `stated` is the workspace that the credential states itself.
    fn expected(&self, caller: &str, stated: Option<&WorkspaceId>) -> Option<WorkspaceId> {
        let mut known = self.0.lock();
        match (known.get(caller), stated) {
            (Some(LastCall::Refused), _) | (None, None) => None,
            (_, Some(stated)) => Some(stated.clone()),
            (Some(LastCall::Admitted(workspace)), None) => Some(workspace.clone()),
        }
    }
}

/// The hint of one call. A scheme gives it as soon as it knows who probably calls, before its write.
pub(crate) struct Hint<'a> {
    hints: &'a WorkspaceHints,
    /// The caller's name, and whether the credential states its workspace.
    caller: OnceCell<(String, bool)>,
    /// Starts the reads. `None` if the endpoint does not read ahead.
    start: Cell<Option<oneshot::Sender<WorkspaceId>>>,
}

impl<'a> Hint<'a> {
    pub(crate) fn new(
        hints: &'a WorkspaceHints,
        start: Option<oneshot::Sender<WorkspaceId>>,
    ) -> Self {
        Self {
            hints,
            caller: OnceCell::new(),
            start: Cell::new(start),
        }
    }

    /// The caller has a secret with this hash.
    pub(super) fn by_secret(&self, hash: &str) {
        self.give(hash, None);
    }

    /// The caller is a user, who has this name here, with a valid access token of a workspace.
    pub(super) fn by_token(&self, user: &str, workspace: &WorkspaceId) {
        self.give(user, Some(workspace));
    }

    fn give(&self, caller: &str, stated: Option<&WorkspaceId>) {
        let _ = self.caller.set((caller.to_owned(), stated.is_some()));
        if let (Some(start), Some(workspace)) =
            (self.start.take(), self.hints.expected(caller, stated))
        {
            // Nobody waits for it if the call is over.
            let _ = start.send(workspace);
        }
    }

    /// Remembers for the next call what was decided: the workspace of a caller that was admitted, or `None`.
    pub(crate) fn settle(&self, admitted: Option<&WorkspaceId>) {
        let Some((caller, states_workspace)) = self.caller.get() else {
            return;
        };
        let last = match admitted {
            Some(workspace) => Some(LastCall::Admitted(workspace.clone())),
            None => states_workspace.then_some(LastCall::Refused),
        };
        self.hints.remember(caller, last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(id: &str) -> WorkspaceId {
        WorkspaceId::parse(id).unwrap()
    }

    /// The workspace for which reads start.
    fn started(hints: &WorkspaceHints, give: impl Fn(&Hint<'_>)) -> Option<WorkspaceId> {
        let (start, mut expected) = oneshot::channel();
        give(&Hint::new(hints, Some(start)));
        expected.try_recv().ok()
    }

    fn decide(hints: &WorkspaceHints, give: impl Fn(&Hint<'_>), admitted: Option<&WorkspaceId>) {
        let hint = Hint::new(hints, None);
        give(&hint);
        hint.settle(admitted);
    }

    #[test]
    fn a_secret_is_known_after_it_was_admitted_and_until_it_is_refused() {
        let (hints, a) = (WorkspaceHints::default(), workspace("acc_a"));
        let give = |hint: &Hint<'_>| hint.by_secret("hash");
        assert_eq!(started(&hints, give), None);
        decide(&hints, give, Some(&a));
        assert_eq!(started(&hints, give), Some(a.clone()));
        assert_eq!(started(&hints, |hint| hint.by_secret("another")), None);
        decide(&hints, give, None);
        assert_eq!(started(&hints, give), None);
        assert!(hints.0.lock().is_empty());
    }

    #[test]
    fn a_token_states_its_workspace_except_after_a_refusal() {
        let hints = WorkspaceHints::default();
        let (a, b) = (workspace("acc_a"), workspace("acc_b"));
        let give = |hint: &Hint<'_>| hint.by_token("user", &b);
        assert_eq!(started(&hints, give), Some(b.clone()));
        decide(&hints, give, None);
        assert_eq!(started(&hints, give), None);
        decide(&hints, give, Some(&a));
        assert_eq!(started(&hints, give), Some(b.clone()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (hints, a) = (WorkspaceHints::default(), workspace("acc_a"));
        for n in 0..=MOST {
            decide(&hints, |hint| hint.by_secret(&n.to_string()), Some(&a));
            assert!(hints.0.lock().len() <= MOST);
        }
        assert_eq!(started(&hints, |hint| hint.by_secret("0")), None);
        let last = MOST.to_string();
        assert_eq!(started(&hints, |hint| hint.by_secret(&last)), Some(a));
    }
}
