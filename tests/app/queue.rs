//! The queue of deliveries (SQS), as far as the endpoints need it: it keeps what is sent.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, body::Bytes, extract::State, http::HeaderMap};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running queue, until it is dropped.
pub struct TestQueue {
    endpoint: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    sent: Mutex<Vec<Value>>,
    given_up: Mutex<Vec<Value>>,
    refuses: Mutex<Option<Refuses>>,
}

/// Whether the next message is refused.
type Refuses = Box<dyn Fn() -> bool + Send + Sync>;

impl TestQueue {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::<Shared>::default();
        let app = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            endpoint,
            shared,
            server,
        }
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub fn url(&self) -> String {
        format!("{}/000000000000/DeliveryQueue", self.endpoint)
    }

    pub fn failures_url(&self) -> String {
        format!("{}/000000000000/FanOutFailures", self.endpoint)
    }

    /// The bodies of the messages in the queue of failures since the last call of this method.
    pub fn take_given_up(&self) -> Vec<Value> {
        std::mem::take(&mut *self.shared.given_up.lock().unwrap())
    }

    /// The entries of batches since the last call of this method.
    pub fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.shared.sent.lock().unwrap())
    }

    pub fn refuses(&self, refuses: impl Fn() -> bool + Send + Sync + 'static) {
        *self.shared.refuses.lock().unwrap() = Some(Box::new(refuses));
    }
}

impl Drop for TestQueue {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Json<Value> {
    let request: Value = serde_json::from_slice(&body).unwrap();
    if headers["x-amz-target"] == "AmazonSQS.SendMessage" {
        let url = request["QueueUrl"].as_str().unwrap();
        assert!(url.ends_with("/FanOutFailures"), "{url}");
        let body = request["MessageBody"].as_str().unwrap();
        let mut given_up = shared.given_up.lock().unwrap();
        given_up.push(serde_json::from_str(body).unwrap());
        return Json(json!({ "MessageId": "m", "MD5OfMessageBody": "" }));
    }
    assert_eq!(headers["x-amz-target"], "AmazonSQS.SendMessageBatch");
    let entries = request["Entries"].as_array().unwrap().clone();
    let refuses = shared.refuses.lock().unwrap();
    let (refused, taken): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|_| refuses.as_ref().is_some_and(|refuses| refuses()));
    let ids = |entries: &[Value], more: Value| {
        let ids = entries.iter().map(|entry| {
            let mut answer = more.clone();
            answer["Id"] = entry["Id"].clone();
            answer
        });
        ids.collect::<Vec<_>>()
    };
    let answer = json!({
        "Successful": ids(&taken, json!({ "MessageId": "m", "MD5OfMessageBody": "" })),
        "Failed": ids(&refused, json!({ "SenderFault": false, "Code": "InternalError" })),
    });
    shared.sent.lock().unwrap().extend(taken);
    Json(answer)
}
