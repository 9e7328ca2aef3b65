//! Tests from the outside: they send real events to the built functions and read the responses as a client does.

#![expect(unreachable_pub, reason = "a test binary has no outside")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod access_tokens;
mod api_keys;
mod app;
mod canned_replies;
mod dashboard;
mod dashboard_errors;
mod deployment;
mod documents;
mod envelope;
mod events;
mod faults;
mod history;
mod hostile_json;
mod imports;
mod issuer_keys;
mod limits;
mod log;
mod model;
mod parameters;
mod public_form;
mod public_form_cors;
mod public_limits;
mod public_limits_refunds;
mod reference;
mod routes;
mod secret_rotation;
mod session_limits;
mod sessions;
mod sign_in;
mod sign_in_issuer;
mod sign_in_replays;
mod soak;
mod start;
mod sweep;
mod ticket_list;
mod ticket_list_pages;
mod ticket_model;
mod tickets;
mod tickets_update;
mod validation;
mod workspace_shown;
