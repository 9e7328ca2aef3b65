//! The texts of the pages. A language that lacks one does not compile.
//!
//! The script replaces `{name}`, `{when}` and `{key}`. The server replaces `{seconds}`, the time to wait.

pub(super) mod keys;
pub(super) mod webhooks;

use keys::KeyTexts;
use webhooks::WebhookTexts;

/// The texts of one language.
pub(super) struct Texts {
    /// The locale in which the script writes dates: the day before the month, as the server does.
    pub(super) locale: &'static str,
    pub(super) skip: &'static str,
    pub(super) language: &'static str,
    pub(super) signed_in_as: &'static str,
    pub(super) api_reference: &'static str,
    pub(super) workspace: &'static str,
    pub(super) sign_out: &'static str,
    pub(super) signing_out: &'static str,
    /// The name of the navigation between the pages.
    pub(super) pages: &'static str,
    pub(super) keys: &'static KeyTexts,
    pub(super) webhooks: &'static WebhookTexts,

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
    /// A date follows.
    pub(super) unused_since: &'static str,
    /// A date follows.
    pub(super) never_used_since: &'static str,
    pub(super) no_keys: &'static str,
    /// After the last key was revoked.
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
    /// For how many seconds an old secret goes on, and what that is called.
    pub(super) overlaps: [(u32, &'static str); 4],

    // Revoking.
    pub(super) revoke: &'static str,
    pub(super) revoke_title: &'static str,
    pub(super) revoke_consequence: &'static str,
    pub(super) revoke_confirm: &'static str,
    pub(super) revoking: &'static str,
    pub(super) was_revoked: &'static str,
    pub(super) was_gone: &'static str,

    // Errors of the script's calls.
    pub(super) name_rule: &'static str,
    pub(super) full: &'static str,
    pub(super) conflict: &'static str,
    pub(super) limited: &'static str,
    pub(super) a_moment: &'static str,
    pub(super) failed: &'static str,
    /// Nothing was sent.
    pub(super) unreachable: &'static str,
    /// Something was sent.
    pub(super) no_answer: &'static str,
    pub(super) refused: &'static str,
    pub(super) session_over: &'static str,
    pub(super) maybe_created: &'static str,
    pub(super) other_workspace: &'static str,
    /// Comes before an error's id. If there is a link to support, [`Self::write_to_us`] (the link's text) and
    /// [`Self::and_quote`] come there instead.
    pub(super) reference: &'static str,
    pub(super) write_to_us: &'static str,
    pub(super) and_quote: &'static str,
    pub(super) sign_in_again: &'static str,
    pub(super) signed_out: &'static str,
    pub(super) keys_keep_working: &'static str,

    // The error page.
    pub(super) sign_in_not_completed: Problem,
    pub(super) sign_in_expired: Problem,
    pub(super) no_workspace: Problem,
    pub(super) too_many_calls: Problem,
    pub(super) our_fault: Problem,
    pub(super) no_such_page: Problem,
    /// For a request that browsers do not send for a page: one that is too large, or has a wrong credential.
    pub(super) not_accepted: Problem,
    pub(super) concurrent_change: Problem,

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
    /// The separator between hours and minutes.
    pub(super) hour_and_minute: char,
}

/// An error, and what to do about it.
pub(super) struct Problem {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) link_text: &'static str,
}

/// A unit of time, as it follows a number.
pub(super) struct Unit {
    pub(super) one: &'static str,
    pub(super) many: &'static str,
}
