//! `GET /api/v1/auth/huudis/callback`: the issuer redirects browsers here. Finishes the sign-in with a session.

use shared::{ApiError, ExitCode, Redirect, SignInCallback, handler, serve};

fn main() -> ExitCode {
    serve("GET /api/v1/auth/huudis/callback", handler(callback))
}

async fn callback(call: SignInCallback) -> Result<Redirect, ApiError> {
    call.finish().await
}
