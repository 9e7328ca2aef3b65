//! What the API is about, without HTTP and without a database.

pub mod act;
pub mod api_key;
pub mod caller;
pub(crate) mod client_address;
pub(crate) mod email;
pub mod event_type;
pub mod exposure;
pub mod idempotency_key;
pub mod ip_block;
pub mod key;
pub mod key_settings;
pub mod public_address;
pub mod rate_limit;
pub mod scope;
pub mod sealing_key;
pub mod session;
pub mod signing_keys;
pub(crate) mod text;
pub mod ticket;
pub mod ticket_filter;
pub mod ticket_token;
pub mod webhook_delivery;
pub mod webhook_secret;
pub mod webhook_subscription;
pub mod webhook_url;
