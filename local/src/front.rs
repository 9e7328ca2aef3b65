//! The front door of `make run`: what API Gateway does that `cargo lambda watch` 1.9 does not.
//!
//! - It holds calls back. The emulator queues 100 for a function and stops for good at the next one, because it
//!   waits for room while it holds the lock that would make some; so no more than [`IN_FLIGHT`] are let
//!   through, and a client that gives up does not take its call out of that count.
//! - It joins repeated headers with commas, and cookies with semicolons; the emulator drops all but the first.
//! - It hands on a body that is no UTF-8 as binary, and header bytes that are none as replacement characters; the
//!   emulator fails on both.
//! - It keeps clients from what the emulator has beside the routes, which calls any function with anything and speaks
//!   as one. A path goes on as it was sent, byte for byte, so that both see the same one; where the template has no
//!   route that begins like it, or the emulator's router has not the method, it goes to `$default`. Headers by which
//!   the emulator and the functions speak do not go on, nor come back.
//! - A call that fails in Lambda, or lasts too long, is answered in API Gateway's words, not the emulator's.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::json;
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};

use crate::{Error, template::Route};

/// How many calls are let through at once.
const IN_FLIGHT: usize = 64;

/// API Gateway's own limit ("Quotas for HTTP APIs", API Gateway developer guide).
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// How long API Gateway waits for a function (the same).
const TIMEOUT: Duration = Duration::from_secs(30);

/// The methods that the emulator's router knows; see `Cargo.toml`.
const METHODS: [Method; 7] = [
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
];

/// Headers of one hop (RFC 9110, section 7.6.1), beside those that `Connection` names.
const OF_THIS_HOP: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// How the headers begin by which Lambda, its functions and extensions speak.
const OF_LAMBDA: &str = "lambda-";

/// What every answer of a function has, and none of the emulator's own.
const OF_A_FUNCTION: &str = "x-request-id";

struct Front {
    emulator: String,
    client: Client<HttpConnector, Body>,
    room: Arc<Semaphore>,
    /// What the paths of the template's routes begin with.
    beginnings: BTreeSet<String>,
    /// The function of the route `$default`.
    default: String,
}

/// Serves on `listener`, in front of the emulator at this URL, until the listener fails.
///
/// # Errors
///
/// Where it does, or there is no route `$default`.
pub async fn serve(listener: TcpListener, emulator: String, routes: &[Route]) -> Result<(), Error> {
    let default = routes.iter().find(|route| route.endpoint.is_none());
    let paths = routes.iter().filter_map(|route| route.endpoint.as_ref());
    let front = Front {
        emulator,
        client: Client::builder(TokioExecutor::new()).build_http(),
        room: Arc::new(Semaphore::new(IN_FLIGHT)),
        beginnings: paths
            .filter_map(|(_, path)| beginning(path).map(str::to_owned))
            .collect(),
        default: default
            .ok_or("there is no route $default")?
            .function
            .clone(),
    };
    let app = Router::new().fallback(pass).with_state(Arc::new(front));
    Ok(axum::serve(listener, app).await?)
}

async fn pass(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return says(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let unavailable = || says(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    let Ok(room) = Arc::clone(&front.room).acquire_owned().await else {
        return unavailable();
    };
    // A task of its own, which goes on when the client has gone.
    let passed = tokio::spawn(async move {
        let answer = front.forward(parts, body).await;
        drop(room);
        answer
    });
    match timeout(TIMEOUT, passed).await {
        Ok(Ok(Ok(response))) if response.headers().contains_key(OF_A_FUNCTION) => response,
        Ok(Ok(Ok(_))) => says(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        Ok(Ok(Err(error))) => {
            eprintln!("cargo lambda watch gives no answer: {error}");
            unavailable()
        }
        Ok(Err(_)) | Err(_) => unavailable(),
    }
}

/// An answer of API Gateway's own.
fn says(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

impl Front {
    async fn forward(&self, parts: Parts, body: Bytes) -> Result<Response, Error> {
        let (method, target) = self.target(&parts);
        let mut headers = joined(&parts.headers);
        if std::str::from_utf8(&body).is_err() {
            let binary = HeaderValue::from_static("application/octet-stream");
            headers.insert(header::CONTENT_TYPE, binary);
        }
        let mut request = http::Request::new(Body::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}{target}", self.emulator).parse()?;
        *request.headers_mut() = headers;
        let (parts, body) = self.client.request(request).await?.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await?;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = parts.status;
        for (name, value) in &parts.headers {
            // The length stays: of an answer to HEAD it is all that says it.
            if name == header::CONTENT_LENGTH || goes_on(name) {
                response.headers_mut().append(name, value.clone());
            }
        }
        Ok(response)
    }

    /// What the emulator is asked for: what the client asks for, or that of the function of `$default`.
    fn target(&self, asked: &Parts) -> (Method, String) {
        let path = asked.uri.path_and_query().map_or("/", |path| path.as_str());
        let ours = beginning(asked.uri.path()).is_some_and(|first| self.beginnings.contains(first));
        if ours && METHODS.contains(&asked.method) {
            return (asked.method.clone(), path.to_owned());
        }
        // `OPTIONS *` and `CONNECT host` have no path.
        if asked.method == Method::CONNECT || !path.starts_with('/') {
            return (Method::GET, format!("/lambda-url/{}/", self.default));
        }
        let target = format!("/lambda-url/{}{path}", self.default);
        (asked.method.clone(), target)
    }
}

/// The first part of a path that begins with a slash.
fn beginning(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.split('/').next()
}

/// Whether a header is not of one hop, nor of those by which Lambda and its functions speak.
fn goes_on(name: &HeaderName) -> bool {
    !OF_THIS_HOP.contains(&name.as_str()) && !name.as_str().starts_with(OF_LAMBDA)
}

/// The headers of the request that go on, each once, as UTF-8.
fn joined(headers: &HeaderMap) -> HeaderMap {
    let named = headers.get_all(header::CONNECTION).iter();
    let named: HashSet<_> = named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let mut joined = HeaderMap::new();
    let on = |name: &&HeaderName| goes_on(name) && !named.contains(name.as_str());
    for name in headers.keys().filter(on) {
        let values = headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let between = if name == header::COOKIE { "; " } else { "," };
        if let Ok(value) = HeaderValue::from_bytes(values.join(between).as_bytes()) {
            joined.insert(name, value);
        }
    }
    joined
}
