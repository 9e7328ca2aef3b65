//! The scheme of portal sessions: the cookie that a sign-in sets, see [`crate::domain::session`].
//!
//! Browsers send the cookie with requests that any page makes. `SameSite=Lax` withholds it from other sites' writes,
//! but a site may include hosts that are not ours. So a write is accepted only if the browser states that a page of the
//! same origin sent it: in `Sec-Fetch-Site` (W3C Fetch Metadata), which scripts cannot set, or in `Origin` (RFC 6454
//! section 7). If it sends both, both must agree. Every method except GET and HEAD is a write, and no GET changes
//! anything.
//!
//! The origin is checked before the cookie's value, so that a cross-site write costs no request to the table and does
//! not count against the user's limit.

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
    if let Err(error) = check_same_origin(request) {
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
    context.hint.by_secret(hash.as_str());
    let counted = session_calls::count(
        context.database,
        context.last_counts,
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
        has_stamped_key: false,
    })
}

/// `403` for a write that no page of this origin sent.
pub(crate) fn check_same_origin(request: &Request) -> Result<(), ApiError> {
    if request.is_safe() {
        return Ok(());
    }
    let site = request.header("sec-fetch-site");
    let by_site = site.map(|site| site == "same-origin");
    // Under our pages' referrer policy, browsers send `Origin: null` with forms. It does not name another origin.
    let origin = request.header("origin").filter(|origin| *origin != "null");
    let by_origin = origin.map(|named| {
        let own = request.origin();
        own.is_some_and(|own| own.matches_header(named))
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

    fn is_accepted(method: &str, headers: &[(&str, &str)]) -> bool {
        let headers: serde_json::Map<_, _> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .chain([("host".to_owned(), json!("api.example.com"))])
            .collect();
        let event =
            json!({ "headers": headers, "requestContext": { "http": { "method": method } } });
        check_same_origin(&Request::from_text(&event.to_string()).unwrap()).is_ok()
    }

    #[test]
    fn a_write_is_accepted_only_from_the_same_origin() {
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
                assert!(is_accepted(method, headers), "{method} {headers:?}");
            }
            for headers in bad {
                assert!(!is_accepted(method, headers), "{method} {headers:?}");
            }
        }
        for method in ["GET", "HEAD"] {
            assert!(is_accepted(method, &[("origin", other)]));
        }
    }
}
