//! `GET` and `HEAD /dashboard`: the way to the one page there is.

use shared::{Anyone, ApiError, ExitCode, Redirect, handler, serve};

fn main() -> ExitCode {
    serve("GET /dashboard", handler(index))
}

async fn index(_: Anyone) -> Result<Redirect, ApiError> {
    Ok(Redirect::to("/dashboard/api-keys"))
}
