//! What a function responds with. An endpoint of the API responds only in the envelope, for redirects and errors too.
//! The portal's endpoints also serve pages and files, and show errors as a page to browsers that navigate. A provider
//! that calls us gets what its own contract says.

use std::borrow::Cow;

use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::{error::ApiError, http::envelope::Answer};

/// A successful response.
#[derive(Debug)]
pub enum Reply {
    /// Data or a redirect, in the envelope.
    Answer(Answer),
    Page(Page),
    File(File),
    Provider(ProviderAnswer),
}

/// An HTML page. `Debug` does not show its content.
pub struct Page(pub(crate) String);

impl Page {
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

#[derive(Debug)]
pub struct File {
    content_type: &'static str,
    cache_control: &'static str,
    body: Cow<'static, str>,
}

impl File {
    /// A file whose name changes with its content, so that it may be cached for ever.
    #[must_use]
    pub fn immutable(content_type: &'static str, body: &'static str) -> Self {
        Self {
            content_type,
            cache_control: "public, max-age=31536000, immutable",
            body: body.into(),
        }
    }

    /// A file that only a deployment changes. It may be cached for five minutes.
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

/// What a provider gets that calls us: as its contract says, without the envelope. Errors are in the envelope.
///
/// `Debug` does not show it.
pub struct ProviderAnswer(String);

impl ProviderAnswer {
    /// `200` with this JSON.
    pub fn json(body: impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_string(&body).map_err(ApiError::internal)?;
        Ok(Self(body))
    }

    pub(crate) fn body(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ProviderAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProviderAnswer(…)")
    }
}

/// The headers of every answer to a provider.
pub(crate) const PROVIDER_HEADERS: [(&str, &str); 2] = [
    ("content-type", "application/json"),
    ("cache-control", "no-store"),
];

/// The headers of every page. They forbid framing, forbid scripts and styles that are not our own files, and keep the
/// page's address from the sites that it links to.
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
