//! `GET` and `HEAD /dashboard`: redirects to the only page.

use shared::{ApiError, ExitCode, Redirect, Unauthenticated, handler, serve};

fn main() -> ExitCode {
    serve("GET /dashboard", handler(index))
}

async fn index(_: Unauthenticated) -> Result<Redirect, ApiError> {
    Ok(Redirect::to("/dashboard/api-keys"))
}
