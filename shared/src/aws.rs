//! Clients of AWS services, and the secrets that Secrets Manager keeps.

pub(crate) mod clients;
pub(crate) mod delivery_queue;
pub(crate) mod early_connections;
pub(crate) mod failure_queue;
pub(crate) mod secrets;
pub(crate) mod signing_secret;
