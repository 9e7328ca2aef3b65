//! A response, as a client reads it. Reading a response also checks its form (Envelope in openapi.yaml).

use std::collections::BTreeMap;

use serde_json::Value;

/// A response of the API.
#[derive(Clone, Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    /// The body of a page or a file.
    pub text: String,
    body: Value,
}

impl Response {
    /// Reads the function's result for the gateway.
    pub fn read(answer: Value) -> Self {
        let text = answer["body"].as_str().expect("there is a body");
        let is_json = answer["headers"]["content-type"] == "application/json";
        let body = is_json.then(|| serde_json::from_str(text).expect("the body is JSON"));
        let cookies = answer["cookies"].as_array().into_iter().flatten();
        let response = Self {
            status: answer["statusCode"].as_u64().unwrap().try_into().unwrap(),
            headers: answer["headers"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            cookies: cookies
                .map(|cookie| cookie.as_str().unwrap().to_owned())
                .collect(),
            text: text.to_owned(),
            body: body.unwrap_or_default(),
        };
        assert_ne!(answer["isBase64Encoded"], true);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(response.header(name), Some(value));
        }
        // Without an envelope are the API reference, and a provider's answer, which is a list.
        if response.status == 304 {
            response.is_not_modified();
        } else if is_json && response.body["openapi"].is_null() && !response.body.is_array() {
            response.has_the_documented_form();
        } else {
            response.is_a_page_or_a_file();
        }
        response.limits_agree();
        response
    }

    /// Checks a `304`: it says what is not modified, and nothing else.
    fn is_not_modified(&self) {
        assert!(self.header("etag").is_some() && self.text.is_empty());
        assert_eq!(self.header("content-type"), None);
        assert!(self.header("x-request-id").unwrap().starts_with("req_"));
        assert!(self.limit_header("limit").is_some());
    }

    /// Checks that `X-RateLimit-*` and the fields of the IETF draft agree, and in a 429 also the message.
    fn limits_agree(&self) {
        let fields = ["ratelimit-policy", "ratelimit"].map(|name| self.header(name));
        let Some(limit) = self.limit_header("limit") else {
            assert_eq!(fields, [None, None]);
            return;
        };
        let [policy, standing] = fields.map(|field| {
            let field = field.expect("both are told");
            let parts: Vec<_> = field.split(';').collect();
            let [name, one, other] = parts[..] else {
                panic!("{field}")
            };
            (name, one, other)
        });
        let (name, quota, window) = policy;
        let window_of = [
            ("\"caller\"", "w=60"),
            ("\"address\"", "w=60"),
            ("\"submissions-10-minutes\"", "w=600"),
            ("\"submissions-hour\"", "w=3600"),
        ];
        assert!(window_of.contains(&(name, window)), "{policy:?}");
        assert_eq!(quota, format!("q={limit}"));
        let (same_name, remaining, resets_in) = standing;
        assert_eq!(same_name, name);
        let left = self.limit_header("remaining").unwrap();
        assert_eq!(remaining, format!("r={left}"));
        let seconds = resets_in.strip_prefix("t=").unwrap();
        assert!(seconds.parse::<u32>().unwrap() >= 1);
        if let Some(wait) = self.header("retry-after") {
            assert_eq!(wait, seconds);
            let s = if wait == "1" { "" } else { "s" };
            let says_so = format!(" Try again in {wait} second{s}.");
            let told = self.message();
            assert!(self.is_page() || told.ends_with(&says_so), "{told}");
        }
    }

    /// Checks a response without the envelope: it is a page, a file or for a provider, and has a request id, too.
    fn is_a_page_or_a_file(&self) {
        let content_type = self.header("content-type").unwrap();
        let known = [
            "application/json",
            "image/svg+xml",
            "text/css",
            "text/html",
            "text/javascript",
            "text/plain",
        ];
        assert!(known.iter().any(|known| content_type.starts_with(known)));
        assert!(self.header("x-request-id").unwrap().starts_with("req_"));
        assert!(self.is_page() || self.status == 200);
    }

    pub fn is_page(&self) -> bool {
        self.header("content-type")
            .unwrap()
            .starts_with("text/html")
    }

    /// The value of a cookie that the response sets; empty for a cookie that it clears.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let set = self.set_cookie(name)?;
        set.split(['=', ';']).nth(1)
    }

    /// The whole `Set-Cookie` header of a cookie.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        let mut set = self
            .cookies
            .iter()
            .filter(|set| set.split('=').next() == Some(name));
        let first = set.next();
        assert_eq!(set.next(), None, "set once");
        first.map(String::as_str)
    }

    fn has_the_documented_form(&self) {
        assert_eq!(keys(&self.body), ["data", "error", "meta"]);
        // Of all lists, only the log of webhook deliveries is `data` itself.
        let expected: &[_] = match &self.body["data"] {
            Value::Array(_) => &["cursor", "hasMore", "requestId", "timestamp"],
            _ => &["requestId", "timestamp"],
        };
        assert_eq!(keys(&self.body["meta"]), expected);
        let id = self.body["meta"]["requestId"].as_str().unwrap();
        assert_eq!(self.header("x-request-id"), Some(id));
        let ulid = id.strip_prefix("req_").unwrap();
        assert!(
            ulid.len() == 26
                && ulid
                    .bytes()
                    .all(|b| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&b))
        );
        assert_timestamp(&self.body["meta"]["timestamp"]);
        assert_eq!(self.header("content-type"), Some("application/json"));
        // Browsers may keep tickets, and ask each time whether they have changed.
        let may_be_kept = self.header("vary") == Some("Authorization, Cookie");
        let kept = if may_be_kept {
            "private, no-cache"
        } else {
            "no-store"
        };
        assert_eq!(self.header("cache-control"), Some(kept));

        let error = &self.body["error"];
        assert_eq!(self.header("location").is_some(), self.status == 302);
        if self.status < 400 {
            let succeeded = matches!(self.status, 200 | 201 | 202 | 302);
            assert!(succeeded && error.is_null() && !self.body["data"].is_null());
        } else {
            assert!(self.body["data"].is_null());
            let mut members = keys(error);
            members.retain(|member| member != "param");
            assert_eq!(members, ["code", "message"]);
            assert!(!error["message"].as_str().unwrap().is_empty());
            let status = match self.code() {
                "VALIDATION_ERROR" => 400,
                "AUTH_REQUIRED" | "INVALID_TOKEN" => 401,
                "FORBIDDEN" => 403,
                "NOT_FOUND" => 404,
                "CONFLICT" => 409,
                "RATE_LIMITED" => 429,
                "INTERNAL_ERROR" => 500,
                other => panic!("{other} is not in openapi.yaml, Envelope"),
            };
            assert_eq!(self.status, status);
        }
        assert_eq!(
            self.header("www-authenticate"),
            (self.status == 401).then_some("Bearer")
        );
        assert_eq!(self.header("retry-after").is_some(), self.status == 429);
        let limits = ["limit", "remaining", "reset"].map(|name| self.limit_header(name).is_some());
        assert!(limits == [true; 3] || limits == [false; 3]);
    }

    /// All headers but `Set-Cookie`, by their names in lower case.
    pub fn headers(&self) -> &BTreeMap<String, String> {
        &self.headers
    }

    /// The values of all `Set-Cookie` headers.
    pub fn cookies(&self) -> &[String] {
        &self.cookies
    }

    /// The envelope, or what a provider gets; `null` for a page or a file.
    pub fn envelope(&self) -> &Value {
        &self.body
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The number in an `X-RateLimit-*` header.
    pub fn limit_header(&self, name: &str) -> Option<i64> {
        self.header(&format!("x-ratelimit-{name}"))
            .map(|number| number.parse().unwrap())
    }

    /// Whether an earlier call was answered so.
    pub fn is_replayed(&self) -> bool {
        let told = self.header("idempotency-replayed");
        assert!(matches!(told, None | Some("true")));
        told.is_some()
    }

    /// The envelope's `data`.
    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// The error's code; empty if there is no error.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// The field that the error names.
    pub fn param(&self) -> Option<&str> {
        self.body["error"]["param"].as_str()
    }

    pub fn request_id(&self) -> &str {
        self.header("x-request-id").unwrap()
    }

    /// The ids of a list of keys, in its order.
    pub fn key_ids(&self) -> Vec<&str> {
        let keys = self.data()["apiKeys"].as_array().unwrap();
        keys.iter().map(|key| key["id"].as_str().unwrap()).collect()
    }
}

/// The names of an object's members, sorted.
pub fn keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

/// `2026-06-11T03:00:00.000Z`: RFC 3339 in UTC with milliseconds.
pub fn assert_timestamp(value: &Value) {
    let text = value.as_str().unwrap();
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{text}");
}
