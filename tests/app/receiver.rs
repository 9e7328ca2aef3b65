//! A receiver of webhooks, on this machine.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, AtomicUsize, Ordering::Relaxed},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// A running receiver, until it is dropped.
pub struct Receiver {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    status: AtomicU16,
    /// The `Retry-After` of every answer; none if it is empty.
    retry_after: Mutex<String>,
    /// How many of the next requests are not answered yet.
    held: AtomicUsize,
    /// Whether they are answered now.
    released: watch::Sender<bool>,
    arrived: watch::Sender<usize>,
    received: Mutex<Vec<Received>>,
}

/// The status of a receiver that ends the connection without an answer.
pub const NO_ANSWER: u16 = 0;

/// A request that the receiver got.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
    /// Whether the answer was a success.
    pub is_success: bool,
}

impl Receiver {
    /// Answers every request with this status.
    pub async fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "http://{}/hooks?from=suppuo",
            listener.local_addr().unwrap()
        );
        let shared = Arc::new(Shared {
            status: AtomicU16::new(status),
            retry_after: Mutex::default(),
            held: AtomicUsize::new(0),
            released: watch::Sender::new(false),
            arrived: watch::Sender::new(0),
            received: Mutex::default(),
        });
        let app = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            url,
            shared,
            server,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on, answers with this status.
    pub fn answer_with(&self, status: u16) {
        self.shared.status.store(status, Relaxed);
    }

    /// From now on, asks in every answer to wait for this many seconds.
    pub fn ask_to_wait(&self, seconds: u32) {
        *self.shared.retry_after.lock().unwrap() = seconds.to_string();
    }

    /// Does not answer the next requests until [`Receiver::release`].
    pub fn hold_next(&self, requests: usize) {
        self.shared.released.send_replace(false);
        self.shared.held.store(requests, Relaxed);
    }

    /// Answers the requests that were held, with the status that is set now.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// How many requests have arrived in all.
    pub fn arrived(&self) -> usize {
        *self.shared.arrived.borrow()
    }

    /// Waits until this many requests have arrived in all.
    pub async fn until_arrived(&self, requests: usize) {
        let mut arrived = self.shared.arrived.subscribe();
        let arrived = arrived.wait_for(|arrived| *arrived >= requests);
        arrived.await.unwrap();
    }

    /// The requests since the last call of this method.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.shared.received.lock().unwrap())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let is_held = shared
        .held
        .fetch_update(Relaxed, Relaxed, |held| held.checked_sub(1));
    shared.arrived.send_modify(|arrived| *arrived += 1);
    if is_held.is_ok() {
        let mut released = shared.released.subscribe();
        released.wait_for(|released| *released).await.unwrap();
    }
    let status = shared.status.load(Relaxed);
    shared.received.lock().unwrap().push(Received {
        method,
        path: uri.to_string(),
        headers,
        body,
        is_success: (200..300).contains(&status),
    });
    if status == NO_ANSWER {
        // Ends the connection's task, without the message of a panic.
        std::panic::resume_unwind(Box::new(()));
    }
    let status = StatusCode::from_u16(status).unwrap();
    // A redirect leads to another path of the receiver.
    let mut answer = (status, [("location", "/elsewhere")], "thanks").into_response();
    let retry_after = shared.retry_after.lock().unwrap();
    if !retry_after.is_empty() {
        let value = retry_after.parse().unwrap();
        answer.headers_mut().insert("retry-after", value);
    }
    answer
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(values.next(), None, "{name} is there once");
        value.to_str().unwrap()
    }

    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether exactly these secrets have signed it, in this order, in both ways (Signatures in openapi.yaml).
    pub fn is_signed_by(&self, secrets: &[&str]) -> bool {
        let (id, seconds) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let standard = secrets.iter().map(|secret| {
            let key = BASE64_STANDARD.decode(&secret["whsec_".len()..]).unwrap();
            let code = hmac(&key, &format!("{id}.{seconds}.{}", self.body));
            format!("v1,{}", BASE64_STANDARD.encode(code))
        });
        let standard = standard.collect::<Vec<_>>().join(" ");
        let own = secrets.iter().map(|secret| {
            let code = hmac(secret.as_bytes(), &format!("{seconds}.{}", self.body));
            format!(",v1={}", base16ct::lower::encode_string(&code))
        });
        let own = format!("t={seconds}{}", own.collect::<String>());
        (
            self.header("webhook-signature"),
            self.header("suppuo-signature"),
        ) == (&standard, &own)
    }
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}
