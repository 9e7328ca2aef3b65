//! `POST /api/v1/auth/logout`: ends the session. The next call that presents it is refused.

use std::process::ExitCode;

use shared::{
    endpoint::{Call, authenticated},
    envelope::Answer,
    error::ApiError,
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
    Answer::deleted()
}
