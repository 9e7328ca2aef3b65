//! How a function starts, and how it handles each request.

mod pipeline;
mod request_log;
mod respond;
pub mod serve;
