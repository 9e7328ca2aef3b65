//! The texts of the pages in British English.

mod keys;
mod webhooks;

use crate::portal::texts::{Problem, Texts, Unit};

pub(in crate::portal) static ENGLISH: Texts = Texts {
    locale: "en-GB",
    skip: "Skip to the main content",
    language: "Language",
    signed_in_as: "Signed in as",
    api_reference: "API reference",
    workspace: "Workspace",
    sign_out: "Sign out",
    signing_out: "Signing out…",
    pages: "Pages",
    keys: &keys::KEYS,
    webhooks: &webhooks::WEBHOOKS,

    api_keys: "API keys",
    lead: "Your own software uses a key to work with this workspace’s tickets. Treat it like a password: anyone \
           who has it can use it.",
    show: "Show",
    all: "All",
    not_used_for_90_days: "Not used for 90 days",
    none_match: "Every key here was used in the last 90 days, or is newer than that.",
    name: "Name",
    key: "Key",
    created: "Created",
    last_used: "Last used",
    actions: "Actions",
    never: "never",
    unused_since: "Not used since",
    never_used_since: "Never used since it was created on",
    no_keys: "This workspace has no keys",
    none_left: "No keys left",
    what_a_key_is_for: "With a key, your web shop, a chat bot or a script can read, create and answer tickets \
                        without anyone signing in. Give each one its own key, so that you can revoke one and \
                        leave the others alone.",
    a_call: "A request with a key looks like this:",
    no_script: "JavaScript is off. You can see and filter your keys and sign out, but you cannot create or \
                revoke keys here.",
    no_script_commands: "Commands can do both. Put a key of this workspace, or a Huudis access token, into \
                         SUPPUO_TOKEN. The first curl lists the keys with their IDs.",
    script_missing: "Part of this page did not load, so you cannot create or revoke keys.",
    reload: "Reload the page",

    create: "Create key",
    create_title: "Create a key",
    name_hint: "Say what will use the key, so that you recognise it later. Up to 120 characters.",
    example_name: "Web shop",
    creating: "Creating…",
    cancel: "Cancel",
    new_key: "Your new key",
    shown_once: "Copy the key now and keep it in a safe place. It will not be shown again.",
    try_it: "Try it with these commands:",
    copy_key: "Copy key",
    copy_command: "Copy commands",
    copied: "Copied",
    copied_key: "Key copied",
    copied_command: "Commands copied",
    selected: "Selected. Press Ctrl+C, or ⌘C on a Mac, to copy.",
    done: "Done",
    not_saved: "You have not copied the key. It will not be shown again.",
    saved: "I have saved the key",
    was_created: "Key {name} created.",
    overlaps: [
        (0, "no longer: it stops at once"),
        (3600, "for 1 hour"),
        (86_400, "for 24 hours"),
        (604_800, "for 7 days"),
    ],

    revoke: "Revoke",
    revoke_title: "Revoke this key?",
    revoke_consequence: "Anything using this key stops working immediately. You cannot undo this.",
    revoke_confirm: "Revoke key",
    revoking: "Revoking…",
    was_revoked: "Key {name} revoked.",
    was_gone: "Key {name} was already revoked.",

    name_rule: "Give the key a name of 1 to 120 characters.",
    full: "This workspace has 100 keys, and that is the most it can have. To create another, first revoke one \
           that you no longer need.",
    conflict: "Someone else is changing this workspace’s keys right now, or it already has 100. Nothing was \
               changed.",
    limited: "Too many requests in a short time. Nothing was changed. Try again {when}.",
    a_moment: "in a moment",
    failed: "Something went wrong on our side. Reload the page to see whether your change was made.",
    unreachable: "Suppuo could not be reached. Nothing was changed.",
    no_answer: "Suppuo did not answer, so we cannot tell whether your change was made. Check your connection, \
                then reload the page to see.",
    refused: "Suppuo refused this. Nothing was changed. Reload the page and try again.",
    session_over: "You are no longer signed in. Nothing was changed.",
    maybe_created: "We cannot tell whether the key was created. Reload the page. If the key is in the list, \
                    revoke it and create another, because it cannot be shown again.",
    other_workspace: "Someone has signed in to another workspace in this browser. Nothing was changed. Reload \
                      the page.",
    reference: "Reference",
    write_to_us: "Write to us",
    and_quote: "and quote",
    sign_in_again: "Sign in again",
    signed_out: "You are signed out",
    keys_keep_working: "Your keys keep working.",

    sign_in_not_completed: Problem {
        title: "You could not be signed in",
        text: "Huudis did not confirm who you are, or you cancelled. Please sign in again.",
        link_text: "Sign in again",
    },
    sign_in_expired: Problem {
        title: "This sign-in has expired",
        text: "A sign-in works once, for ten minutes, and only in the browser where you started it. \
               Please start again.",
        link_text: "Sign in again",
    },
    no_workspace: Problem {
        title: "Your account has no workspace",
        text: "Huudis knows you, but your account does not belong to a Suppuo workspace. Ask the \
               person who runs your shop’s workspace to add you, or sign in with another account.",
        link_text: "Sign in with another account",
    },
    too_many_calls: Problem {
        title: "Too many requests",
        text: "You have reached the limit of requests in one minute. Try again in {seconds} seconds.",
        link_text: "Try again",
    },
    our_fault: Problem {
        title: "Something went wrong on our side",
        text: "This is our fault, not yours. Please try again in a moment.",
        link_text: "Try again",
    },
    no_such_page: Problem {
        title: "There is no such page",
        text: "The address may be mistyped, or the page may be gone.",
        link_text: "Go to your API keys",
    },
    not_accepted: Problem {
        title: "Your request was not accepted",
        text: "Your browser sent something that does not belong to this page. Nothing was changed. Please open \
               the page again.",
        link_text: "Go to your API keys",
    },
    concurrent_change: Problem {
        title: "That did not work",
        text: "Someone else was changing the same thing at the same moment. Nothing was changed.",
        link_text: "Try again",
    },

    just_now: "just now",
    minute: Unit {
        one: "minute",
        many: "minutes",
    },
    hour: Unit {
        one: "hour",
        many: "hours",
    },
    day: Unit {
        one: "day",
        many: "days",
    },
    month: Unit {
        one: "month",
        many: "months",
    },
    year: Unit {
        one: "year",
        many: "years",
    },
    ago: "ago",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    hour_and_minute: ':',
};
