//! The front door of `make run`: what API Gateway does that `cargo lambda watch` 1.9 does not.
//!
//! - It holds calls back. The emulator queues 100 for a function and stops for good at the next one, because it
//!   waits for room while it holds the lock that would make some; so no more than [`IN_FLIGHT`] are let
//!   through, and a client that gives up does not take its call out of that count.
//! - It joins repeated headers with commas, and cookies with semicolons; the emulator drops all but the first.
//! - It hands on a body that is no UTF-8 as binary, and header bytes that are none as replacement characters; the
//!   emulator fails on both.
//! - It sends what can be no route (another method, a path of the emulator's own) to `$default`.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, sync::Semaphore};

use crate::Error;

/// How many calls are let through at once.
const IN_FLIGHT: usize = 64;

/// API Gateway's own limit ("Quotas for HTTP APIs", API Gateway developer guide).
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

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

struct Front {
    emulator: String,
    client: reqwest::Client,
    room: Semaphore,
}

/// Serves on `listener`, in front of the emulator at this URL, until the listener fails.
///
/// # Errors
///
/// Where it does.
pub async fn serve(listener: TcpListener, emulator: String) -> Result<(), Error> {
    let front = Front {
        emulator,
        client: reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?,
        room: Semaphore::new(IN_FLIGHT),
    };
    let app = Router::new().fallback(pass).with_state(Arc::new(front));
    Ok(axum::serve(listener, app).await?)
}

async fn pass(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    // A task of its own, which goes on when the client has gone.
    let passed = tokio::spawn(async move { front.forward(parts, body).await });
    match passed.await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

impl Front {
    async fn forward(&self, parts: Parts, body: Bytes) -> Result<Response, Error> {
        let _room = self.room.acquire().await?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let routable = METHODS.contains(&parts.method) && is_ours(parts.uri.path());
        let (method, path) = if routable {
            (parts.method, path)
        } else {
            (Method::GET, "/")
        };
        let mut headers = joined(&parts.headers);
        if std::str::from_utf8(&body).is_err() {
            let binary = HeaderValue::from_static("application/octet-stream");
            headers.insert(header::CONTENT_TYPE, binary);
        }
        let url = format!("{}{path}", self.emulator);
        let answer = self
            .client
            .request(method, url)
            .headers(headers)
            .body(body)
            .send()
            .await?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(header::TRANSFER_ENCODING);
        let mut response = Response::new(Body::from(answer.bytes().await?));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Whether a path can be handed on as it is: not where the emulator has paths of its own, which begin with a date or
/// with `lambda-url`.
fn is_ours(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    first.bytes().all(is_plain)
        && !first.starts_with(|letter: char| letter.is_ascii_digit())
        && !["lambda-url", ".", ".."].contains(&first)
}

/// The headers of the request but for those of this hop, each once, as UTF-8.
fn joined(headers: &HeaderMap) -> HeaderMap {
    const OF_THIS_HOP: [HeaderName; 4] = [
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::EXPECT,
        header::TRANSFER_ENCODING,
    ];
    let mut joined = HeaderMap::new();
    for name in headers.keys().filter(|name| !OF_THIS_HOP.contains(name)) {
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
