//! The processes of the functions, for `make run`.
//!
//! `cargo lambda watch` 1.9 can start them, but does not notice when one ends: its call is never answered, and when as
//! many have ended as it may start, no call is. So it is asked for its Runtime API only, and each function's events are
//! fetched and handed on here, to an idle process or a new one. Where the process ends or takes too long, the call is
//! answered with an error at once, as Lambda would; the next call gets another process.
//!
//! Of what comes with an event, a process is told the ids and nothing that a client could write.

use std::{
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

/// How soon a Runtime API is asked again that did not answer: the emulator starts after us.
const ASK_AGAIN: Duration = Duration::from_millis(50);

const HOST: &str = "127.0.0.1";

/// Where the functions are, and how they are run.
pub struct Functions {
    /// The emulator's port on this machine.
    pub port: u16,
    /// Where the binaries lie, each named like its function.
    pub folder: PathBuf,
    /// What a process finds in its environment, beside what Lambda sets.
    pub environment: Vec<(String, String)>,
    /// How many processes a function has at most.
    pub concurrency: usize,
    /// Where the processes write.
    pub log: File,
}

/// The processes of one function that have nothing to do.
type Idle = Mutex<Vec<Instance>>;

impl Functions {
    /// Runs these functions until the tasks are dropped, and the processes with them.
    ///
    /// # Errors
    ///
    /// Where there can be no HTTP client.
    pub fn run(self, names: impl IntoIterator<Item = String>) -> Result<JoinSet<()>, Error> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let functions = Arc::new(self);
        let mut slots = JoinSet::new();
        for name in names {
            let idle = Arc::<Idle>::default();
            for _ in 0..functions.concurrency {
                let (client, name, idle) = (client.clone(), name.clone(), Arc::clone(&idle));
                slots.spawn(Arc::clone(&functions).slot(client, name, idle));
            }
        }
        Ok(slots)
    }

    /// Fetches one event of a function after the other, and answers it.
    async fn slot(self: Arc<Self>, client: reqwest::Client, name: String, idle: Arc<Idle>) {
        let path = format!("/.rt/{name}/2018-06-01/runtime/invocation");
        let url = format!("http://{HOST}:{}{path}/next", self.port);
        loop {
            let Ok(Some(event)) = next(&client, &url).await else {
                tokio::time::sleep(ASK_AGAIN).await;
                continue;
            };
            let path = format!("{path}/{}", event.request_id);
            let sent = match self.call(&name, &idle, event).await {
                Ok(answer) => send(self.port, &format!("{path}/response"), &answer).await,
                Err(error) => send(self.port, &format!("{path}/error"), &error).await,
            };
            if let Err(error) = sent {
                eprintln!("{name}: cargo lambda watch takes no answer: {error}");
            }
        }
    }

    /// What a function answers to an event, or Lambda in its place.
    async fn call(&self, name: &str, idle: &Idle, event: Event) -> RawAnswer {
        let outcome = async {
            let instance = if let Some(instance) = first_alive(idle).await {
                instance
            } else {
                let binary = self.folder.join(name);
                Instance::start_logging(&binary, &self.environment, lambda::TIMEOUT, &self.log)
                    .await?
            };
            let answer = instance.hand(event).await?;
            Ok::<_, Error>((answer, instance))
        };
        match outcome.await {
            Ok((answer, instance)) => {
                locked(idle).push(instance);
                answer
            }
            Err(error) => {
                eprintln!("{name}: {error}; its next call starts another");
                let error =
                    json!({ "errorType": "Runtime.ExitError", "errorMessage": error.to_string() });
                Err(error.to_string().into())
            }
        }
    }
}

/// The process that has been idle for the shortest time, of those that have not ended meanwhile.
async fn first_alive(idle: &Idle) -> Option<Instance> {
    loop {
        let instance = locked(idle).pop()?;
        if instance.is_alive().await {
            return Some(instance);
        }
    }
}

/// Calls a function by the emulator on this port: its answer, or the error that it reports.
///
/// # Errors
///
/// Where the emulator does not answer.
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

/// Asks the Runtime API for an event.
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
/// The emulator says 200 before it has read the answer. Its HTTP server (hyper 1.11) then misses the end of a long
/// answer until the connection closes or carries another request; and a client of hyper's (1.12), told 200 so early,
/// may wait for ever to be ready for another. So this request says that it is the last one, and is written by hand.
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
