//! `GET /api/v1/auth/me` and `/api/v1/me`: the caller's workspace, and the user if there is one. API keys have no user;
//! access tokens do not tell the user's name and e-mail address.

use serde::Serialize;
use shared::{
    ANY_KEY, Answer, ApiError, Authenticated, ExitCode, Subject, Timestamp, WorkspaceId, scoped,
    serve,
};

fn main() -> ExitCode {
    serve("GET /api/v1/auth/me", scoped(ANY_KEY, me))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me<'a> {
    sub: Option<&'a Subject>,
    account_id: &'a WorkspaceId,
    email: Option<&'a str>,
    name: Option<&'a str>,
    /// When the credential expires. Using a session extends it. Keys do not expire.
    expires_at: Option<Timestamp>,
}

async fn me(call: Authenticated) -> Result<Answer, ApiError> {
    let user = call.caller.user();
    Answer::ok(Me {
        sub: user.map(|user| &user.sub),
        account_id: call.workspace.id(),
        email: user.and_then(|user| user.email.as_deref()),
        name: user.and_then(|user| user.name.as_deref()),
        expires_at: user.map(|user| user.expires_at),
    })
}
