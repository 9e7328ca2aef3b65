//! The page that shows an error to a browser that navigates.

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
    portal::problem_page::{Flow, ProblemPage},
};

/// The errors of a sign-in, which can be shown again.
const SIGN_IN_ERRORS: [ErrorCode; 5] = [
    ErrorCode::ValidationError,
    ErrorCode::AuthRequired,
    ErrorCode::Forbidden,
    ErrorCode::Conflict,
    ErrorCode::InternalError,
];

/// The error page of an earlier sign-in request, if the address names its error: the page was reloaded, or its language
/// changed. This request does nothing and does not fail, so the response is a `200`.
pub(crate) fn earlier_error(
    request: &Request,
    platform: &Platform,
    flow: Flow,
) -> Option<Result<Page, ApiError>> {
    let query = request.query();
    let parameter = |name| query.text(name).ok().flatten();
    let request_id = RequestId::read(parameter("request")?)?;
    let problem = parameter("problem")?;
    let code = problem
        .parse()
        .ok()
        .filter(|code| SIGN_IN_ERRORS.contains(code))?;
    if !request.is_navigation() {
        return None;
    }
    let (language, support) = (language_of(request), platform.support_url.as_deref());
    let html = render(code, None, &request_id, language, flow, support);
    Some(html.map(Page::new))
}

/// `retry_after` is in seconds.
pub(crate) fn render(
    code: ErrorCode,
    retry_after: Option<i64>,
    request_id: &RequestId,
    language: Language,
    flow: Flow,
    support: Option<&str>,
) -> Result<String, ApiError> {
    // The dashboard redirects to the sign-in. People who are signed in without a workspace must choose another account.
    let another_account = format!("{START}?prompt=select_account");
    let page = ProblemPage {
        language,
        code,
        flow,
        retry_after,
        request_id: request_id.as_str(),
        support,
        try_again: match code {
            ErrorCode::Forbidden => &another_account,
            _ => ReturnTo::DEFAULT,
        },
    };
    page.render()
}
