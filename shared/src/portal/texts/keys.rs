//! The texts about a key's settings and its life: on the list, in the dialog that creates keys, and on a key's page.
//!
//! The script replaces `{name}`, the name of a key, and `{count}` and `{all}`.

use crate::{domain::scope::Area, store::audit_trail::Action};

/// The texts of one language.
pub(in crate::portal) struct KeyTexts {
    // What a key may do.
    pub(in crate::portal) may_do: &'static str,
    pub(in crate::portal) everything: &'static str,
    pub(in crate::portal) read_everything: &'static str,
    pub(in crate::portal) chosen: &'static str,
    /// In a summary.
    pub(in crate::portal) reads_everything: &'static str,
    pub(in crate::portal) area: fn(Area) -> &'static str,
    pub(in crate::portal) no_access: &'static str,
    pub(in crate::portal) read_access: &'static str,
    pub(in crate::portal) write_access: &'static str,
    /// Follows an area that a key may only read.
    pub(in crate::portal) only_reads: &'static str,

    // Until when, from where, how often.
    pub(in crate::portal) more: &'static str,
    pub(in crate::portal) expires: &'static str,
    pub(in crate::portal) never: &'static str,
    /// In so many days, and what that is called.
    pub(in crate::portal) lives: [(u32, &'static str); 3],
    pub(in crate::portal) on_a_date: &'static str,
    pub(in crate::portal) date_and_time: &'static str,
    pub(in crate::portal) addresses: &'static str,
    pub(in crate::portal) addresses_hint: &'static str,
    pub(in crate::portal) any_address: &'static str,
    pub(in crate::portal) limit: &'static str,
    pub(in crate::portal) limit_hint: &'static str,
    pub(in crate::portal) highest_limit: &'static str,

    // The state of a key.
    pub(in crate::portal) active: &'static str,
    pub(in crate::portal) switched_on: &'static str,
    pub(in crate::portal) switched_off: &'static str,
    /// A date follows these three.
    pub(in crate::portal) expires_on: &'static str,
    pub(in crate::portal) expires_soon: &'static str,
    pub(in crate::portal) expired: &'static str,
    /// A date follows.
    pub(in crate::portal) old_key_until: &'static str,
    /// Who created a key follows.
    pub(in crate::portal) by: &'static str,

    // Who did something.
    pub(in crate::portal) you: &'static str,
    pub(in crate::portal) api_key: &'static str,
    pub(in crate::portal) operator: &'static str,
    pub(in crate::portal) github: &'static str,
    pub(in crate::portal) leak_report: &'static str,
    pub(in crate::portal) unknown: &'static str,

    // Searching and sorting the list.
    pub(in crate::portal) search: &'static str,
    pub(in crate::portal) sort: &'static str,
    pub(in crate::portal) newest: &'static str,
    pub(in crate::portal) by_name: &'static str,
    pub(in crate::portal) by_use: &'static str,
    pub(in crate::portal) by_expiry: &'static str,
    pub(in crate::portal) found: &'static str,

    // A key's page.
    pub(in crate::portal) all_keys: &'static str,
    pub(in crate::portal) no_script: &'static str,
    pub(in crate::portal) no_script_commands: &'static str,
    pub(in crate::portal) script_missing: &'static str,
    pub(in crate::portal) created: &'static str,
    pub(in crate::portal) old_key: &'static str,
    pub(in crate::portal) works_until: &'static str,
    /// An age follows.
    pub(in crate::portal) last_used: &'static str,
    pub(in crate::portal) not_used_since: &'static str,

    // Changing.
    pub(in crate::portal) settings: &'static str,
    pub(in crate::portal) save: &'static str,
    pub(in crate::portal) saving: &'static str,
    pub(in crate::portal) was_saved: &'static str,
    pub(in crate::portal) nothing_to_save: &'static str,
    pub(in crate::portal) switch_off: &'static str,
    pub(in crate::portal) switching_off: &'static str,
    pub(in crate::portal) was_switched_off: &'static str,
    pub(in crate::portal) switch_on: &'static str,
    pub(in crate::portal) switching_on: &'static str,
    pub(in crate::portal) was_switched_on: &'static str,

    // Rotating.
    pub(in crate::portal) rotate: &'static str,
    pub(in crate::portal) rotate_title: &'static str,
    pub(in crate::portal) rotate_consequence: &'static str,
    pub(in crate::portal) supersedes: &'static str,
    pub(in crate::portal) old_key_works: &'static str,
    pub(in crate::portal) rotating: &'static str,
    pub(in crate::portal) was_rotated: &'static str,
    pub(in crate::portal) end: &'static str,
    pub(in crate::portal) end_title: &'static str,
    pub(in crate::portal) end_consequence: &'static str,
    pub(in crate::portal) ending: &'static str,
    pub(in crate::portal) was_ended: &'static str,

    // How often it was used.
    pub(in crate::portal) usage: &'static str,
    pub(in crate::portal) no_calls: &'static str,
    /// Before the number of calls of the days together, and of the day with the most.
    pub(in crate::portal) together: &'static str,
    pub(in crate::portal) most_in_a_day: &'static str,
    pub(in crate::portal) numbers: &'static str,
    pub(in crate::portal) day: &'static str,
    pub(in crate::portal) calls: &'static str,

    // What was done to it.
    pub(in crate::portal) history: &'static str,
    pub(in crate::portal) kept_a_year: &'static str,
    pub(in crate::portal) no_history: &'static str,
    pub(in crate::portal) no_older: &'static str,
    pub(in crate::portal) older: &'static str,
    pub(in crate::portal) newest_again: &'static str,
    pub(in crate::portal) action: fn(Action) -> &'static str,
    pub(in crate::portal) yes: &'static str,
    pub(in crate::portal) no: &'static str,
    /// An address follows.
    pub(in crate::portal) from: &'static str,

    // Errors of the script's calls.
    pub(in crate::portal) scopes_rule: &'static str,
    pub(in crate::portal) expiry_rule: &'static str,
    pub(in crate::portal) addresses_rule: &'static str,
    pub(in crate::portal) limit_rule: &'static str,
    pub(in crate::portal) shuts_you_out: &'static str,
    pub(in crate::portal) conflict: &'static str,
    /// It is not known whether the key was rotated; it was not; it was, and the new key was never seen.
    pub(in crate::portal) maybe_rotated: &'static str,
    pub(in crate::portal) not_rotated: &'static str,
    pub(in crate::portal) rotated_unseen: &'static str,
}
