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
mod audit_events;
mod bill;
mod canned_replies;
mod dashboard;
mod dashboard_errors;
mod deployment;
mod documents;
mod envelope;
mod events;
mod faults;
mod first_call;
mod history;
mod hostile_json;
mod idempotency;
mod idempotency_public;
mod idempotency_webhooks;
mod imports;
mod issuer_keys;
mod key_exposure;
mod key_model;
mod key_rotation;
mod key_scopes;
mod key_settings;
mod key_state;
mod key_usage;
mod leaked_keys;
mod limits;
mod log;
mod model;
mod parameters;
mod polling;
mod public_form;
mod public_form_cors;
mod public_limits;
mod public_limits_refunds;
mod read_ahead;
mod reference;
mod rollovers;
mod routes;
mod secret_rotation;
mod secret_scanning;
mod session_limits;
mod sessions;
mod sign_in;
mod sign_in_issuer;
mod sign_in_replays;
mod soak;
mod start;
mod sweep;
mod ticket_indexes;
mod ticket_list;
mod ticket_list_pages;
mod ticket_model;
mod tickets;
mod tickets_update;
mod upgrade;
mod validation;
mod webhook_attempts;
mod webhook_client;
mod webhook_deliveries;
mod webhook_events;
mod webhook_fan_out;
mod webhook_fields;
mod webhook_holds;
mod webhook_kills;
mod webhook_model;
mod webhook_receivers;
mod webhook_recoveries;
mod webhook_retries;
mod webhook_secret_rotation;
mod webhook_secrets;
mod webhook_subscriptions;
mod webhook_sweeps;
mod workers;
mod workspace_shown;
