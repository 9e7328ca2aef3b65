//! The tests that go through the door: real events to the built functions, answers as a client reads them.

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
mod documents;
mod envelope;
mod events;
mod faults;
mod history;
mod hostile_json;
mod imports;
mod limits;
mod log;
mod model;
mod parameters;
mod public_form;
mod public_limits;
mod reference;
mod routes;
mod sessions;
mod sign_in;
mod soak;
mod start;
mod sweep;
mod ticket_list;
mod ticket_model;
mod tickets;
mod validation;
mod workspace_shown;
