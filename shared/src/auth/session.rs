//! Portal sessions: the cookie that a sign-in leaves, see [`crate::domain::session`].
//!
//! A browser sends the cookie along with whatever a page has it send. `SameSite=Lax` keeps other sites' writes from having
//! it; that is the browser's word, and of the whole site, which may be more hosts than ours. So a write is only taken
//! where the browser says that a page of this very origin sent it: in `Sec-Fetch-Site` (W3C Fetch Metadata), which no script
//! can set, or in `Origin` (RFC 6454 section 7). Where it says both, neither may say otherwise. The method decides
//! what is a write; a `GET` that changed something would not be protected, and none does.
//!
//! The origin is checked before the cookie's value is looked at: a cross-site write costs the table nothing, and takes
//! nothing from the user's limit.

use crate::{
    auth::{
        bearer::Authorization,
        scheme::{Authenticated, Context, SchemeResult},
    },
    domain::{
        caller::{Caller, User},
        session::SessionId,
    },
    error::ApiError,
    http::{cookies::CookieName, request::Request},
    store::session_calls,
};

pub(crate) async fn attempt(
    authorization: &Authorization<'_>,
    request: &Request,
    context: &Context<'_>,
) -> SchemeResult {
    let (Authorization::Absent, Some(cookie)) =
        (authorization, request.cookie(CookieName::Session))
    else {
        return SchemeResult::NotRequested;
    };
    if let Err(error) = same_origin(request) {
        return error.into();
    }
    match authenticate(cookie, context).await {
        Ok(authenticated) => SchemeResult::Authenticated(authenticated),
        Err(error) => error.into(),
    }
}

async fn authenticate(cookie: &str, context: &Context<'_>) -> Result<Authenticated, ApiError> {
    let ended = |refusal| ApiError::auth_required("The session has ended. Sign in again.", refusal);
    let id = SessionId::parse(cookie).ok_or_else(|| ended("malformed_session"))?;
    let hash = id.hash();
    let counted = session_calls::count(
        context.database,
        &hash,
        context.sessions,
        context.limit,
        context.now,
    );
    let (known, decision) = counted.await?.ok_or_else(|| ended("unknown_session"))?;
    let user = User {
        sub: known.user.sub,
        email: known.user.email,
        name: known.user.name,
        expires_at: known.expires_at,
        session: Some(hash),
    };
    Ok(Authenticated {
        caller: Caller::User(Box::new(user)),
        workspace: known.user.workspace,
        decision,
    })
}

/// Refuses a write with a session that no page of this origin sent.
///
/// # Errors
///
/// `403`.
pub(crate) fn same_origin(request: &Request) -> Result<(), ApiError> {
    if request.is_safe() {
        return Ok(());
    }
    let site = request.header("sec-fetch-site");
    let by_site = site.map(|site| site == "same-origin");
    // A page without a referrer policy's leave says `null` in a form's `Origin`: that is no other origin's name.
    let origin = request.header("origin").filter(|origin| *origin != "null");
    let by_origin = origin.map(|named| {
        let own = request.origin();
        own.is_some_and(|own| own.is_named_by(named))
    });
    match (by_site, by_origin) {
        (Some(true), None | Some(true)) | (None, Some(true)) => Ok(()),
        _ => Err(ApiError::forbidden(
            "A request that changes something with a session must come from a page of this host, and say so in \
             `Origin` or `Sec-Fetch-Site`.",
            "cross_site",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn admitted(method: &str, headers: &[(&str, &str)]) -> bool {
        let headers: serde_json::Map<_, _> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .chain([("host".to_owned(), json!("api.example.com"))])
            .collect();
        let event =
            json!({ "headers": headers, "requestContext": { "http": { "method": method } } });
        same_origin(&Request::from_text(&event.to_string()).unwrap()).is_ok()
    }

    #[test]
    fn a_write_is_of_this_origin_or_refused() {
        let (own, other) = ("https://api.example.com", "https://evil.example.com");
        let good: [&[_]; 4] = [
            &[("sec-fetch-site", "same-origin")],
            &[("origin", own)],
            &[("sec-fetch-site", "same-origin"), ("origin", own)],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        ];
        let bad: [&[_]; 11] = [
            &[],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", other)],
            &[("origin", "http://api.example.com")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "cross-site"), ("origin", own)],
            &[("sec-fetch-site", "same-origin"), ("origin", other)],
            &[("referer", "https://api.example.com/dashboard")],
        ];
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", ""] {
            for headers in good {
                assert!(admitted(method, headers), "{method} {headers:?}");
            }
            for headers in bad {
                assert!(!admitted(method, headers), "{method} {headers:?}");
            }
        }
        for method in ["GET", "HEAD"] {
            assert!(admitted(method, &[("origin", other)]));
        }
    }
}
