//! Turns a request into API Gateway's event (payload format 2.0) for a route of the template.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::template::Route;

/// A client's request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Without the `?`.
    pub query: String,
    /// API Gateway joins the values of a repeated header with commas.
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// Whether `body` is the base64 of the body that was sent.
    pub is_base64_encoded: bool,
    /// The client address; empty for [`DEFAULT_SOURCE_IP`].
    pub source_ip: String,
}

/// The `Host` of a request that has none.
const HOST: &str = "api.example.test";

/// An address for documentation (RFC 5737).
const DEFAULT_SOURCE_IP: &str = "192.0.2.1";

impl Request {
    /// The route that matches the request, and the event for the route's function. If several match, API Gateway takes
    /// the one with the fewest parameters, and `$default` only if no other one matches.
    #[must_use]
    pub fn routed<'a>(&self, routes: &'a [Route]) -> Option<(&'a Route, Value)> {
        let matching = routes
            .iter()
            .filter_map(|route| Some((route, self.parameters(route)?)));
        let (route, parameters) = matching
            .min_by_key(|(route, parameters)| (route.endpoint.is_none(), parameters.len()))?;
        Some((route, self.event(route, parameters)))
    }

    fn parameters(&self, route: &Route) -> Option<Map<String, Value>> {
        let Some((method, path)) = &route.endpoint else {
            return Some(Map::new());
        };
        if *method != self.method {
            return None;
        }
        let mut parameters = Map::new();
        // `{name+}` matches the rest of the path.
        if let Some((before, name)) = path.strip_suffix("+}").and_then(|p| p.rsplit_once('{')) {
            let rest = self
                .path
                .strip_prefix(before)
                .filter(|rest| !rest.is_empty())?;
            parameters.insert(name.to_owned(), rest.into());
            return Some(parameters);
        }
        let (pattern, parts) = (path.split('/'), self.path.split('/'));
        if pattern.clone().count() != parts.clone().count() {
            return None;
        }
        for (pattern, part) in pattern.zip(parts) {
            match pattern
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(_) if part.is_empty() => return None,
                Some(name) => drop(parameters.insert(name.to_owned(), part.into())),
                None if pattern != part => return None,
                None => {}
            }
        }
        Some(parameters)
    }

    fn event(&self, route: &Route, parameters: Map<String, Value>) -> Value {
        let mut headers = Map::from_iter([("host".to_owned(), HOST.into())]);
        let mut cookies = Vec::new();
        for (name, value) in &self.headers {
            let name = name.to_ascii_lowercase();
            // In the event, cookies are a list, and the header is missing.
            if name == "cookie" {
                cookies.extend(
                    value
                        .split(';')
                        .map(|cookie| Value::from(cookie.trim_matches(' '))),
                );
                continue;
            }
            let before = headers.get(&name).and_then(Value::as_str);
            let joined = match before.filter(|_| name != "host") {
                Some(before) => format!("{before},{value}"),
                None => value.clone(),
            };
            headers.insert(name, joined.into());
        }
        let source_ip = match self.source_ip.as_str() {
            "" => DEFAULT_SOURCE_IP,
            given => given,
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let mut event = json!({
            "version": "2.0",
            "routeKey": route.key(),
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "api",
                "domainName": headers["host"],
                "domainPrefix": "api",
                "http": {
                    "method": self.method,
                    "path": self.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": source_ip,
                    "userAgent": "test",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": route.key(),
                "stage": "$default",
                "timeEpoch": u64::try_from(now.as_millis()).unwrap_or_default(),
            },
            "isBase64Encoded": self.is_base64_encoded,
        });
        if !cookies.is_empty() {
            event["cookies"] = cookies.into();
        }
        if !parameters.is_empty() {
            event["pathParameters"] = parameters.into();
        }
        if let Some(body) = &self.body {
            event["body"] = body.as_str().into();
        }
        event
    }
}
