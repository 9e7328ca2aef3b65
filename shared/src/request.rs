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
use serde_json::{Map, Value};

use crate::error::ApiError;

/// The largest body that is read, in bytes (contract, section 1).
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// One call, with nothing of the gateway left in it but what endpoints may need.
///
/// `Debug` shows neither the credential nor the body.
pub struct Request {
    authorization: Option<String>,
    path_parameters: HashMap<String, String>,
    body: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(default)]
    path_parameters: Option<HashMap<String, String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Request {
    /// Reads an event.
    ///
    /// # Errors
    ///
    /// `400` where the event is not of the format, or the body not the base64 that it claims to be. API
    /// Gateway sends neither; a test or a misconfigured trigger may.
    pub fn from_event(event: &str) -> Result<Self, ApiError> {
        let event: Event = serde_json::from_str(event)
            .map_err(|_| ApiError::validation("The request could not be read."))?;
        let body = event.body.unwrap_or_default();
        let body = if event.is_base64_encoded {
            BASE64_STANDARD
                .decode(body)
                .map_err(|_| ApiError::validation("The body could not be read."))?
        } else {
            body.into_bytes()
        };
        // The gateway writes names in lower case and joins repeated headers; another source of events need not.
        let headers = event.headers.unwrap_or_default().into_iter();
        let authorization = headers
            .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
            .map(|(_, value)| value)
            .reduce(|one, other| format!("{one}, {other}"));
        Ok(Self {
            authorization,
            path_parameters: event.path_parameters.unwrap_or_default(),
            body,
        })
    }

    /// The `Authorization` header, as it was sent. The gateway joins repeated ones with commas.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// What stands at `{name}` in the route's path, empty where nothing does. It is as the gateway hands it on:
    /// API Gateway decodes percent signs, `cargo lambda watch` does not.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> &str {
        self.path_parameters.get(name).map_or("", String::as_str)
    }

    /// Refuses a body over [`MAX_BODY_BYTES`].
    pub(crate) fn within_size(&self) -> Result<(), ApiError> {
        if self.body.len() > MAX_BODY_BYTES {
            return Err(ApiError::validation("The body is larger than 1 MiB."));
        }
        Ok(())
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    ///
    /// `400` where it is no JSON, or JSON but no object.
    pub fn fields(&self) -> Result<Fields, ApiError> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(fields)) => Ok(Fields(fields)),
            Ok(_) => Err(ApiError::validation("The body must be a JSON object.")),
            Err(error) => Err(ApiError::validation(format!(
                "The body is not valid JSON: {error}."
            ))),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The fields of a request's body. A field that nobody asks for is ignored. `Debug` shows none.
pub struct Fields(Map<String, Value>);

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields")
            .field("count", &self.0.len())
            .finish_non_exhaustive()
    }
}

impl Fields {
    /// The text in the field `name`, trimmed, of `min` to `max` characters (not bytes).
    ///
    /// # Errors
    ///
    /// `400` with `param` where the field is missing, no text, too short or too long.
    pub fn text(&self, name: &'static str, min: usize, max: usize) -> Result<&str, ApiError> {
        let text = match self.0.get(name) {
            None | Some(Value::Null) => {
                return Err(ApiError::invalid_field(
                    name,
                    format!("`{name}` is required."),
                ));
            }
            Some(Value::String(text)) => text.trim(),
            Some(_) => {
                return Err(ApiError::invalid_field(
                    name,
                    format!("`{name}` must be a string."),
                ));
            }
        };
        if !(min..=max).contains(&text.chars().count()) {
            let rule = format!("`{name}` must have {min} to {max} characters.");
            return Err(ApiError::invalid_field(name, rule));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorCode;

    fn with_body(body: &str) -> Request {
        Request::from_event(&json!({ "body": body }).to_string()).unwrap()
    }

    #[test]
    fn an_event_is_read_whatever_the_client_put_into_it() {
        let event = json!({
            "rawPath": "/api/v1/ä b%zz\u{0}",
            "headers": { "host": "not a host", "user-agent": "Café ☕", "x-forwarded-proto": "::" },
            "requestContext": { "http": { "method": "B(AD" } },
        });
        let request = Request::from_event(&event.to_string()).unwrap();
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
    fn debug_shows_neither_credential_nor_body() {
        let event =
            json!({ "headers": { "authorization": "Bearer x-1" }, "body": "{\"name\":\"x-2\"}" });
        let request = Request::from_event(&event.to_string()).unwrap();
        let shown = format!("{request:?} {:?}", request.fields().unwrap());
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
        let fields = Request::from_event(&event).unwrap().fields().unwrap();
        assert_eq!(fields.text("name", 1, 9).unwrap(), "x");
    }

    #[test]
    fn only_an_object_is_a_body() {
        for body in [
            "",
            "nonsense",
            "[]",
            r#"["x"]"#,
            r#""x""#,
            "7",
            "null",
            r#"{"a":"\ud800"}"#,
        ] {
            let error = with_body(body).fields().unwrap_err();
            assert_eq!(
                (error.code, error.param),
                (ErrorCode::ValidationError, None),
                "{body}"
            );
        }
        let nested = "[".repeat(100_000);
        assert_eq!(
            with_body(&nested).fields().unwrap_err().code,
            ErrorCode::ValidationError
        );
    }

    #[test]
    fn a_text_is_trimmed_and_its_characters_counted() {
        let text = |value: Value| {
            let fields = with_body(&json!({ "name": value }).to_string())
                .fields()
                .unwrap();
            fields
                .text("name", 1, 3)
                .map(str::to_owned)
                .map_err(|e| (e.param, e.message.into_owned()))
        };
        assert_eq!(text(json!("  a b\n")), Ok("a b".to_owned()));
        assert_eq!(text(json!("𝒳𝒴𝒵")), Ok("𝒳𝒴𝒵".to_owned()));
        let refused = |message: &str| Err((Some("name"), message.to_owned()));
        assert_eq!(
            text(json!("abcd")),
            refused("`name` must have 1 to 3 characters.")
        );
        assert_eq!(
            text(json!(" \t ")),
            refused("`name` must have 1 to 3 characters.")
        );
        assert_eq!(text(json!(7)), refused("`name` must be a string."));
        assert_eq!(text(Value::Null), refused("`name` is required."));
    }
}
