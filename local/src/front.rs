//! The front door of `make run`: it replaces API Gateway, as `cargo lambda watch` behind it replaces Lambda.
//!
//! A request becomes the event of the route of `template.yaml` that matches it (see [`gateway`]). The route's function
//! is called ("Invoke", Lambda API reference), and its answer becomes the response. So no client reaches the emulator's
//! own routes, which call any function with any event.
//!
//! At most [`MAX_IN_FLIGHT`] calls are forwarded at once. A call counts until the function has answered, even if the
//! client has disconnected. The reason: the emulator (1.9) queues 100 calls of a function and deadlocks at the next
//! one, because it waits for space in the queue while it holds the lock that is needed to empty the queue.

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

/// How many calls are forwarded at once.
const MAX_IN_FLIGHT: usize = 64;

/// API Gateway's own limit ("Quotas for HTTP APIs", API Gateway developer guide).
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// How long API Gateway waits for a function (the same page).
const TIMEOUT: Duration = Duration::from_secs(30);

struct Front {
    /// The emulator's port.
    port: u16,
    client: reqwest::Client,
    permits: Arc<Semaphore>,
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

/// Serves these routes on `listener`, in front of the emulator on this port. Returns only with an error.
pub async fn serve(listener: TcpListener, port: u16, routes: Vec<Route>) -> Result<(), Error> {
    let front = Front {
        port,
        client: reqwest::Client::builder().no_proxy().build()?,
        permits: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
        routes,
    };
    let app = Router::new().fallback(handle).with_state(Arc::new(front));
    Ok(axum::serve(listener, app).await?)
}

async fn handle(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return gateway_error(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let request = request_of(&head, &body);
    let Some((route, event)) = request.routed(&front.routes) else {
        return gateway_error(StatusCode::NOT_FOUND, "Not Found");
    };
    let function = route.function.clone();
    let unavailable = || gateway_error(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    let Ok(permit) = Arc::clone(&front.permits).acquire_owned().await else {
        return unavailable();
    };
    // In a task of its own, which continues if the client disconnects.
    let called = tokio::spawn(async move {
        let answer = functions::invoke(&front.client, front.port, &function, &event).await;
        drop(permit);
        answer
    });
    match timeout(TIMEOUT, called).await {
        Ok(Ok(Ok(answer))) => response_of(answer).unwrap_or_else(|| {
            gateway_error(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }),
        Ok(Ok(Err(error))) => {
            eprintln!("cargo lambda watch does not answer: {error}");
            unavailable()
        }
        Ok(Err(_)) | Err(_) => unavailable(),
    }
}

/// An error response that API Gateway itself would send.
fn gateway_error(status: StatusCode, message: &str) -> Response {
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

/// The response; `None` if the function reported an error or an invalid response.
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
