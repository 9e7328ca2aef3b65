//! The texts about a key's settings and its life, in British English.

use crate::{domain::scope::Area, portal::texts::keys::KeyTexts, store::audit_trail::Action};

pub(super) static KEYS: KeyTexts = KeyTexts {
    may_do: "What it may do",
    everything: "Everything",
    read_everything: "Read everything, change nothing",
    chosen: "Only what you choose",
    reads_everything: "Reads everything",
    area: |area| match area {
        Area::Tickets => "Tickets",
        Area::CannedReplies => "Canned replies",
        Area::ApiKeys => "API keys",
        Area::Webhooks => "Webhooks",
        Area::Channels => "Channels",
        Area::Billing => "Billing",
    },
    no_access: "nothing",
    read_access: "read",
    write_access: "read and change",
    only_reads: "(only reads)",

    more: "Limit what it may do, until when, from where",
    expires: "Expires",
    never: "Never",
    lives: [(30, "In 30 days"), (90, "In 90 days"), (365, "In 365 days")],
    on_a_date: "On a date",
    date_and_time: "Date and time",
    addresses: "Addresses that may use it",
    addresses_hint: "One on each line: an address, or a block such as 203.0.113.0/24. Leave this empty to allow all.",
    any_address: "All",
    limit: "Calls a minute",
    limit_hint: "Leave this empty for as many as Suppuo allows.",
    highest_limit: "As many as Suppuo allows",

    active: "Active",
    switched_on: "Switched on",
    switched_off: "Switched off",
    expires_on: "Expires on",
    expires_soon: "Expires soon, on",
    expired: "Expired on",
    old_key_until: "Old key works until",
    by: "by",

    you: "you",
    api_key: "API key",
    operator: "Suppuo’s operator",
    github: "GitHub, which found it in public",
    leak_report: "somebody who found it in public",
    unknown: "unknown",

    search: "Search",
    sort: "Sort",
    newest: "Newest first",
    by_name: "By name",
    by_use: "Last used first",
    by_expiry: "Expiring first",
    found: "{count} of {all} keys",

    all_keys: "All API keys",
    no_script: "JavaScript is off. You can read everything about this key and sign out, but you cannot change the \
                key \
                here.",
    no_script_commands: "You can change it with commands. Put a Huudis access token, or another key of this \
                         workspace, into SUPPUO_TOKEN. These rename the key, switch it off, limit it, rotate it, \
                         end the old key and revoke it:",
    script_missing: "Part of this page did not load, so you cannot change the key.",
    created: "Created",
    old_key: "Old key",
    works_until: "works until",
    last_used: "last used",
    not_used_since: "not used since the key was rotated",

    settings: "Settings",
    save: "Save changes",
    saving: "Saving…",
    was_saved: "Changes to {name} saved.",
    nothing_to_save: "Key {name} is already like this.",
    switch_off: "Switch off",
    switching_off: "Switching off…",
    was_switched_off: "Key {name} switched off. Calls with it are refused until you switch it on again.",
    switch_on: "Switch on",
    switching_on: "Switching on…",
    was_switched_on: "Key {name} switched on.",

    rotate: "Rotate",
    rotate_title: "Replace this key with a new one?",
    rotate_consequence: "You get a new key with the same settings. The one of today works for a while longer, so \
                         that you can put the new one in its place without a break.",
    supersedes: "An older key still works. It stops as soon as you rotate.",
    old_key_works: "The key of today works",
    rotating: "Rotating…",
    was_rotated: "Key {name} rotated.",
    end: "End the old key",
    end_title: "End the old key now?",
    end_consequence: "Anything that still uses the old key stops working immediately. The new key goes on working.",
    ending: "Ending…",
    was_ended: "The old key of {name} no longer works.",

    usage: "Calls in the last 30 days",
    no_calls: "There were no calls.",
    together: "Total:",
    most_in_a_day: "Most in a day:",
    numbers: "Show the numbers",
    day: "Day (UTC)",
    calls: "Calls",

    history: "History",
    kept_a_year: "All changes to this key in the last year.",
    no_history: "There are no entries.",
    no_older: "There are no older entries.",
    older: "Older entries",
    newest_again: "Newest entries",
    action: |action| match action {
        Action::Created => "Created",
        Action::Changed => "Changed",
        Action::Rotated => "Rotated",
        Action::OverlapEnded => "Old key ended",
        Action::Revoked => "Revoked",
        Action::Exposed => "Found in public",
    },
    yes: "yes",
    no: "no",
    from: "from",

    scopes_rule: "Choose at least one area.",
    expiry_rule: "Choose a time at least 1 hour and at most 5 years from now.",
    addresses_rule: "Enter at most 20 addresses or blocks, one on each line. A block starts with its first address: \
                     203.0.113.0/24, not 203.0.113.7/24.",
    limit_rule: "Enter a whole number of 1 or more, below Suppuo’s own limit, or leave this empty.",
    shuts_you_out: "With these addresses, the key would not work from where you are now. Save again to do it anyway.",
    conflict: "Someone else changed this key at the same time, so your change was not made. Reload the page and try \
               again.",
    maybe_rotated: "We cannot tell whether the key was rotated. Reload the page. If the history has a new entry \
                    “Rotated”, a new key was made, and it cannot be shown.",
    not_rotated: "The key was not rotated. Try again.",
    rotated_unseen: "A new key was made, but its answer was lost, and it cannot be shown. What uses the old key \
                     works as long as this page says. Rotate again when you can replace the key at once: the old \
                     one then stops.",
};
