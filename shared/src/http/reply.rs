//! What a function answers with: the envelope, or what the portal shows in a browser.
//!
//! An endpoint of the API answers in the envelope and in nothing else, redirects and errors included. The portal's
//! endpoints also have pages and their files; and they tell an error as a page to who takes one.

use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::http::envelope::Answer;

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
pub struct Page(pub(crate) String);

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
pub(crate) const PAGE_HEADERS: [(&str, &str); 4] = [
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
];

pub(crate) fn headers(named: &[(&'static str, &'static str)]) -> HeaderMap {
    let headers = named.iter().map(|(name, value)| {
        let name = HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    });
    headers.collect()
}

pub(crate) fn file_headers(file: &File) -> HeaderMap {
    let mut headers = headers(&[("cache-control", "public, max-age=31536000, immutable")]);
    let content_type = HeaderValue::from_static(file.content_type);
    headers.insert(header::CONTENT_TYPE, content_type);
    headers
}
