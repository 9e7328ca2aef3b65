//! `POST /api/v1/auth/logout`: ends the session. The next call that presents it is refused.

use std::process::ExitCode;

use shared::{
    endpoint::{Call, authenticated},
    envelope::{Answer, Redirect},
    error::ApiError,
    portal::SIGNED_OUT,
    serve,
};

fn main() -> ExitCode {
    serve("POST /api/v1/auth/logout", authenticated(logout))
}

async fn logout(call: Call) -> Result<Answer, ApiError> {
    let Some(session) = call.session else {
        return Err(ApiError::conflict(
            "Only a session can be ended. An API key is revoked; an access token ends by itself.",
        ));
    };
    session.end().await?;
    // A form, where the page's script does not run.
    if call.request.is_navigation() {
        return Redirect::to(SIGNED_OUT).try_into();
    }
    Answer::deleted()
}
