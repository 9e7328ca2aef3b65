//! What a function answers with: the envelope, or what the portal shows in a browser.
//!
//! An endpoint of the API answers in the envelope and in nothing else, redirects and errors included. The portal's
//! endpoints also have pages and their files; and they tell an error as a page to who takes one, see [`Reader`].

use lambda_http::{
    aws_lambda_events::apigw::ApiGatewayV2httpResponse,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};

use crate::{
    cookies::Name,
    envelope::{self, Answer, Readers},
    error::ApiError,
    exchange::Exchange,
    ids::RequestId,
    portal::{
        language::{self, Language},
        problem_page::ProblemPage,
    },
    request::Request,
    sign_in::{ReturnTo, START},
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

/// What every page says of itself to a browser. No page is in another one's frame, none has a script or a style but from
/// our own files, and where it links to learns nothing of where it was linked from. HSTS is for a year, on this host
/// alone.
const OF_PAGES: [(&str, &str); 6] = [
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("strict-transport-security", "max-age=31536000"),
];

/// Who reads the answer, as far as its form depends on it.
#[derive(Debug)]
pub(crate) struct Reader {
    takes_pages: bool,
    language: Language,
}

impl Reader {
    /// Who sent a request.
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            takes_pages: request.takes_pages(),
            language: language_of(request),
        }
    }

    /// Somebody of whom nothing is known.
    pub(crate) fn unknown() -> Self {
        Self {
            takes_pages: false,
            language: language::negotiate(None, None, None),
        }
    }
}

/// The language of a page for who sent this request: the one asked for, else the one chosen before, else the browser's.
pub(crate) fn language_of(request: &Request) -> Language {
    let query = request.query();
    let asked = query.text("lang").ok().flatten();
    let remembered = request.cookie(Name::Language);
    language::negotiate(asked, remembered, request.header("accept-language"))
}

/// Writes the response that the gateway sends. `pages` says whether the endpoint tells errors as pages.
pub(crate) fn write(
    outcome: &Result<Reply, ApiError>,
    request_id: &RequestId,
    exchange: &Exchange,
    (readers, pages): (Readers, bool),
    reader: &Reader,
) -> ApiGatewayV2httpResponse {
    let (status, written) = match outcome {
        Ok(Reply::Page(page)) => (200, Some((page.0.clone(), headers(&OF_PAGES)))),
        Ok(Reply::File(file)) => (200, Some((file.body.to_owned(), headers_of(file)))),
        Err(error) if pages && reader.takes_pages => (
            error.code.status(),
            page_of(error, request_id, reader.language).map(|html| (html, headers(&OF_PAGES))),
        ),
        Ok(Reply::Answer(_)) | Err(_) => (0, None),
    };
    let mut response = if let Some((body, headers)) = written {
        let mut response = ApiGatewayV2httpResponse::default();
        response.status_code = i64::from(status);
        response.headers = headers;
        response.body = Some(body.into());
        response
    } else {
        let answer = match outcome {
            Ok(Reply::Answer(answer)) => Ok(answer),
            Ok(_) => Err(&ApiError::internal("a page was not written")),
            Err(error) => Err(error),
        };
        envelope::seal(answer, request_id, readers)
    };
    let of_all = envelope::headers_of_all(
        u16::try_from(response.status_code).unwrap_or_default(),
        request_id,
        exchange.standing(),
    );
    response.headers.extend(of_all);
    response.cookies = exchange.cookies();
    response
}

/// The page that tells an error; none where that fails, too.
fn page_of(error: &ApiError, request_id: &RequestId, language: Language) -> Option<String> {
    let dashboard = format!("{START}?returnTo={}", ReturnTo::DEFAULT);
    let page = ProblemPage {
        language,
        code: error.code,
        request_id: request_id.as_str(),
        try_again: &dashboard,
    };
    page.render().ok()
}

fn headers(named: &[(&'static str, &'static str)]) -> HeaderMap {
    let headers = named.iter().map(|(name, value)| {
        let name = HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    });
    headers.collect()
}

fn headers_of(file: &File) -> HeaderMap {
    let mut headers = headers(&[
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
    ]);
    let content_type = HeaderValue::from_static(file.content_type);
    headers.insert(header::CONTENT_TYPE, content_type);
    headers
}
