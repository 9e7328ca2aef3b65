//! `GET /api/v1/auth/huudis/start`: begins a sign-in, which leads to `returnTo` in the end.

use std::process::ExitCode;

use shared::{
    endpoint::{SignInCall, sign_in},
    envelope::Redirect,
    error::ApiError,
    serve,
    sign_in::{Ask, ReturnTo},
};

fn main() -> ExitCode {
    serve("GET /api/v1/auth/huudis/start", sign_in(start))
}

async fn start(call: SignInCall<'_>) -> Result<Redirect, ApiError> {
    let query = call.request.query();
    let return_to = ReturnTo::of(query.text("returnTo")?)?;
    let ask = query.word("prompt")?.unwrap_or(Ask::IfNeedBe);
    call.begin(return_to, ask).await
}
