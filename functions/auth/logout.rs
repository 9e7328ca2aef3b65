//! `POST /api/v1/auth/logout`: ends the session. The next call with it is refused. If the page's script does not run,
//! its form sends this request.

use shared::{Answer, ApiError, ExitCode, SignOut, handler, serve};

fn main() -> ExitCode {
    serve("POST /api/v1/auth/logout", handler(logout))
}

async fn logout(call: SignOut) -> Result<Answer, ApiError> {
    let Some(session) = &call.session else {
        return Err(ApiError::conflict(
            "Only a session can be ended. An API key is revoked; an access token ends by itself.",
        ));
    };
    session.end().await?;
    call.signed_out()
}
