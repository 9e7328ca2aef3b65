//! What a function answers with: the envelope, or what the portal shows in a browser.
//!
//! An endpoint of the API answers in the envelope and in nothing else, redirects and errors included. The portal's
//! endpoints also have pages and their files; and they tell an error as a page to who takes one.

use lambda_http::{
    aws_lambda_events::apigw::ApiGatewayV2httpResponse,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};

use crate::{
    cookies::Name,
    endpoint::Platform,
    envelope::{self, Answer, Readers},
    error::{ApiError, ErrorCode},
    exchange::Exchange,
    ids::{RequestId, ResourceId},
    portal::{
        language::{self, Language},
        problem_page::{ProblemPage, Way},
    },
    request::Request,
    sign_in::{ReturnTo, START},
    words::Words,
};

/// What an endpoint answers when all went well.
#[derive(Debug)]
pub enum Reply {
    /// Data, or a redirect: in the envelope.
    Answer(Answer),
    /// A page of the portal.
    Page(Page),
    /// One of its files.
    File(File),
}

/// A page. `Debug` does not show it.
pub struct Page(String);

impl Page {
    /// A page of this HTML.
    #[must_use]
    pub fn new(html: String) -> Self {
        Self(html)
    }
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Page(…)")
    }
}

/// A file whose name changes with its content: it may be kept for ever.
#[derive(Debug)]
pub struct File {
    /// Its media type.
    pub content_type: &'static str,
    /// What is in it.
    pub body: &'static str,
}

/// What every page says of itself to a browser. No page is in another one's frame, none has a script or a style but
/// from our own files, and where it links to learns nothing of where it was linked from.
const OF_PAGES: [(&str, &str); 4] = [
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
];

/// The language of a page for who sent this request: the one asked for, else the one chosen before, else the browser's.
pub(crate) fn language_of(request: &Request) -> Language {
    let query = request.query();
    let asked = query.text("lang").ok().flatten();
    let remembered = request.cookie(Name::Language);
    language::negotiate(asked, remembered, request.header("accept-language"))
}

/// The cookie that remembers the language that a page's address names, if it names one.
pub(crate) fn language_cookie(request: &Request) -> Option<String> {
    let query = request.query();
    let asked = query.text("lang").ok().flatten()?;
    let language = Language::parse(asked)?;
    let origin = request.origin()?;
    Some(Name::Language.set(&origin, language.as_str(), LANGUAGE_KEPT_SECONDS))
}

/// How long a language that was chosen is remembered: a year.
const LANGUAGE_KEPT_SECONDS: i64 = 365 * 24 * 60 * 60;

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
    let code = OF_SIGN_IN
        .into_iter()
        .find(|code| code.as_str() == problem)?;
    if !request.is_navigation() {
        return None;
    }
    let (language, support) = (language_of(request), platform.support_url.as_deref());
    Some(page_of((code, None), &request_id, language, way, support).map(Page))
}

/// The language in which an error is told to who sent this request, as a page; `None` where they take none.
pub(crate) fn page_language_of(request: &Request) -> Option<Language> {
    request.is_navigation().then(|| language_of(request))
}

/// Writes the response that the gateway sends.
pub(crate) fn write(
    outcome: &Result<Reply, ApiError>,
    request_id: &RequestId,
    exchange: &Exchange,
    readers: Readers,
    way: Way,
    platform: &Platform,
) -> ApiGatewayV2httpResponse {
    let mut response = match outcome {
        Ok(Reply::Answer(answer)) => envelope::seal(Ok(answer), request_id),
        Ok(Reply::Page(page)) => response(200, headers(&OF_PAGES), &page.0),
        Ok(Reply::File(file)) => response(200, headers_of(file), file.body),
        Err(error) => {
            let support = platform.support_url.as_deref();
            let told = (error.code, error.retry_after);
            let page = exchange
                .errors_language()
                .map(|language| page_of(told, request_id, language, way, support));
            match page {
                Some(Ok(html)) => response(error.code.status(), headers(&OF_PAGES), &html),
                // Where the page fails, too, there is the envelope.
                Some(Err(_)) | None => envelope::seal(Err(error), request_id),
            }
        }
    };
    // Only where a page is shown, be it the one that a browser is led to.
    let is_shown = match outcome {
        Ok(Reply::Page(_)) => true,
        Ok(Reply::File(_)) => false,
        Ok(Reply::Answer(_)) | Err(_) => exchange.errors_language().is_some(),
    };
    if is_shown {
        exchange.remember_language();
    }
    let retry_after = outcome.as_ref().err().and_then(|error| error.retry_after);
    let (status, standing) = (response.status_code, exchange.standing());
    let standing = standing.as_ref();
    let of_all = envelope::headers_of_all(status, request_id, standing, retry_after, readers);
    response.headers.extend(of_all);
    response.cookies = exchange.cookies();
    response
}

fn response(status: u16, headers: HeaderMap, body: &str) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(status);
    response.headers = headers;
    response.body = Some(body.into());
    response
}

/// The page that tells an error: its code, and in how many seconds to come back, where that is known.
fn page_of(
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

fn headers(named: &[(&'static str, &'static str)]) -> HeaderMap {
    let headers = named.iter().map(|(name, value)| {
        let name = HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    });
    headers.collect()
}

fn headers_of(file: &File) -> HeaderMap {
    let mut headers = headers(&[("cache-control", "public, max-age=31536000, immutable")]);
    let content_type = HeaderValue::from_static(file.content_type);
    headers.insert(header::CONTENT_TYPE, content_type);
    headers
}
