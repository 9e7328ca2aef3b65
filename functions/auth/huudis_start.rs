//! `GET /api/v1/auth/huudis/start`: starts a sign-in, which returns to the path in `returnTo`.

use shared::{
    ApiError, ExitCode, Redirect, SignInStart,
    auth::sign_in::{prompt::Prompt, return_to::ReturnTo},
    handler, serve,
};

fn main() -> ExitCode {
    serve("GET /api/v1/auth/huudis/start", handler(start))
}

async fn start(call: SignInStart) -> Result<Redirect, ApiError> {
    let query = call.request.query();
    let return_to = ReturnTo::of(query.text("returnTo")?)?;
    let prompt = query.word("prompt")?.unwrap_or(Prompt::Default);
    call.start(return_to, prompt).await
}
