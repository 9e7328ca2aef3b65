//! The front door of `make run`: API Gateway, before `cargo lambda watch`, which is Lambda.
//!
//! A request becomes the event of the route of `template.yaml` that takes it (see [`gateway`]), its function is called
//! ("Invoke", Lambda API reference), and the answer becomes the response. So nothing that a client sends reaches the
//! emulator's own routes, which call any function with anything.
//!
//! No more than [`IN_FLIGHT`] calls are let through, and a client that gives up does not take its call out of that
//! count: the emulator queues 100 calls of a function and stops for good at the next one, because it waits for room
//! while it holds the lock that would make some.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};

use crate::{Error, functions, gateway, template::Route};

/// How many calls are let through at once.
const IN_FLIGHT: usize = 64;

/// API Gateway's own limit ("Quotas for HTTP APIs", API Gateway developer guide).
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// How long API Gateway waits for a function (the same).
const TIMEOUT: Duration = Duration::from_secs(30);

struct Front {
    /// The emulator's port.
    port: u16,
    client: reqwest::Client,
    room: Arc<Semaphore>,
    routes: Vec<Route>,
}

/// What a function answers ("Lambda function response for format 2.0", API Gateway developer guide).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Serves these routes on `listener`, in front of the emulator on this port, until the listener fails.
///
/// # Errors
///
/// Where it does, or there can be no HTTP client.
pub async fn serve(listener: TcpListener, port: u16, routes: Vec<Route>) -> Result<(), Error> {
    let front = Front {
        port,
        client: reqwest::Client::builder().no_proxy().build()?,
        room: Arc::new(Semaphore::new(IN_FLIGHT)),
        routes,
    };
    let app = Router::new().fallback(pass).with_state(Arc::new(front));
    Ok(axum::serve(listener, app).await?)
}

async fn pass(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return says(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let request = request_of(&head, &body);
    let Some((route, event)) = request.routed(&front.routes) else {
        return says(StatusCode::NOT_FOUND, "Not Found");
    };
    let function = route.function.clone();
    let unavailable = || says(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    let Ok(room) = Arc::clone(&front.room).acquire_owned().await else {
        return unavailable();
    };
    // A task of its own, which goes on when the client has gone.
    let called = tokio::spawn(async move {
        let answer = functions::invoke(&front.client, front.port, &function, &event).await;
        drop(room);
        answer
    });
    match timeout(TIMEOUT, called).await {
        Ok(Ok(Ok(answer))) => response_of(answer)
            .unwrap_or_else(|| says(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")),
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

fn request_of(head: &Parts, body: &Bytes) -> gateway::Request {
    let headers = head.headers.iter();
    let headers = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), value.into_owned())
    });
    let is_text = head.headers.get(header::CONTENT_TYPE).is_none_or(|kind| {
        [&b"text/"[..], b"application/json"]
            .iter()
            .any(|text| kind.as_bytes().starts_with(text))
    });
    let text = str::from_utf8(body).ok().filter(|_| is_text);
    // `OPTIONS *` and `CONNECT host` have no path.
    let path = Some(head.uri.path()).filter(|path| path.starts_with('/'));
    gateway::Request {
        method: head.method.to_string(),
        path: path.unwrap_or("/").to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: (!body.is_empty())
            .then(|| text.map_or_else(|| BASE64_STANDARD.encode(body), str::to_owned)),
        is_base64_encoded: text.is_none(),
        source_ip: "127.0.0.1".to_owned(),
    }
}

/// The response, if it is an answer that the function gave, and no error.
fn response_of(answer: Value) -> Option<Response> {
    let answer: Answer = serde_json::from_value(answer).ok()?;
    let body = if answer.is_base64_encoded {
        BASE64_STANDARD.decode(answer.body).ok()?
    } else {
        answer.body.into_bytes()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status_code).ok()?;
    let cookies = answer.cookies.into_iter();
    let cookies = cookies.map(|cookie| (header::SET_COOKIE.to_string(), cookie));
    for (name, value) in answer.headers.into_iter().chain(cookies) {
        let name = HeaderName::try_from(name).ok()?;
        response
            .headers_mut()
            .append(name, HeaderValue::try_from(value).ok()?);
    }
    Some(response)
}
