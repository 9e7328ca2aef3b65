//! A proxy between a function and a service of AWS. It records calls, delays them, makes them fail, and kills the
//! process that makes them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{Error, lambda::locked, pool::Processes, template::ON_AN_INDEX};

/// A call of DynamoDB, Secrets Manager or SQS, successful or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// `UpdateItem`, `Query`…
    pub name: String,
    /// The IAM actions that it needs, in the form of [`crate::template::Route::actions`]: its own, or those of a
    /// transaction's writes.
    pub actions: Vec<String>,
    /// The capacity units that the service reported; 0 if the call failed.
    pub units: f64,
    /// The access key that signed it: of a worker's process, see [`crate::pool::function_of`].
    pub caller: String,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// It is throttled, and has no effect.
    Throttle,
    /// The service reports an internal error, and the call has no effect.
    Fail,
    /// The service reports a conflict with another transaction, and the call has no effect.
    Conflict,
    /// It takes effect, and the response is lost.
    LoseAnswer,
    /// It takes effect, and the response comes this many milliseconds later.
    AnswerLate(u64),
    /// Of a `SendMessageBatch`, every second message is not sent, which the response says. Any other call fails.
    FailPart,
    /// The process is killed, and the call has no effect.
    KillBefore,
    /// The call takes effect, and then the process is killed.
    KillAfter,
}

/// Decides what happens to a call.
pub type Faults = Box<dyn Fn(&Operation) -> Fault + Send + Sync>;

/// A running proxy, until it is dropped.
pub struct Proxy {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    delay: Duration,
    faults: Faults,
    processes: Processes,
    operations: Mutex<Vec<Operation>>,
}

impl Proxy {
    /// Starts in front of `upstream`, and adds `delay` to each call.
    pub async fn start(upstream: &str, delay: Duration, faults: Faults) -> Result<Self, Error> {
        Self::start_before(upstream, delay, faults, Processes::default()).await
    }

    /// The same, in front of `upstream` for these processes, which it can kill.
    pub async fn start_before(
        upstream: &str,
        delay: Duration,
        faults: Faults,
        processes: Processes,
    ) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: reqwest::Client::builder().no_proxy().build()?,
            delay,
            faults,
            processes,
            operations: Mutex::default(),
        });
        let app = Router::new()
            .fallback(forward)
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("the proxy ended: {error}");
            }
        });
        Ok(Self {
            url,
            shared,
            server,
        })
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The calls since this was last called.
    #[must_use]
    pub fn take_operations(&self) -> Vec<Operation> {
        std::mem::take(&mut locked(&self.shared.operations))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(
    State(shared): State<Arc<Shared>>,
    method: Method,
    mut headers: HeaderMap,
    mut body: Bytes,
) -> Response {
    if method == Method::GET {
        // As DynamoDB does. It is no call of the service.
        tokio::time::sleep(shared.delay).await;
        return "healthy: dynamodb".into_response();
    }
    let mut operation = operation(&headers, &body);
    let fault = (shared.faults)(&operation);
    tokio::time::sleep(shared.delay).await;
    let error = match fault {
        Fault::Throttle if operation.name == "TransactWriteItems" => {
            Some((400, "TransactionCanceledException", "ThrottlingError"))
        }
        Fault::Throttle => Some((400, "ThrottlingException", "")),
        Fault::FailPart if operation.name == "SendMessageBatch" => None,
        Fault::Fail | Fault::FailPart => Some((500, "InternalServerError", "")),
        Fault::KillBefore => {
            shared.processes.kill(&operation.caller);
            Some((500, "InternalServerError", ""))
        }
        Fault::Conflict if operation.name == "TransactWriteItems" => {
            Some((400, "TransactionCanceledException", "TransactionConflict"))
        }
        Fault::Conflict => Some((400, "TransactionConflictException", "")),
        Fault::None | Fault::LoseAnswer | Fault::AnswerLate(_) | Fault::KillAfter => None,
    };
    if let Some((status, kind, reason)) = error {
        shared.record(operation);
        return error_response(status, kind, reason);
    }

    let not_sent = match fault {
        Fault::FailPart => take_every_second(&mut body),
        _ => Vec::new(),
    };
    headers.remove("host");
    headers.remove("content-length");
    let sent = shared
        .client
        .post(&shared.upstream)
        .headers(headers)
        .body(body)
        .send();
    let answer = async {
        let answer = sent.await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
    };
    match answer.await {
        Ok((status, mut headers, mut body)) => {
            operation.units = units(&body);
            let caller = operation.caller.clone();
            shared.record(operation);
            if !not_sent.is_empty() {
                headers.remove("content-length");
                body = with_failed(&body, not_sent);
            }
            match fault {
                // The connection closes in the middle of the body.
                Fault::LoseAnswer => {
                    let cut = futures_util::stream::iter([Err::<Bytes, _>("lost")]);
                    return (status, Body::from_stream(cut)).into_response();
                }
                Fault::KillAfter => shared.processes.kill(&caller),
                Fault::AnswerLate(millis) => {
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                }
                _ => {}
            }
            (status, headers, body).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

impl Shared {
    fn record(&self, operation: Operation) {
        locked(&self.operations).push(operation);
    }
}

fn operation(headers: &HeaderMap, body: &[u8]) -> Operation {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let (service, name) = target.split_once('.').unwrap_or_default();
    let service = match service {
        "secretsmanager" => "secretsmanager",
        "AmazonSQS" => "sqs",
        _ => "dynamodb",
    };
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let writes = body["TransactItems"].as_array().into_iter().flatten();
    // A transaction needs the permissions of its writes ("IAM for transactions", DynamoDB developer guide).
    let mut actions: Vec<_> = writes
        .filter_map(|write| write.as_object()?.keys().next())
        .map(|kind| match kind.as_str() {
            "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
            kind => format!("dynamodb:{kind}Item"),
        })
        .collect();
    if actions.is_empty() {
        // A batch of messages has no action of its own.
        let action = format!("{service}:{}", name.trim_end_matches("MessageBatch"));
        let action = if name.ends_with("MessageBatch") {
            action + "Message"
        } else {
            action
        };
        actions.push(
            match (&body["IndexName"], &body["SecretId"], &body["QueueUrl"]) {
                (Value::String(_), ..) => format!("{action} {ON_AN_INDEX}"),
                (_, Value::String(secret), _) => format!("{action} of {secret}"),
                (_, _, Value::String(url)) => {
                    format!("{action} on {}", url.rsplit('/').next().unwrap_or_default())
                }
                _ => action,
            },
        );
    }
    Operation {
        name: name.to_owned(),
        actions,
        units: 0.0,
        caller: caller(headers).unwrap_or_default(),
    }
}

/// The access key in the signature ("Authorization header", AWS Signature Version 4).
fn caller(headers: &HeaderMap) -> Option<String> {
    let signature = headers.get("authorization")?.to_str().ok()?;
    let (_, credential) = signature.split_once("Credential=")?;
    Some(credential.split('/').next()?.to_owned())
}

/// Takes every second message out of a `SendMessageBatch`. Returns the ids of those that it took.
fn take_every_second(body: &mut Bytes) -> Vec<Value> {
    let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut taken = Vec::new();
    if let Some(entries) = request["Entries"].as_array_mut() {
        let (mut number, mut kept) = (0, Vec::new());
        for entry in entries.drain(..) {
            number += 1;
            if number % 2 == 0 {
                taken.push(entry["Id"].clone());
            } else {
                kept.push(entry);
            }
        }
        *entries = kept;
    }
    *body = request.to_string().into();
    taken
}

/// The answer to a `SendMessageBatch`, with these ids as failed.
fn with_failed(answer: &[u8], ids: Vec<Value>) -> Bytes {
    let mut answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let failed = ids.into_iter().map(
        |id| json!({ "Id": id, "SenderFault": false, "Code": "InternalError", "Message": "injected by a test" }),
    );
    answer["Failed"] = failed.collect();
    answer.to_string().into()
}

fn units(answer: &[u8]) -> f64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let consumed = &answer["ConsumedCapacity"];
    let each = |one: &Value| one["CapacityUnits"].as_f64().unwrap_or_default();
    consumed
        .as_array()
        .map_or_else(|| each(consumed), |all| all.iter().map(each).sum())
}

fn error_response(status: u16, kind: &str, cancelled_because: &str) -> Response {
    let mut body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"),
        "message": "injected by a test",
    });
    if !cancelled_because.is_empty() {
        body["CancellationReasons"] = json!([{ "Code": cancelled_because }]);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (
        status,
        [("content-type", "application/x-amz-json-1.0")],
        body.to_string(),
    )
        .into_response()
}
