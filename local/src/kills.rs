//! Processes that tests kill in the middle of their work.

use std::sync::{Arc, Mutex};

use crate::{lambda::locked, pool::function_of, proxy::Operation};

/// When a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The call has no effect.
    Before,
    /// The call has its effect, and its answer reaches nobody.
    After,
}

struct Kill {
    function: String,
    /// How many calls come before.
    calls: usize,
    when: When,
}

/// The processes that are to be killed, each at a call of its function.
#[derive(Clone, Default)]
pub(crate) struct Kills(Arc<Mutex<Vec<Kill>>>);

impl Kills {
    pub(crate) fn add(&self, function: &str, calls: usize, when: When) {
        locked(&self.0).push(Kill {
            function: function.to_owned(),
            calls,
            when,
        });
    }

    /// Whether the process that makes this call is killed.
    pub(crate) fn of(&self, operation: &Operation) -> Option<When> {
        let mut kills = locked(&self.0);
        let of_function = |kill: &Kill| kill.function == function_of(&operation.caller);
        let mut next = None;
        for (number, kill) in kills.iter_mut().enumerate() {
            if of_function(kill) {
                match kill.calls.checked_sub(1) {
                    Some(left) => kill.calls = left,
                    None => next = next.or(Some(number)),
                }
            }
        }
        next.map(|number| kills.remove(number).when)
    }
}
