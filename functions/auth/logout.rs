//! `POST /api/v1/auth/logout`: ends the session. The next call that presents it is refused.

use std::process::ExitCode;

use shared::{
    endpoint::{Call, form},
    envelope::Answer,
    error::ApiError,
    portal::SIGNED_OUT,
    serve,
};

fn main() -> ExitCode {
    // Where the page's script does not run, its form comes here by itself.
    serve("POST /api/v1/auth/logout", form(SIGNED_OUT, logout))
}

async fn logout(call: Call) -> Result<Answer, ApiError> {
    let Some(session) = call.session else {
        return Err(ApiError::conflict(
            "Only a session can be ended. An API key is revoked; an access token ends by itself.",
        ));
    };
    session.end().await?;
    Answer::deleted()
}
