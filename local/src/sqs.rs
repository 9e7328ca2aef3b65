//! The queues of the template, and SQS's API for sending to them (JSON protocol, SQS API reference). Lambda's part, to
//! receive and delete, is [`crate::queue_poller`], which needs no HTTP.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    Error,
    clock::Clock,
    lambda::locked,
    queue::{Kept, Message, NewMessage, Queue},
    template::Template,
};

/// "Amazon SQS message quotas", SQS developer guide.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_DELAY_SECONDS: i64 = 900;
const MAX_ENTRIES: usize = 10;

const ACCOUNT: &str = "000000000000";

/// A refused request: SQS's name of the error, and what is wrong.
type Refusal = (&'static str, String);

/// The queues; clones are the same ones. They are served until all clones are dropped.
#[derive(Clone)]
pub struct Sqs(Arc<Server>);

struct Server {
    queues: Arc<Queues>,
    task: JoinHandle<()>,
}

struct Queues {
    by_name: Mutex<BTreeMap<String, Queue>>,
    clock: Clock,
    url: String,
    changed: watch::Sender<()>,
}

impl Sqs {
    /// Serves the template's queues on loopback, on `port` (0: any free one).
    ///
    /// # Errors
    ///
    /// If the port is in use, or a queue has a setting that is not implemented.
    pub async fn start(template: &Template, clock: Clock, port: u16) -> Result<Self, Error> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let queues = template.queues()?.into_iter();
        let queues = queues.map(|(name, settings)| (name, Queue::new(settings)));
        let queues = Arc::new(Queues {
            by_name: Mutex::new(queues.collect()),
            clock,
            url: format!("http://{}", listener.local_addr()?),
            changed: watch::Sender::new(()),
        });
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&queues));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("SQS ended: {error}");
            }
        });
        Ok(Self(Arc::new(Server { queues, task })))
    }

    /// The endpoint's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.queues.url
    }

    /// The URL of a queue, by its name in the template.
    #[must_use]
    pub fn queue_url(&self, queue: &str) -> String {
        format!("{}/{ACCOUNT}/{queue}", self.url())
    }

    /// What functions that send to the queues have in their environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let queue = self.queue_url("DeliveryQueue");
        let failures = self.queue_url("FanOutFailures");
        let endpoint = self.url().to_owned();
        [
            ("AWS_ENDPOINT_URL_SQS", endpoint),
            ("DELIVERY_QUEUE_URL", queue),
            ("FAN_OUT_FAILURES_URL", failures),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.queues.clock
    }

    /// Tells when a message is sent, becomes visible earlier than it was going to, or is gone.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.queues.changed.subscribe()
    }

    /// Sends a message. A queue that does not exist loses it.
    pub fn send(&self, queue: &str, message: NewMessage) {
        self.0.queues.send(queue, message);
    }

    /// Sends a message with this body: for example one that no function would send.
    pub fn send_raw(&self, queue: &str, body: &str) {
        let message = NewMessage {
            body: body.to_owned(),
            ..NewMessage::default()
        };
        self.send(queue, message);
    }

    /// Receives up to `max` messages.
    #[must_use]
    pub fn receive(&self, queue: &str, max: usize) -> Vec<Message> {
        let now = self.clock().now();
        let mut queues = self.0.queues.refreshed(now);
        let queue = queues.get_mut(queue);
        queue
            .map(|queue| queue.receive(max, now))
            .unwrap_or_default()
    }

    /// Deletes received messages, by their receipts.
    pub fn delete<'a>(&self, queue: &str, receipts: impl IntoIterator<Item = &'a str>) {
        if let Some(queue) = locked(&self.0.queues.by_name).get_mut(queue) {
            for receipt in receipts {
                queue.delete(receipt);
            }
        }
        self.0.queues.changed.send_replace(());
    }

    /// All messages of a queue, visible or not, oldest first.
    #[must_use]
    pub fn messages(&self, queue: &str) -> Vec<Message> {
        let queues = self.0.queues.refreshed(self.clock().now());
        let messages = queues.get(queue).into_iter().flat_map(Queue::messages);
        messages.cloned().collect()
    }

    /// How many messages of a queue could be received now.
    #[must_use]
    pub fn visible(&self, queue: &str) -> usize {
        let queues = self.0.queues.refreshed(self.clock().now());
        queues.get(queue).map_or(0, Queue::visible)
    }

    /// When the next message of a queue becomes visible, of those that are not.
    #[must_use]
    pub fn next_visible(&self, queue: &str) -> Option<i64> {
        locked(&self.0.queues.by_name).get(queue)?.next_visible()
    }

    /// Takes all messages out of a queue.
    #[must_use]
    pub fn take(&self, queue: &str) -> Vec<Message> {
        let taken = locked(&self.0.queues.by_name)
            .get_mut(queue)
            .map(Queue::drain);
        self.0.queues.changed.send_replace(());
        taken.unwrap_or_default()
    }

    /// Writes all messages to a file.
    pub fn keep(&self, file: &Path) -> Result<(), Error> {
        let queues = self.0.queues.refreshed(self.clock().now());
        let kept: BTreeMap<_, _> = queues
            .iter()
            .map(|(name, queue)| (name, queue.kept()))
            .collect();
        Ok(fs::write(file, serde_json::to_string(&kept)?)?)
    }

    /// Adds the messages of a file that [`Sqs::keep`] has written, if it exists.
    pub fn restore(&self, file: &Path) -> Result<(), Error> {
        if !file.exists() {
            return Ok(());
        }
        let mut kept: BTreeMap<String, Vec<Kept>> =
            serde_json::from_str(&fs::read_to_string(file)?)?;
        let now = self.clock().now();
        for (name, queue) in locked(&self.0.queues.by_name).iter_mut() {
            for message in kept.remove(name).unwrap_or_default() {
                queue.restore(message, now);
            }
        }
        Ok(())
    }

    /// Moves all messages of a dead-letter queue to the queue that they are of (`StartMessageMoveTask`, SQS API
    /// reference).
    pub fn redrive(&self, dead_letters: &str) {
        let now = self.clock().now();
        let mut queues = self.0.queues.refreshed(now);
        let sources = queues.iter().filter(|(_, queue)| {
            let target = queue.settings().dead_letters.as_ref();
            target.is_some_and(|(target, _)| target == dead_letters)
        });
        let source = sources.map(|(name, _)| name.clone()).next();
        let messages = queues.get_mut(dead_letters).map(Queue::drain);
        if let Some(queue) = source.and_then(|name| queues.get_mut(&name)) {
            for message in messages.unwrap_or_default() {
                queue.take_over(message, now);
            }
        }
        drop(queues);
        self.0.queues.changed.send_replace(());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Queues {
    /// The queues as they are now.
    fn refreshed(&self, now: i64) -> MutexGuard<'_, BTreeMap<String, Queue>> {
        let mut queues = locked(&self.by_name);
        let mut dead = Vec::new();
        for queue in queues.values_mut() {
            let letters = queue.refresh(now);
            if let Some((target, _)) = queue.settings().dead_letters.clone() {
                dead.extend(letters.into_iter().map(|letter| (target.clone(), letter)));
            }
        }
        for (target, letter) in dead {
            if let Some(target) = queues.get_mut(&target) {
                target.take_over(letter, now);
            }
        }
        queues
    }

    /// Sends a message. Returns its id, or `None` if there is no such queue.
    fn send(&self, queue: &str, message: NewMessage) -> Option<String> {
        let now = self.clock.now();
        let id = locked(&self.by_name).get_mut(queue)?.send(message, now);
        self.changed.send_replace(());
        Some(id)
    }

    fn call(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        let url = request["QueueUrl"].as_str().unwrap_or_default();
        let queue = url.rsplit('/').next().unwrap_or_default();
        if !locked(&self.by_name).contains_key(queue) {
            let code = "QueueDoesNotExist";
            return Err((code, format!("There is no queue {url}.")));
        }
        match operation {
            "SendMessage" => self.send_one(queue, request),
            "SendMessageBatch" => self.send_batch(queue, request),
            _ => Err((
                "UnsupportedOperation",
                format!("{operation} is not implemented here."),
            )),
        }
    }

    fn send_one(&self, queue: &str, request: &Value) -> Result<Value, Refusal> {
        let message = message(request)?;
        let digest = format!("{:x}", md5::compute(&message.body));
        let id = self.send(queue, message).unwrap_or_default();
        Ok(json!({ "MessageId": id, "MD5OfMessageBody": digest }))
    }

    fn send_batch(&self, queue: &str, request: &Value) -> Result<Value, Refusal> {
        let none = Vec::new();
        let entries = request["Entries"].as_array().unwrap_or(&none);
        let id = |entry: &Value| entry["Id"].as_str().unwrap_or_default().to_owned();
        let mut ids: Vec<_> = entries.iter().map(id).collect();
        ids.sort();
        ids.dedup();
        let body = |entry: &Value| entry["MessageBody"].as_str().map_or(0, str::len);
        if entries.is_empty() {
            return Err(("EmptyBatchRequest", "There is no entry.".to_owned()));
        } else if entries.len() > MAX_ENTRIES {
            let code = "TooManyEntriesInBatchRequest";
            return Err((code, format!("There are more than {MAX_ENTRIES} entries.")));
        } else if ids.len() < entries.len() {
            return Err((
                "BatchEntryIdsNotDistinct",
                "Two entries have one id.".to_owned(),
            ));
        } else if entries.iter().map(body).sum::<usize>() > MAX_BYTES {
            return Err((
                "BatchRequestTooLong",
                "The entries are too large.".to_owned(),
            ));
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            match self.send_one(queue, entry) {
                Ok(mut sent) => {
                    sent["Id"] = entry["Id"].clone();
                    successful.push(sent);
                }
                Err((code, message)) => failed.push(json!({
                    "Id": entry["Id"], "SenderFault": true, "Code": code, "Message": message,
                })),
            }
        }
        Ok(json!({ "Successful": successful, "Failed": failed }))
    }
}

/// The message that a request sends.
fn message(request: &Value) -> Result<NewMessage, Refusal> {
    let body = request["MessageBody"].as_str().unwrap_or_default();
    let group = request["MessageGroupId"].as_str().unwrap_or_default();
    let delay = request["DelaySeconds"].as_i64().unwrap_or_default();
    let is_visible = |byte: u8| byte.is_ascii_graphic();
    let wrong = if body.is_empty() || body.len() > MAX_BYTES {
        Some(format!("The body must have 1 to {MAX_BYTES} bytes."))
    } else if group.len() > 128 || !group.bytes().all(is_visible) {
        Some("MessageGroupId must have at most 128 visible characters.".to_owned())
    } else if !(0..=MAX_DELAY_SECONDS).contains(&delay) {
        Some(format!("DelaySeconds must be 0 to {MAX_DELAY_SECONDS}."))
    } else {
        unknown(request).map(|name| format!("{name} is not implemented here."))
    };
    match wrong {
        Some(message) => Err(("InvalidParameterValue", message)),
        None => Ok(NewMessage {
            body: body.to_owned(),
            group: group.to_owned(),
            delay: delay * 1000,
        }),
    }
}

/// A parameter that nothing here implements.
fn unknown(request: &Value) -> Option<&String> {
    const KNOWN: [&str; 5] = [
        "Id",
        "QueueUrl",
        "MessageBody",
        "MessageGroupId",
        "DelaySeconds",
    ];
    let mut names = request.as_object()?.keys();
    names.find(|name| !KNOWN.contains(&name.as_str()))
}

async fn answer(State(queues): State<Arc<Queues>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").map(HeaderValue::to_str);
    let target = target.and_then(Result::ok).unwrap_or_default();
    let operation = target.strip_prefix("AmazonSQS.").unwrap_or_default();
    let request = serde_json::from_slice(&body).unwrap_or_default();
    match queues.call(operation, &request) {
        Ok(answer) => Json(answer).into_response(),
        Err((code, message)) => {
            let error =
                json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": message });
            (StatusCode::BAD_REQUEST, Json(error)).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 180
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 }
  Dead: { Type: AWS::SQS::Queue }
";

    async fn sqs() -> Sqs {
        let template = Template::parse(TEMPLATE).unwrap();
        Sqs::start(&template, Clock::real(), 0).await.unwrap()
    }

    async fn call(sqs: &Sqs, operation: &str, mut request: Value) -> Value {
        request["QueueUrl"] = sqs.queue_url("Queue").into();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let sent = client
            .post(sqs.url())
            .header("x-amz-target", format!("AmazonSQS.{operation}"))
            .body(request.to_string())
            .send();
        sent.await.unwrap().json().await.unwrap()
    }

    #[tokio::test]
    async fn a_batch_is_sent_and_half_of_it_may_fail() {
        let sqs = sqs().await;
        let entries = json!([
            { "Id": "a", "MessageBody": "one", "MessageGroupId": "g", "DelaySeconds": 0 },
            { "Id": "b", "MessageBody": "two", "DelaySeconds": 901 },
        ]);
        let answer = call(&sqs, "SendMessageBatch", json!({ "Entries": entries })).await;
        assert_eq!(answer["Successful"][0]["Id"], "a");
        // The MD5 of "one".
        let digest = "f97c5d29941bfb1b2fdab0874906ab82";
        assert_eq!(answer["Successful"][0]["MD5OfMessageBody"], digest);
        assert_eq!(answer["Failed"][0]["Id"], "b");
        let received = sqs.receive("Queue", 10);
        assert_eq!((received.len(), received[0].group.as_str()), (1, "g"));
    }

    #[tokio::test]
    async fn what_is_not_implemented_is_refused_by_its_name() {
        let sqs = sqs().await;
        let request = json!({ "MessageBody": "m", "MessageDeduplicationId": "d" });
        let refused = call(&sqs, "SendMessage", request).await;
        let said = refused["message"].as_str().unwrap();
        assert!(said.contains("MessageDeduplicationId"), "{said}");
        let refused = call(&sqs, "ReceiveMessage", json!({})).await;
        assert_eq!(refused["__type"], "com.amazonaws.sqs#UnsupportedOperation");
    }

    #[tokio::test]
    async fn dead_letters_are_in_their_queue_until_they_are_moved_back() {
        let sqs = sqs().await;
        sqs.send_raw("Queue", "m");
        for _ in 0..2 {
            assert_eq!(sqs.receive("Queue", 10).len(), 1);
            sqs.clock().advance(180_000).unwrap();
        }
        assert_eq!(sqs.messages("Queue"), []);
        assert_eq!(sqs.messages("Dead")[0].body, "m");
        sqs.redrive("Dead");
        assert_eq!(sqs.messages("Dead"), []);
        assert_eq!(sqs.receive("Queue", 10)[0].receive_count, 1);
    }

    #[tokio::test]
    async fn messages_are_as_they_were_after_a_restart() {
        let (before, after) = (sqs().await, sqs().await);
        before.send_raw("Queue", "received");
        assert_eq!(before.receive("Queue", 10).len(), 1);
        before.send_raw("Queue", "visible");
        let file = std::env::temp_dir().join(format!("messages-{}", std::process::id()));
        before.keep(&file).unwrap();
        after.restore(&file).unwrap();
        fs::remove_file(&file).unwrap();
        assert_eq!(after.receive("Queue", 10)[0].body, "visible");
        after.clock().advance(180_000).unwrap();
        assert_eq!(after.receive("Queue", 1)[0].receive_count, 2);
    }
}
