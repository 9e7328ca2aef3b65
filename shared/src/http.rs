//! Requests and responses.

pub mod cookies;
pub mod cors;
pub mod cursor;
mod digest;
pub mod entity_tag;
pub mod envelope;
pub mod event;
pub mod fields;
pub mod json;
pub mod language;
pub mod origin;
pub mod query;
pub mod reply;
pub mod request;
pub mod routes;
mod sentences;
