//! `GET` and `HEAD /dashboard`: the way to the one page there is.

use std::process::ExitCode;

use shared::{endpoint::moved, serve};

fn main() -> ExitCode {
    serve("GET /dashboard", moved("/dashboard/api-keys"))
}
