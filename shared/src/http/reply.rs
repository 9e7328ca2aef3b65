//! What a function answers with: the envelope, or what the portal shows in a browser.
//!
//! An endpoint of the API answers in the envelope and in nothing else, redirects and errors included. The portal's
//! endpoints also have pages and their files; and they tell an error as a page to who takes one.

use std::borrow::Cow;

use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};

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

/// A file.
#[derive(Debug)]
pub struct File {
    content_type: &'static str,
    cache_control: &'static str,
    body: Cow<'static, str>,
}

impl File {
    /// A file whose name changes with its content, so that browsers may keep it for ever.
    #[must_use]
    pub fn immutable(content_type: &'static str, body: &'static str) -> Self {
        Self {
            content_type,
            cache_control: "public, max-age=31536000, immutable",
            body: body.into(),
        }
    }

    /// A file that changes with a deployment: clients may keep it for five minutes.
    #[must_use]
    pub fn of_release(content_type: &'static str, body: impl Into<Cow<'static, str>>) -> Self {
        Self {
            content_type,
            cache_control: "public, max-age=300",
            body: body.into(),
        }
    }

    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        headers(&[
            ("content-type", self.content_type),
            ("cache-control", self.cache_control),
        ])
    }
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
