//! The request, parsed from API Gateway's event.

use std::{collections::HashMap, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    domain::rate_limit::grouped,
    error::ApiError,
    http::{
        cookies::{self, CookieName},
        digest::digest_of_parts,
        event::Event,
        fields::Fields,
        json::{KnownFields, MAX_BODY_BYTES, MAX_MEMBERS, NotAnObject, Object},
        origin::Origin,
        query::Query,
        sentences::listed,
    },
    ids::ResourceId,
};

/// `Debug` shows nothing that the client wrote.
pub struct Request {
    method: String,
    path: String,
    headers: HashMap<String, String>,
    /// As they were sent: each text holds one or more cookies.
    cookies: Vec<String>,
    source_ip: String,
    path_parameters: HashMap<String, String>,
    query: String,
    body: Vec<u8>,
}

impl Request {
    /// # Errors
    ///
    /// As [`Request::from_event`]; and `400` if the text is not JSON.
    pub fn from_text(event: &str) -> Result<Self, ApiError> {
        Self::from_event(serde_json::from_str(event).unwrap_or_else(|_| Event::unreadable()))
    }

    /// # Errors
    ///
    /// `400` if the event is not of the format, or its body is not the base64 that it claims to be. API Gateway sends
    /// neither; a test or a misconfigured trigger may.
    pub fn from_event(event: Event) -> Result<Self, ApiError> {
        let event = event.of_gateway().ok_or_else(|| {
            ApiError::validation(
                "The request is no event of API Gateway's HTTP API, payload format 2.0.",
            )
        })?;
        let body = if event.is_base64_encoded {
            BASE64_STANDARD.decode(event.body).map_err(|_| {
                ApiError::validation("The body is not the base64 that the event says it is.")
            })?
        } else {
            event.body.into_bytes()
        };
        // The gateway lower-cases names and joins repeated headers. Other event sources may not.
        let mut headers = HashMap::<String, String>::with_capacity(event.headers.len() + 1);
        for (name, value) in event.headers {
            headers
                .entry(name.to_ascii_lowercase())
                .and_modify(|before| *before = format!("{before}, {value}"))
                .or_insert(value);
        }
        // The gateway lists cookies separately. Other event sources may leave them in their header.
        let cookies = event.cookies.into_iter().chain(headers.remove("cookie"));
        // The gateway sends the host twice. Tests may send it once.
        if let Some(domain) = event.domain_name {
            headers.entry("host".to_owned()).or_insert(domain);
        }
        Ok(Self {
            method: event.method,
            path: event.path,
            cookies: cookies.collect(),
            headers,
            source_ip: event.source_ip,
            query: event.query,
            path_parameters: event.path_parameters,
            body,
        })
    }

    /// The gateway joins repeated `Authorization` headers with commas.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.header("authorization")
    }

    /// `name` is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the method is safe (RFC 9110 section 9.2.1): GET or HEAD. All others are treated as writes.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// The origin that the request was sent to; `None` if its `Host` header is missing or invalid.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        Origin::of_host(self.header("host")?)
    }

    /// The cookie's value. A cookie that is there twice with different values counts as missing, because nothing says
    /// which value is ours.
    #[must_use]
    pub fn cookie(&self, name: CookieName) -> Option<&str> {
        let name = name.on(&self.origin()?);
        let cookies = self.cookies.iter().flat_map(|text| cookies::read(text));
        let mut values = cookies
            .filter(|(of, _)| *of == name)
            .map(|(_, value)| value);
        let value = values.next()?;
        let is_unambiguous = values.all(|other| other == value);
        (is_unambiguous && !value.is_empty()).then_some(value)
    }

    /// Whether a browser navigates, and so will show the response: its first choice in `Accept` is HTML ("List of
    /// default Accept values", MDN).
    #[must_use]
    pub fn is_navigation(&self) -> bool {
        let accept = self.header("accept").unwrap_or_default();
        let preferred = accept.split([',', ';']).next().unwrap_or_default();
        preferred.trim().eq_ignore_ascii_case("text/html")
    }

    /// The value of `{name}` in the route's path, empty if there is none. API Gateway decodes percent signs in it,
    /// `cargo lambda watch` does not.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> &str {
        self.path_parameters.get(name).map_or("", String::as_str)
    }

    /// The value of `{id}` in the route's path.
    ///
    /// # Errors
    ///
    /// `404` if it is malformed: no resource can have it.
    pub fn id<Id: ResourceId>(&self) -> Result<Id, ApiError> {
        Id::read(self.path_parameter("id")).ok_or_else(ApiError::no_such::<Id>)
    }

    /// The client's address, as the gateway saw it. The client cannot forge it.
    pub(crate) fn source_ip(&self) -> &str {
        &self.source_ip
    }

    #[must_use]
    pub fn query(&self) -> Query {
        Query::read(&self.query)
    }

    /// Refuses a body over [`MAX_BODY_BYTES`].
    pub(crate) fn check_body_size(&self) -> Result<(), ApiError> {
        if self.body.len() > MAX_BODY_BYTES {
            return Err(ApiError::validation(
                "The body is larger than 1 MiB. Send at most 1 MiB.",
            ));
        }
        Ok(())
    }

    /// Tells calls apart: a SHA-256 of method, path and body, in hex. The body counts as it was sent, byte by byte.
    pub(crate) fn fingerprint(&self) -> String {
        digest_of_parts(&[self.method.as_bytes(), self.path.as_bytes(), &self.body])
    }

    /// The body as it was sent, byte by byte: what signatures are made of.
    pub(crate) fn raw_body(&self) -> &[u8] {
        &self.body
    }

    /// The fields of the body. A byte order mark before it is ignored (Transport in openapi.yaml).
    ///
    /// # Errors
    ///
    /// `400` if the body is not a JSON object, or lacks a required field.
    pub fn fields(&self, known: &'static KnownFields) -> Result<Fields<'_>, ApiError> {
        let text = str::from_utf8(&self.body).map_err(|_| {
            ApiError::validation("The body is not UTF-8. Send it as JSON in UTF-8.")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let object = Object::read(text, known)
            .map_err(|not_an_object| self.not_an_object(text, &not_an_object, known))?;
        Fields::of(object, known)
    }

    /// As [`Request::fields`], where the body may be left out.
    pub fn optional_fields(&self, known: &'static KnownFields) -> Result<Fields<'_>, ApiError> {
        if self.body.is_empty() {
            return Fields::of(Object::none(known), known);
        }
        self.fields(known)
    }

    /// `400` for a body that is not an object: says what it is, and what to send.
    fn not_an_object(
        &self,
        text: &str,
        not_an_object: &NotAnObject,
        known: &KnownFields,
    ) -> ApiError {
        let media_type = self.header("content-type").unwrap_or_default();
        let is_form = ["application/x-www-form-urlencoded", "multipart/form-data"]
            .iter()
            .any(|form| {
                media_type
                    .trim_start()
                    .to_ascii_lowercase()
                    .starts_with(form)
            });
        // Clients that set no type of their own (curl) declare JSON as a form too.
        let is_form = is_form && !text.trim_start().starts_with('{');
        let wrong = match not_an_object {
            _ if text.trim().is_empty() => "The body is empty".to_owned(),
            _ if is_form => "The body is a form".to_owned(),
            NotAnObject::AnotherType => "The body is JSON, but no object".to_owned(),
            NotAnObject::TooManyMembers => {
                format!("The body has more than {} fields", grouped(MAX_MEMBERS))
            }
            NotAnObject::EndsEarly => {
                "The body is not whole: it ends before its JSON does".to_owned()
            }
            NotAnObject::Malformed { line, column } => {
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

    static NAME: KnownFields = KnownFields {
        required: &["name"],
        optional: &[],
    };

    fn with_body(body: &str) -> Request {
        Request::from_text(&json!({ "body": body }).to_string()).unwrap()
    }

    #[test]
    fn a_body_may_be_left_out_where_no_field_is_required() {
        static NONE: KnownFields = KnownFields {
            required: &[],
            optional: &["name"],
        };
        let left_out = with_body("");
        assert!(!left_out.optional_fields(&NONE).unwrap().has("name"));
        assert!(left_out.optional_fields(&NAME).is_err());
        let given = with_body(r#"{"name":"x"}"#);
        assert!(given.optional_fields(&NONE).unwrap().has("name"));
        for wrong in [" ", "[]", "name=x"] {
            assert!(with_body(wrong).optional_fields(&NONE).is_err());
        }
    }

    #[test]
    fn an_event_is_read_whatever_the_client_sent() {
        let event = json!({
            "rawPath": "/api/v1/ä b%zz\u{0}",
            "headers": { "host": "not a host", "user-agent": "Café ☕", "x-forwarded-proto": "::" },
            "requestContext": { "http": { "method": "B(AD", "sourceIp": "192.0.2.1" } },
        });
        let request = Request::from_text(&event.to_string()).unwrap();
        assert_eq!(request.source_ip(), "192.0.2.1");
        assert_eq!(request.authorization(), None);
        assert_eq!(request.path_parameter("id"), "");
    }

    #[test]
    fn the_authorization_header_is_found_in_any_case() {
        for name in ["authorization", "Authorization", "AUTHORIZATION"] {
            let event = json!({ "headers": { name: "Bearer x" } }).to_string();
            assert_eq!(
                Request::from_text(&event).unwrap().authorization(),
                Some("Bearer x")
            );
        }
    }

    #[test]
    fn the_origin_is_that_of_the_host_that_the_client_used() {
        let origin = |event: Value| {
            let request = Request::from_text(&event.to_string()).unwrap();
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
            let request = Request::from_text(&event.to_string()).unwrap();
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
        let request = Request::from_text(&event.to_string()).unwrap();
        let shown = format!("{request:?} {:?}", request.fields(&NAME).unwrap());
        assert_eq!(shown, "Request { bytes: 14, .. } Fields { count: 1, .. }");
    }

    #[test]
    fn a_malformed_event_is_refused() {
        for event in ["", "null", "7", r#"{"headers": 7}"#, r#"{"body": 7}"#] {
            assert_eq!(
                Request::from_text(event).unwrap_err().code.status(),
                400,
                "{event}"
            );
        }
        let event = json!({ "body": "not base64!", "isBase64Encoded": true }).to_string();
        assert_eq!(Request::from_text(&event).unwrap_err().code.status(), 400);
    }

    #[test]
    fn a_base64_body_is_decoded() {
        let event = json!({ "body": "eyJuYW1lIjoieCJ9", "isBase64Encoded": true }).to_string();
        let request = Request::from_text(&event).unwrap();
        let fields = request.fields(&NAME).unwrap();
        assert_eq!(fields.line("name", 9).unwrap(), "x");
    }

    #[test]
    fn the_message_says_why_a_body_is_not_an_object() {
        let message = |content_type: &str, body: &str| {
            let headers = json!({ "content-type": content_type });
            let event = json!({ "headers": headers, "body": body }).to_string();
            let request = Request::from_text(&event).unwrap();
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
    fn a_byte_order_mark_is_ignored() {
        let request = with_body("\u{feff}{\"name\":\"x\"}");
        let fields = request.fields(&NAME).unwrap();
        assert_eq!(fields.line("name", 9).unwrap(), "x");
        let not_utf8 = json!({ "body": "gA==", "isBase64Encoded": true }).to_string();
        let request = Request::from_text(&not_utf8).unwrap();
        let error = request.fields(&NAME).unwrap_err();
        assert_eq!(
            error.message,
            "The body is not UTF-8. Send it as JSON in UTF-8."
        );
    }
}
