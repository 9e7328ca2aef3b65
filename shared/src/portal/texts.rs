//! What the pages say. Each language has all of it, or does not compile.
//!
//! `{name}`, `{when}` and `{key}` stand for what the script puts there, `{seconds}` for how long somebody is to wait.

/// The words of one language.
pub(super) struct Texts {
    /// How the script writes dates: a day before its month, as the server does.
    pub(super) locale: &'static str,
    pub(super) skip: &'static str,
    pub(super) language: &'static str,
    pub(super) signed_in_as: &'static str,
    pub(super) api_reference: &'static str,
    pub(super) workspace: &'static str,
    pub(super) sign_out: &'static str,
    pub(super) signing_out: &'static str,

    // The list.
    pub(super) api_keys: &'static str,
    pub(super) lead: &'static str,
    pub(super) show: &'static str,
    pub(super) all: &'static str,
    pub(super) not_used_for_90_days: &'static str,
    pub(super) none_match: &'static str,
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) created: &'static str,
    pub(super) last_used: &'static str,
    pub(super) actions: &'static str,
    pub(super) never: &'static str,
    /// A day follows.
    pub(super) unused_since: &'static str,
    /// A day follows.
    pub(super) never_used_since: &'static str,
    pub(super) no_keys: &'static str,
    /// After the last was revoked.
    pub(super) none_left: &'static str,
    pub(super) what_a_key_is_for: &'static str,
    pub(super) a_call: &'static str,
    pub(super) no_script: &'static str,
    pub(super) no_script_commands: &'static str,
    pub(super) script_missing: &'static str,
    pub(super) reload: &'static str,

    // Creating.
    pub(super) create: &'static str,
    pub(super) create_title: &'static str,
    pub(super) name_hint: &'static str,
    pub(super) example_name: &'static str,
    pub(super) creating: &'static str,
    pub(super) cancel: &'static str,
    pub(super) new_key: &'static str,
    pub(super) shown_once: &'static str,
    pub(super) try_it: &'static str,
    pub(super) copy_key: &'static str,
    pub(super) copy_command: &'static str,
    pub(super) copied: &'static str,
    pub(super) copied_key: &'static str,
    pub(super) copied_command: &'static str,
    pub(super) selected: &'static str,
    pub(super) done: &'static str,
    pub(super) not_saved: &'static str,
    pub(super) saved: &'static str,
    pub(super) was_created: &'static str,

    // Revoking.
    pub(super) revoke: &'static str,
    pub(super) revoke_title: &'static str,
    pub(super) revoke_consequence: &'static str,
    pub(super) revoke_confirm: &'static str,
    pub(super) revoking: &'static str,
    pub(super) was_revoked: &'static str,
    pub(super) was_gone: &'static str,

    // What a call of the script may come to.
    pub(super) name_rule: &'static str,
    pub(super) full: &'static str,
    pub(super) conflict: &'static str,
    pub(super) limited: &'static str,
    pub(super) a_moment: &'static str,
    pub(super) failed: &'static str,
    /// Where nothing was sent.
    pub(super) unreachable: &'static str,
    /// Where something was sent.
    pub(super) no_answer: &'static str,
    pub(super) refused: &'static str,
    pub(super) session_over: &'static str,
    pub(super) maybe_created: &'static str,
    pub(super) other_workspace: &'static str,
    /// Stands before what an error is quoted by. Where there is somebody to write to, [`Self::write_to_us`] (a link)
    /// and [`Self::and_quote`] stand there instead.
    pub(super) reference: &'static str,
    pub(super) write_to_us: &'static str,
    pub(super) and_quote: &'static str,
    pub(super) sign_in_again: &'static str,
    pub(super) signed_out: &'static str,
    pub(super) keys_keep_working: &'static str,

    // The page of problems.
    pub(super) sign_in_not_completed: Problem,
    pub(super) sign_in_stale: Problem,
    pub(super) no_workspace: Problem,
    pub(super) too_many_calls: Problem,
    pub(super) our_fault: Problem,
    pub(super) no_such_page: Problem,
    /// Of a request that is none that a page is asked for with: too large, say, or with a credential that is wrong.
    pub(super) not_taken: Problem,
    pub(super) in_the_way: Problem,

    // Moments.
    pub(super) just_now: &'static str,
    pub(super) minute: Unit,
    pub(super) hour: Unit,
    pub(super) day: Unit,
    pub(super) month: Unit,
    pub(super) year: Unit,
    /// Follows a count and a unit.
    pub(super) ago: &'static str,
    pub(super) months: [&'static str; 12],
    /// What stands between an hour and its minutes.
    pub(super) hour_and_minute: char,
}

/// What went wrong, and what to do about it.
pub(super) struct Problem {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// The link's words.
    pub(super) way_on: &'static str,
}

/// A unit of time, as it stands after a number.
pub(super) struct Unit {
    pub(super) one: &'static str,
    pub(super) many: &'static str,
}
