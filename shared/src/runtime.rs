//! A function's life: its configuration, its start, and the way of each request through it.

pub(crate) mod config;
mod pipeline;
mod request_log;
mod respond;
pub mod serve;
