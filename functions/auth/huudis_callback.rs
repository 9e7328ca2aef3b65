//! `GET /api/v1/auth/huudis/callback`: where the issuer sends browsers back to; finishes the sign-in with a session.

use std::process::ExitCode;

use shared::{
    endpoint::{SignInCall, signed_in},
    envelope::Redirect,
    error::ApiError,
    serve,
};

fn main() -> ExitCode {
    serve("GET /api/v1/auth/huudis/callback", signed_in(callback))
}

async fn callback(call: SignInCall<'_>) -> Result<Redirect, ApiError> {
    call.finish().await
}
