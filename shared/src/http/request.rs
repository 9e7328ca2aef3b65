//! The request, as an endpoint sees it, read from API Gateway's event.
//!
//! The event's format is the "payload format version 2.0" of "Working with AWS Lambda proxy
//! integrations for HTTP APIs" (API Gateway developer guide). It is read here and not by
//! `lambda_http`, because what a client can write must not decide whether there is an answer:
//! `lambda_http` 1.3 builds a URL of the `Host` header and panics where that is none, refuses the whole
//! event for one odd header, and both end outside the envelope.

use std::{collections::HashMap, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use crate::{
    domain::rate_limit::grouped,
    error::ApiError,
    http::{
        cookies::{self, CookieName},
        fields::Fields,
        json::{Known, MAX_BODY_BYTES, MAX_MEMBERS, NoObject, Object},
        listed::listed,
        origin::Origin,
        query::Query,
    },
    ids::ResourceId,
};

/// One call, with nothing of the gateway left in it but what endpoints may need.
///
/// `Debug` shows nothing that the client wrote.
pub struct Request {
    method: String,
    path: String,
    headers: HashMap<String, String>,
    /// As they were sent: each text has one or more.
    cookies: Vec<String>,
    source_ip: String,
    path_parameters: HashMap<String, String>,
    query: String,
    body: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    raw_path: Option<String>,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    path_parameters: Option<HashMap<String, String>>,
    #[serde(default)]
    raw_query_string: Option<String>,
    #[serde(default)]
    request_context: Option<RequestContext>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(default)]
    domain_name: Option<String>,
    #[serde(default)]
    http: Option<Http>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    source_ip: Option<String>,
}

impl Request {
    /// Reads an event.
    ///
    /// # Errors
    ///
    /// `400` where the event is not of the format, or the body not the base64 that it claims to be. API
    /// Gateway sends neither; a test or a misconfigured trigger may.
    pub fn from_event(event: &str) -> Result<Self, ApiError> {
        let event: Event = serde_json::from_str(event).map_err(|_| {
            ApiError::validation(
                "The request is no event of API Gateway's HTTP API, payload format 2.0.",
            )
        })?;
        let body = event.body.unwrap_or_default();
        let body = if event.is_base64_encoded {
            BASE64_STANDARD.decode(body).map_err(|_| {
                ApiError::validation("The body is not the base64 that the event says it is.")
            })?
        } else {
            body.into_bytes()
        };
        // The gateway writes names in lower case and joins repeated headers; another source of events need not.
        let mut headers = HashMap::<String, String>::new();
        for (name, value) in event.headers.unwrap_or_default() {
            headers
                .entry(name.to_ascii_lowercase())
                .and_modify(|before| *before = format!("{before}, {value}"))
                .or_insert(value);
        }
        // The gateway has them apart; another source of events may leave them in their header.
        let cookies = event.cookies.unwrap_or_default().into_iter();
        let cookies = cookies.chain(headers.remove("cookie"));
        let context = event.request_context.unwrap_or_default();
        // The gateway tells the host twice; a test need not.
        if let Some(domain) = context.domain_name {
            headers.entry("host".to_owned()).or_insert(domain);
        }
        let http = context.http.unwrap_or_default();
        Ok(Self {
            method: http.method.unwrap_or_default(),
            path: event.raw_path.unwrap_or_default(),
            cookies: cookies.collect(),
            headers,
            source_ip: http.source_ip.unwrap_or_default(),
            query: event.raw_query_string.unwrap_or_default(),
            path_parameters: event.path_parameters.unwrap_or_default(),
            body,
        })
    }

    /// The `Authorization` header, as it was sent. The gateway joins repeated ones with commas.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.header("authorization")
    }

    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The method, as it was sent.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, as the gateway hands it on.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the method is one that changes nothing (RFC 9110 section 9.2.1): GET or HEAD. No other is taken to be.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// The origin that the request came to; `None` where its `Host` header is missing or none.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        Origin::of_host(self.header("host")?)
    }

    /// What the cookie of this name holds on the request's origin, if anything. One that is there twice, with two
    /// values, holds nothing: whose is whose cannot be told.
    #[must_use]
    pub fn cookie(&self, name: CookieName) -> Option<&str> {
        let name = name.on(&self.origin()?);
        let cookies = self.cookies.iter().flat_map(|text| cookies::read(text));
        let mut values = cookies
            .filter(|(of, _)| *of == name)
            .map(|(_, value)| value);
        let value = values.next()?;
        let alone = values.all(|other| other == value);
        (alone && !value.is_empty()).then_some(value)
    }

    /// Whether it is a browser that goes somewhere, and will show what it is answered: it prefers HTML to everything
    /// else ("List of default Accept values", MDN).
    #[must_use]
    pub fn is_navigation(&self) -> bool {
        let accept = self.header("accept").unwrap_or_default();
        let preferred = accept.split([',', ';']).next().unwrap_or_default();
        preferred.trim().eq_ignore_ascii_case("text/html")
    }

    /// What stands at `{name}` in the route's path, empty where nothing does. It is as the gateway hands it on:
    /// API Gateway decodes percent signs, `cargo lambda watch` does not.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> &str {
        self.path_parameters.get(name).map_or("", String::as_str)
    }

    /// The id in the route's path.
    ///
    /// # Errors
    ///
    /// `404` where it can be none of its kind: there is no such resource.
    pub fn id<Id: ResourceId>(&self) -> Result<Id, ApiError> {
        Id::read(self.path_parameter("id")).ok_or_else(ApiError::no_such::<Id>)
    }

    /// The address of the client as the gateway saw it, which is nothing that the client wrote.
    pub(crate) fn source_ip(&self) -> &str {
        &self.source_ip
    }

    /// The parameters of the query string.
    #[must_use]
    pub fn query(&self) -> Query {
        Query::read(&self.query)
    }

    /// Refuses a body over [`MAX_BODY_BYTES`].
    pub(crate) fn within_size(&self) -> Result<(), ApiError> {
        if self.body.len() > MAX_BODY_BYTES {
            return Err(ApiError::validation(
                "The body is larger than 1 MiB. Send at most 1 MiB.",
            ));
        }
        Ok(())
    }

    /// The fields of the body, which must be a JSON object. A byte order mark before it is ignored (contract, section
    /// 1).
    ///
    /// # Errors
    ///
    /// `400` where it is no JSON, JSON but no object, or lacks what is required.
    pub fn fields(&self, known: &'static Known) -> Result<Fields<'_>, ApiError> {
        let text = str::from_utf8(&self.body).map_err(|_| {
            ApiError::validation("The body is not UTF-8. Send it as JSON in UTF-8.")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let object = Object::read(text, known)
            .map_err(|no_object| self.no_object(text, &no_object, known))?;
        Fields::of(object, known)
    }

    /// `400` for a body that is no object: says what it is, and what would be right.
    fn no_object(&self, text: &str, no_object: &NoObject, known: &Known) -> ApiError {
        let media_type = self.header("content-type").unwrap_or_default();
        let is_form = ["application/x-www-form-urlencoded", "multipart/form-data"]
            .iter()
            .any(|form| {
                media_type
                    .trim_start()
                    .to_ascii_lowercase()
                    .starts_with(form)
            });
        // Clients that name no type of their own (curl) say of JSON, too, that it is a form.
        let is_form = is_form && !text.trim_start().starts_with('{');
        let wrong = match no_object {
            _ if text.trim().is_empty() => "The body is empty".to_owned(),
            _ if is_form => "The body is a form".to_owned(),
            NoObject::AnotherType => "The body is JSON, but no object".to_owned(),
            NoObject::TooManyMembers => {
                format!("The body has more than {} fields", grouped(MAX_MEMBERS))
            }
            NoObject::EndsEarly => "The body is not whole: it ends before its JSON does".to_owned(),
            NoObject::Malformed { line, column } => {
                format!("The body is not valid JSON from line {line}, column {column} on")
            }
        };
        let with = match known.required {
            [] => String::new(),
            names => format!(" with {}", listed(names, "and")),
        };
        let as_json = if is_form {
            ", and `Content-Type: application/json`"
        } else {
            ""
        };
        ApiError::validation(format!("{wrong}. Send a JSON object{with}{as_json}."))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::ErrorCode;

    static NAME: Known = Known {
        required: &["name"],
        optional: &[],
    };

    fn with_body(body: &str) -> Request {
        Request::from_event(&json!({ "body": body }).to_string()).unwrap()
    }

    #[test]
    fn an_event_is_read_whatever_the_client_put_into_it() {
        let event = json!({
            "rawPath": "/api/v1/ä b%zz\u{0}",
            "headers": { "host": "not a host", "user-agent": "Café ☕", "x-forwarded-proto": "::" },
            "requestContext": { "http": { "method": "B(AD", "sourceIp": "192.0.2.1" } },
        });
        let request = Request::from_event(&event.to_string()).unwrap();
        assert_eq!(request.source_ip(), "192.0.2.1");
        assert_eq!(request.authorization(), None);
        assert_eq!(request.path_parameter("id"), "");
    }

    #[test]
    fn the_authorization_header_is_found_in_any_case() {
        for name in ["authorization", "Authorization", "AUTHORIZATION"] {
            let event = json!({ "headers": { name: "Bearer x" } }).to_string();
            assert_eq!(
                Request::from_event(&event).unwrap().authorization(),
                Some("Bearer x")
            );
        }
    }

    #[test]
    fn the_origin_is_the_hosts_that_the_client_used() {
        let origin = |event: Value| {
            let request = Request::from_event(&event.to_string()).unwrap();
            request.origin().map(|origin| origin.url(""))
        };
        let context = json!({ "domainName": "api.example.com" });
        let both = json!({ "headers": { "Host": "b.example.com" }, "requestContext": context });
        assert_eq!(origin(both).as_deref(), Some("https://b.example.com"));
        let one = json!({ "requestContext": context });
        assert_eq!(origin(one).as_deref(), Some("https://api.example.com"));
        assert_eq!(origin(json!({})), None);
        assert_eq!(origin(json!({ "headers": { "host": "not a host" } })), None);
    }

    #[test]
    fn cookies_are_found_in_the_list_and_in_the_header() {
        let held = |event: Value| {
            let request = Request::from_event(&event.to_string()).unwrap();
            request.cookie(CookieName::Session).map(str::to_owned)
        };
        let host = json!({ "host": "127.0.0.1:9000" });
        let list = json!({ "headers": host, "cookies": ["a=1", "suppuo_session=x"] });
        assert_eq!(held(list).as_deref(), Some("x"));
        let header = json!({ "host": "127.0.0.1:9000", "cookie": "a=1; suppuo_session=x" });
        let both = json!({ "headers": header, "cookies": ["a=1; suppuo_session=x"] });
        assert_eq!(held(json!({ "headers": header })).as_deref(), Some("x"));
        assert_eq!(held(both).as_deref(), Some("x"));
        let two = json!({ "headers": header, "cookies": ["suppuo_session=y"] });
        assert_eq!(held(two), None);
        let prefixed = json!({ "headers": host, "cookies": ["__Host-suppuo_session=x"] });
        assert_eq!(held(prefixed), None);
    }

    #[test]
    fn debug_shows_neither_credential_nor_body() {
        let event =
            json!({ "headers": { "authorization": "Bearer x-1" }, "body": "{\"name\":\"x-2\"}" });
        let request = Request::from_event(&event.to_string()).unwrap();
        let shown = format!("{request:?} {:?}", request.fields(&NAME).unwrap());
        assert_eq!(shown, "Request { bytes: 14, .. } Fields { count: 1, .. }");
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for event in ["", "null", "7", r#"{"headers": 7}"#, r#"{"body": 7}"#] {
            assert_eq!(
                Request::from_event(event).unwrap_err().code.status(),
                400,
                "{event}"
            );
        }
        let event = json!({ "body": "not base64!", "isBase64Encoded": true }).to_string();
        assert_eq!(Request::from_event(&event).unwrap_err().code.status(), 400);
    }

    #[test]
    fn a_base64_body_is_decoded() {
        let event = json!({ "body": "eyJuYW1lIjoieCJ9", "isBase64Encoded": true }).to_string();
        let request = Request::from_event(&event).unwrap();
        let fields = request.fields(&NAME).unwrap();
        assert_eq!(fields.line("name", 9).unwrap(), "x");
    }

    #[test]
    fn what_is_no_object_is_told_in_plain_words() {
        let message = |content_type: &str, body: &str| {
            let headers = json!({ "content-type": content_type });
            let event = json!({ "headers": headers, "body": body }).to_string();
            let request = Request::from_event(&event).unwrap();
            let error = request.fields(&NAME).unwrap_err();
            assert_eq!(
                (error.code, error.param),
                (ErrorCode::ValidationError, None)
            );
            error.message.into_owned()
        };
        for (body, wrong) in [
            ("", "The body is empty"),
            (" \n", "The body is empty"),
            ("\u{feff}", "The body is empty"),
            ("[]", "The body is JSON, but no object"),
            ("\"x\"", "The body is JSON, but no object"),
            ("null", "The body is JSON, but no object"),
            (&"[".repeat(100_000), "The body is JSON, but no object"),
            (
                "{\"name\":",
                "The body is not whole: it ends before its JSON does",
            ),
            (
                "name=x",
                "The body is not valid JSON from line 1, column 2 on",
            ),
            (
                "{\n'name'",
                "The body is not valid JSON from line 2, column 1 on",
            ),
        ] {
            let expected = format!("{wrong}. Send a JSON object with `name`.");
            assert_eq!(message("application/json", body), expected, "{body}");
        }
        let form = "The body is a form. Send a JSON object with `name`, and `Content-Type: application/json`.";
        assert_eq!(message("application/x-www-form-urlencoded", "name=x"), form);
        assert_eq!(message("Multipart/Form-Data; boundary=a", "--a"), form);
        let json =
            "The body is not whole: it ends before its JSON does. Send a JSON object with `name`.";
        assert_eq!(message("application/x-www-form-urlencoded", "{"), json);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_body() {
        let request = with_body("\u{feff}{\"name\":\"x\"}");
        let fields = request.fields(&NAME).unwrap();
        assert_eq!(fields.line("name", 9).unwrap(), "x");
        let not_utf8 = json!({ "body": "gA==", "isBase64Encoded": true }).to_string();
        let request = Request::from_event(&not_utf8).unwrap();
        let error = request.fields(&NAME).unwrap_err();
        assert_eq!(
            error.message,
            "The body is not UTF-8. Send it as JSON in UTF-8."
        );
    }
}
