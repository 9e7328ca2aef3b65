//! `OPTIONS /api/v1/public/{proxy+}`: what a browser asks before it sends what a page of another origin wrote. The answer is
//! in the headers, which every answer of the public form has.

use std::process::ExitCode;

use serde::Serialize;
use shared::{
    endpoint::{PublicCall, public},
    envelope::Answer,
    error::ApiError,
    serve,
};

fn main() -> ExitCode {
    serve("OPTIONS /api/v1/public/{proxy+}", public(preflight))
}

#[derive(Serialize)]
struct Nothing {}

async fn preflight(_call: PublicCall) -> Result<Answer, ApiError> {
    Answer::ok(Nothing {})
}
