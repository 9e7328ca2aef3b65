//! What the endpoints have in common: the way of a request from event to envelope.
//!
//! ```text
//! event → credential → limit → handler → store → envelope
//! ```
//!
//! | step | where |
//! |---|---|
//! | a function starts | [`serve()`] |
//! | API Gateway's event is read | [`request`] |
//! | the caller is recognised, and their call counted | [`credentials`], [`limits`], `client_address` |
//! | the endpoint's own file does its work | [`endpoint`] says what it is given; [`ticket`], [`api_key`]… what it is about |
//! | data is read and written, of the caller's workspace | [`store`] |
//! | a list goes on where it ended | [`cursor`], sealed with a key of [`signing`] |
//! | the answer, whatever it is, gets its one shape | [`envelope`], [`error`] |
//! | a path that nobody has is told what would be right | [`routes`] |
//! | people sign in | [`sign_in`], [`session`], [`cookies`] |
//! | and see a page | [`portal`], [`reply`] |
//!
//! `pipeline` ties these together; `log` writes down what happened.

#![cfg_attr(
    test,
    allow(clippy::disallowed_types, reason = "tests write JSON and read our own")
)]

pub mod api_key;
mod aws;
mod client_address;
mod config;
pub mod cookies;
pub mod credentials;
pub mod cursor;
mod email;
pub mod endpoint;
pub mod envelope;
pub mod error;
mod exchange;
pub mod ids;
mod issuer_http;
mod json;
pub mod limits;
mod log;
mod meter;
pub mod origin;
mod pipeline;
pub mod portal;
mod published;
mod random;
pub mod reply;
pub mod request;
pub mod routes;
mod secrets;
mod serve;
pub mod session;
pub mod sign_in;
pub mod signing;
pub mod store;
mod text;
pub mod ticket;
pub mod ticket_token;
pub mod time;
pub mod words;

pub use serve::serve;
