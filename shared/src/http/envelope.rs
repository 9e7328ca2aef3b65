//! The envelope of every response (Envelope in openapi.yaml). It is written only here.

use std::fmt;

use lambda_http::{
    aws_lambda_events::apigw::ApiGatewayV2httpResponse,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    domain::rate_limit::RateLimitStatus,
    error::{ApiError, ErrorCode},
    http::{
        cors::{CORS_HEADERS, Cors},
        entity_tag::EntityTag,
        request::Request,
    },
    ids::RequestId,
    time::Timestamp,
};

/// A successful response, which the pipeline puts into the envelope.
///
/// `Debug` does not show the data: it may hold a new key.
pub struct Answer {
    status: u16,
    data: Box<RawValue>,
    /// For a redirect.
    location: Option<HeaderValue>,
    /// For the log of deliveries.
    page: Option<PageMeta>,
    /// Whether an earlier call was answered so.
    replayed: bool,
    /// If the client may ask later whether the data is still the same.
    tag: Option<EntityTag>,
    /// Whether a browser may keep it, to ask later whether it is still the same.
    may_be_kept: bool,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// `200` with `data`.
    pub fn ok(data: impl Serialize) -> Result<Self, ApiError> {
        Self::new(200, data)
    }

    /// `201` with `data`.
    pub fn created(data: impl Serialize) -> Result<Self, ApiError> {
        Self::new(201, data)
    }

    /// `202` with `data`: it will be done.
    pub fn accepted(data: impl Serialize) -> Result<Self, ApiError> {
        Self::new(202, data)
    }

    /// `200` with a page of the log of webhook deliveries: the one list that is `data` itself, with `cursor` and
    /// `hasMore` in `meta`. `cursor` is `None` on the last page.
    pub fn delivery_log(
        deliveries: &[impl Serialize],
        cursor: Option<String>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            page: Some(PageMeta {
                has_more: cursor.is_some(),
                cursor,
            }),
            ..Self::new(200, deliveries)?
        })
    }

    /// `200` with `{"deleted": true}`.
    pub fn deleted() -> Result<Self, ApiError> {
        #[derive(Serialize)]
        struct Deleted {
            deleted: bool,
        }
        Self::ok(Deleted { deleted: true })
    }

    /// `200` with `{}`.
    pub fn empty() -> Result<Self, ApiError> {
        #[derive(Serialize)]
        struct Empty {}
        Self::ok(Empty {})
    }

    fn new(status: u16, data: impl Serialize) -> Result<Self, ApiError> {
        let data = serde_json::value::to_raw_value(&data).map_err(ApiError::internal)?;
        Ok(Self {
            status,
            data,
            location: None,
            page: None,
            replayed: false,
            tag: None,
            may_be_kept: false,
        })
    }

    /// The client already has the data with this tag: `304`, without a body.
    #[must_use]
    pub fn not_modified(tag: EntityTag) -> Self {
        Self {
            status: NOT_MODIFIED,
            data: Box::default(),
            location: None,
            page: None,
            replayed: false,
            tag: Some(tag),
            may_be_kept: false,
        }
    }

    #[must_use]
    pub fn tagged(self, tag: EntityTag) -> Self {
        Self {
            tag: Some(tag),
            ..self
        }
    }

    /// A browser may keep what has a tag, and asks each time whether it is still the same.
    #[must_use]
    pub fn may_be_kept(self) -> Self {
        Self {
            may_be_kept: true,
            ..self
        }
    }

    /// With the tag of its content, if it has none; or [`Self::not_modified`], if the client has the content.
    pub(crate) fn unless_known(self, request: &Request) -> Self {
        let tag = match &self.tag {
            Some(tag) => tag.clone(),
            None => EntityTag::of_json(self.data.get()),
        };
        if request.knows(&tag) {
            Self {
                may_be_kept: self.may_be_kept,
                ..Self::not_modified(tag)
            }
        } else {
            self.tagged(tag)
        }
    }

    /// The answer to an earlier call once more. `data` is JSON.
    pub(crate) fn replayed(status: u16, data: String) -> Result<Self, ApiError> {
        let data = RawValue::from_string(data).map_err(ApiError::internal)?;
        Ok(Self {
            replayed: true,
            ..Self::new(status, data)?
        })
    }

    pub(crate) fn is_replayed(&self) -> bool {
        self.replayed
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// As JSON.
    pub(crate) fn data(&self) -> &str {
        self.data.get()
    }
}

/// `302` with the header `Location`, and with `{"location": …}` in the envelope.
pub struct Redirect(String);

impl fmt::Debug for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redirect(…)")
    }
}

impl Redirect {
    /// `location` is a URL, or a path on this host.
    #[must_use]
    pub fn to(location: impl Into<String>) -> Self {
        Self(location.into())
    }
}

impl TryFrom<Redirect> for Answer {
    type Error = ApiError;

    fn try_from(Redirect(location): Redirect) -> Result<Self, ApiError> {
        #[derive(Serialize)]
        struct Location<'a> {
            location: &'a str,
        }
        let data = Location {
            location: &location,
        };
        Ok(Self {
            location: Some(HeaderValue::from_str(&location).map_err(ApiError::internal)?),
            ..Self::new(302, data)?
        })
    }
}

/// Browsers must not guess another media type, and must use TLS for this host (not its subdomains) for a year.
const SECURITY_HEADERS: [(&str, &str); 2] = [
    ("x-content-type-options", "nosniff"),
    ("strict-transport-security", "max-age=31536000"),
];

#[derive(Serialize)]
struct Envelope<'a> {
    data: Option<&'a RawValue>,
    error: Option<ErrorBody<'a>>,
    meta: Meta<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: ErrorCode,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    request_id: &'a RequestId,
    timestamp: Timestamp,
    #[serde(flatten)]
    page: Option<&'a PageMeta>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageMeta {
    cursor: Option<String>,
    has_more: bool,
}

const NOT_MODIFIED: u16 = 304;

fn add_tag(headers: &mut HeaderMap, answer: &Answer) {
    if let Some(tag) = answer.tag.as_ref().and_then(EntityTag::header) {
        headers.insert(header::ETAG, tag);
    }
    if answer.may_be_kept {
        for (name, value) in [
            (header::CACHE_CONTROL, "private, no-cache"),
            // What one caller got is not for another one in the same browser.
            (header::VARY, "Authorization, Cookie"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Puts an answer or an error into the envelope. A `304` has none (RFC 9110 section 15.4.5).
pub(crate) fn wrap(
    outcome: Result<&Answer, &ApiError>,
    request_id: &RequestId,
) -> ApiGatewayV2httpResponse {
    let meta = Meta {
        request_id,
        timestamp: Timestamp::now(),
        page: outcome.ok().and_then(|answer| answer.page.as_ref()),
    };
    let (status, data, error) = match outcome {
        Ok(answer) => (answer.status, Some(&*answer.data), None),
        Err(error) => {
            let body = ErrorBody {
                code: error.code,
                message: &error.message,
                param: error.param,
            };
            (error.code.status(), None, Some(body))
        }
    };
    let mut headers = HeaderMap::with_capacity(20);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(answer) = outcome {
        add_tag(&mut headers, answer);
    }
    if let Ok(Answer {
        location: Some(location),
        ..
    }) = outcome
    {
        headers.insert(header::LOCATION, location.clone());
    }
    if outcome.is_ok_and(Answer::is_replayed) {
        let name = HeaderName::from_static("idempotency-replayed");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    if let Err(ApiError {
        allow: Some(allow), ..
    }) = outcome
        && let Ok(allow) = HeaderValue::from_str(allow)
    {
        headers.insert(header::ALLOW, allow);
    }
    if status == NOT_MODIFIED {
        headers.remove(header::CONTENT_TYPE);
        let mut response = ApiGatewayV2httpResponse::default();
        response.status_code = i64::from(status);
        response.headers = headers;
        response.body = Some(String::new().into());
        return response;
    }
    // Serialising strings, numbers and finished JSON cannot fail. If it did, the status would still be right.
    let envelope = Envelope { data, error, meta };
    let body = serde_json::to_string(&envelope).unwrap_or_default();
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(status);
    response.headers = headers;
    response.body = Some(body.into());
    response
}

/// The headers of every response, in the envelope or not. `rate_limit` is there if the call was counted, and
/// `retry_after`, in seconds, if it was refused for now.
///
/// The limit is in `X-RateLimit-*`, and in `RateLimit-Policy` and `RateLimit`, which
/// draft-ietf-httpapi-ratelimit-headers-10 defines.
pub(crate) fn common_headers(
    status: i64,
    request_id: &RequestId,
    rate_limit: Option<&RateLimitStatus>,
    retry_after: Option<i64>,
    cors: Cors,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(24);
    let cors_headers: &[_] = match cors {
        Cors::SameOrigin => &[],
        Cors::AnyOrigin => &CORS_HEADERS,
    };
    for (name, value) in SECURITY_HEADERS.iter().chain(cors_headers) {
        let value = HeaderValue::from_static(value);
        headers.insert(HeaderName::from_static(name), value);
    }
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let Some(rate_limit) = rate_limit else {
        return headers;
    };
    let numbers = [
        ("x-ratelimit-limit", i64::from(rate_limit.limit)),
        ("x-ratelimit-remaining", i64::from(rate_limit.remaining)),
        ("x-ratelimit-reset", rate_limit.resets_at.as_secs_ceil()),
    ];
    for (name, number) in numbers {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
    }
    let policy = rate_limit.policy.name();
    let (quota, remaining) = (rate_limit.limit, rate_limit.remaining);
    let window = rate_limit.window_millis / 1000;
    let resets_in = retry_after.unwrap_or_else(|| rate_limit.retry_after(Timestamp::now()));
    let texts = [
        (
            "ratelimit-policy",
            format!("\"{policy}\";q={quota};w={window}"),
        ),
        (
            "ratelimit",
            format!("\"{policy}\";r={remaining};t={resets_in}"),
        ),
    ];
    for (name, text) in texts {
        if let Ok(text) = HeaderValue::try_from(text) {
            headers.insert(HeaderName::from_static(name), text);
        }
    }
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn envelope(outcome: Result<Answer, ApiError>) -> Value {
        let id = RequestId::new(Timestamp::now());
        let response = wrap(outcome.as_ref(), &id);
        let Some(lambda_http::aws_lambda_events::encodings::Body::Text(text)) = response.body
        else {
            panic!("no text");
        };
        serde_json::from_str(&text).unwrap()
    }

    fn meta_names(envelope: &Value) -> Vec<&str> {
        let meta = envelope["meta"].as_object().unwrap();
        meta.keys().map(String::as_str).collect()
    }

    #[test]
    fn only_the_log_of_deliveries_has_its_cursor_in_meta() {
        let log = envelope(Answer::delivery_log(&["a", "b"], Some("c".to_owned())));
        assert_eq!(log["data"], json!(["a", "b"]));
        assert_eq!(
            (&log["meta"]["cursor"], &log["meta"]["hasMore"]),
            (&json!("c"), &json!(true))
        );
        let last = envelope(Answer::delivery_log(&[] as &[&str], None));
        assert_eq!(last["data"], json!([]));
        let names = ["cursor", "hasMore", "requestId", "timestamp"];
        assert_eq!(meta_names(&last), names);
        assert_eq!(
            (&last["meta"]["cursor"], &last["meta"]["hasMore"]),
            (&Value::Null, &json!(false))
        );

        for other in [
            Answer::ok(["a"]),
            Answer::created("a"),
            Answer::accepted("a"),
            Answer::deleted(),
            Answer::try_from(Redirect::to("/")),
            Err(ApiError::validation("a")),
        ] {
            assert_eq!(meta_names(&envelope(other)), names[2..]);
        }
    }
}
