//! How a function starts, and how it handles each request.

mod batch_response;
pub mod deliver_worker;
pub mod due_worker;
pub mod fan_out_worker;
mod pipeline;
mod request_log;
mod respond;
pub mod serve;
mod worker;
