//! What the API is about, without HTTP and without a database.

pub mod api_key;
pub mod caller;
pub(crate) mod client_address;
pub(crate) mod email;
pub mod rate_limit;
pub mod session;
pub mod signing_keys;
pub(crate) mod text;
pub mod ticket;
pub mod ticket_filter;
pub mod ticket_token;
