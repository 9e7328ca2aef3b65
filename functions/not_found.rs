//! `$default`: every path and method that no endpoint has.

use std::process::ExitCode;

use shared::{
    endpoint::{OpenCall, open},
    envelope::Answer,
    error::ApiError,
    serve,
};

fn main() -> ExitCode {
    serve("$default", open(not_found))
}

async fn not_found(_call: OpenCall) -> Result<Answer, ApiError> {
    Err(ApiError::not_found(
        "There is no such route. Every path begins with /api/v1.",
    ))
}
