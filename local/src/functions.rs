//! The processes of the functions, for `make run`.
//!
//! `cargo lambda watch` 1.9 can start them, but does not notice when one ends. Its call is then never answered, and
//! once the maximum number of processes have ended, no call is. So only the emulator's Runtime API is used. Each
//! function's events are fetched here and sent to an idle process or to a new one. If the process ends or takes too
//! long, the call gets an error at once, as on Lambda, and the next call gets another process.
//!
//! Of the headers that come with an event, a process gets only the ids, which no client can write.

use std::{
    collections::BTreeMap,
    fs::File,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    Error,
    lambda::{self, Event, Instance, RawAnswer, locked},
};

/// The pause after the Runtime API did not answer: the emulator may still be starting.
const RETRY_AFTER: Duration = Duration::from_millis(50);

const HOST: &str = "127.0.0.1";

pub struct Functions {
    /// The emulator's port on this machine.
    pub port: u16,
    /// The folder of the binaries, each named after its function.
    pub folder: PathBuf,
    /// A process's environment, without the variables that Lambda sets.
    pub environment: Vec<(String, String)>,
    /// How long each function may take for an event.
    pub timeouts: BTreeMap<String, Duration>,
    /// The most processes that a function may have.
    pub concurrency: usize,
    /// The output of the processes.
    pub log: File,
}

/// The idle processes of one function.
type Idle = Mutex<Vec<Instance>>;

impl Functions {
    /// Runs these functions until the returned tasks are dropped, which kills the processes.
    pub fn run(self, names: impl IntoIterator<Item = String>) -> Result<JoinSet<()>, Error> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let functions = Arc::new(self);
        let mut tasks = JoinSet::new();
        for name in names {
            let idle = Arc::<Idle>::default();
            for _ in 0..functions.concurrency {
                let (client, name, idle) = (client.clone(), name.clone(), Arc::clone(&idle));
                tasks.spawn(Arc::clone(&functions).answer_events(client, name, idle));
            }
        }
        Ok(tasks)
    }

    /// Fetches the events of a function one after another, and answers each.
    async fn answer_events(
        self: Arc<Self>,
        client: reqwest::Client,
        name: String,
        idle: Arc<Idle>,
    ) {
        let path = format!("/.rt/{name}/2018-06-01/runtime/invocation");
        let url = format!("http://{HOST}:{}{path}/next", self.port);
        loop {
            let Ok(Some(event)) = next(&client, &url).await else {
                tokio::time::sleep(RETRY_AFTER).await;
                continue;
            };
            let path = format!("{path}/{}", event.request_id);
            let sent = match self.call(&name, &idle, event).await {
                Ok(answer) => send(self.port, &format!("{path}/response"), &answer).await,
                Err(error) => send(self.port, &format!("{path}/error"), &error).await,
            };
            if let Err(error) = sent {
                eprintln!("{name}: cargo lambda watch does not accept the answer: {error}");
            }
        }
    }

    /// The function's answer to an event, or the error that Lambda would report in its place.
    async fn call(&self, name: &str, idle: &Idle, event: Event) -> RawAnswer {
        let outcome = async {
            let instance = if let Some(instance) = first_alive(idle).await {
                instance
            } else {
                let binary = self.folder.join(name);
                let timeout = self.timeouts.get(name).copied().unwrap_or(lambda::TIMEOUT);
                Instance::start_logging(&binary, &self.environment, timeout, &self.log).await?
            };
            let answer = instance.handle(event).await?;
            Ok::<_, Error>((answer, instance))
        };
        match outcome.await {
            Ok((answer, instance)) => {
                locked(idle).push(instance);
                answer
            }
            Err(error) => {
                eprintln!("{name}: {error}; the next call starts another process");
                let error =
                    json!({ "errorType": "Runtime.ExitError", "errorMessage": error.to_string() });
                Err(error.to_string().into())
            }
        }
    }
}

/// The process that has been idle for the shortest time, without those that have ended.
async fn first_alive(idle: &Idle) -> Option<Instance> {
    loop {
        let instance = locked(idle).pop()?;
        if instance.is_alive().await {
            return Some(instance);
        }
    }
}

/// Calls a function through the emulator on this port. Returns its answer, or the error that it reports.
///
/// # Errors
///
/// If the emulator does not answer.
pub async fn invoke(
    client: &reqwest::Client,
    port: u16,
    function: &str,
    event: &Value,
) -> Result<Value, Error> {
    let url = format!("http://{HOST}:{port}/2015-03-31/functions/{function}/invocations");
    let answer = client.post(url).json(event).send().await?;
    Ok(serde_json::from_slice(&answer.bytes().await?).unwrap_or_default())
}

/// The next event from the Runtime API; `None` if it reports an error.
async fn next(client: &reqwest::Client, url: &str) -> Result<Option<Event>, Error> {
    let answer = client.get(url).send().await?;
    if answer.status() != StatusCode::OK {
        return Ok(None);
    }
    let header = |name: &str| {
        let value = answer.headers().get(name);
        let value = value.and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    Ok(Some(Event {
        request_id: header("lambda-runtime-aws-request-id"),
        trace_id: header("lambda-runtime-trace-id"),
        body: answer.bytes().await?,
    }))
}

/// Sends an answer, over a connection that closes after it.
///
/// The emulator responds with 200 before it has read the answer. Its HTTP server (hyper 1.11) then does not notice the
/// end of a long answer until the connection closes or carries another request. A hyper client (1.12) that gets its
/// response so early may never become ready for another request. So this request is written by hand, with
/// `Connection: close`.
async fn send(port: u16, path: &str, answer: &[u8]) -> Result<(), Error> {
    let mut connection = TcpStream::connect((HOST, port)).await?;
    let length = answer.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(answer).await?;
    let mut reply = String::new();
    connection.read_to_string(&mut reply).await?;
    if reply.starts_with("HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(reply.lines().next().unwrap_or("no reply").into())
}
