//! The page that tells an error to a browser that navigates.

use crate::{
    auth::sign_in::{START, return_to::ReturnTo},
    endpoint::platform::Platform,
    error::{ApiError, ErrorCode},
    http::{
        language::{Language, language_of},
        reply::Page,
        request::Request,
    },
    ids::{RequestId, ResourceId},
    portal::problem_page::{ProblemPage, Way},
};

/// What a sign-in may come to: these are told again.
const OF_SIGN_IN: [ErrorCode; 5] = [
    ErrorCode::ValidationError,
    ErrorCode::AuthRequired,
    ErrorCode::Forbidden,
    ErrorCode::Conflict,
    ErrorCode::InternalError,
];

/// The page that tells what an earlier request of a sign-in came to, which its address names: it is told in another
/// language, or because the page is loaded again. Nothing is done and nothing fails, so it is answered as any page is.
pub(crate) fn tell_again(
    request: &Request,
    platform: &Platform,
    way: Way,
) -> Option<Result<Page, ApiError>> {
    let query = request.query();
    let of = |name| query.text(name).ok().flatten();
    let request_id = RequestId::read(of("request")?)?;
    let problem = of("problem")?;
    let code = problem
        .parse()
        .ok()
        .filter(|code| OF_SIGN_IN.contains(code))?;
    if !request.is_navigation() {
        return None;
    }
    let (language, support) = (language_of(request), platform.support_url.as_deref());
    Some(page_of((code, None), &request_id, language, way, support).map(Page::new))
}

/// The page that tells an error: its code, and in how many seconds to come back, where that is known.
pub(crate) fn page_of(
    (code, retry_after): (ErrorCode, Option<i64>),
    request_id: &RequestId,
    language: Language,
    way: Way,
    support: Option<&str>,
) -> Result<String, ApiError> {
    // The dashboard sends who has not signed in to do so. Who has, as somebody without a workspace, is to be asked.
    let as_another = format!("{START}?prompt=select_account");
    let page = ProblemPage {
        language,
        code,
        way,
        retry_after,
        request_id: request_id.as_str(),
        support,
        try_again: match code {
            ErrorCode::Forbidden => &as_another,
            _ => ReturnTo::DEFAULT,
        },
    };
    page.render()
}
