//! The Lambda service of `make run`: the processes of the functions.
//!
//! `cargo lambda watch` 1.9 would start them, too. But it takes notice of no process that ends: what a function was
//! called with then is never answered, and when as many as it may start have ended, nothing is. So it is asked for
//! its Runtime API only, and each function's events are fetched and handed on here:
//!
//! - to a process that has nothing to do, or a new one, up to a number of them at once, as Lambda would;
//! - a call whose process ends, or that takes longer than Lambda allows, is answered with an error at once; the next
//!   one has another process;
//! - of what comes with the event, a process is told the ids and nothing that a client could write.

use std::{
    fs::File,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::StatusCode;
use serde_json::json;
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::JoinSet,
};

use crate::{
    Error,
    lambda::{self, Event, Instance, RawAnswer, locked},
};

/// How soon a Runtime API is asked again that did not answer: the emulator starts after us.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Where the functions are, and how they are run.
pub struct Functions {
    /// The emulator's URL.
    pub emulator: String,
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
    #[must_use]
    pub fn run(self, names: impl IntoIterator<Item = String>) -> JoinSet<()> {
        let functions = Arc::new(self);
        let serve = |name: String| Arc::clone(&functions).serve(name);
        names.into_iter().map(serve).collect()
    }

    /// Runs one function: a slot for each call that it may answer at once, a further one when the others are taken.
    async fn serve(self: Arc<Self>, name: String) {
        let idle = Arc::<Idle>::default();
        let (taken, mut all_taken) = mpsc::unbounded_channel();
        let slot = || Arc::clone(&self).slot(name.clone(), Arc::clone(&idle), taken.clone());
        let mut slots = JoinSet::new();
        slots.spawn(slot());
        while let Some(()) = all_taken.recv().await {
            if slots.len() < self.concurrency {
                slots.spawn(slot());
            }
        }
    }

    /// Fetches one event after the other and hands each on, over a connection of its own. As the runtimes do, it asks for
    /// the next event where it has sent the answer: the emulator reads a long answer to its end only when its connection
    /// is used again.
    async fn slot(self: Arc<Self>, name: String, idle: Arc<Idle>, taken: UnboundedSender<()>) {
        let url = format!("{}/.rt/{name}/2018-06-01/runtime/invocation", self.emulator);
        let client = reqwest::Client::builder().no_proxy().http1_only();
        let client = match client.pool_max_idle_per_host(1).build() {
            Ok(client) => client,
            Err(error) => return eprintln!("{name}: {error}"),
        };
        loop {
            let Ok(Some(event)) = next(&client, &url).await else {
                tokio::time::sleep(ASK_AGAIN).await;
                continue;
            };
            // Nobody counts any more where the run ends.
            let _ = taken.send(());
            let url = format!("{url}/{}", event.request_id);
            let (url, body) = match self.call(&name, &idle, event).await {
                Ok(answer) => (format!("{url}/response"), answer),
                Err(error) => (format!("{url}/error"), error),
            };
            let sent = async { client.post(url).body(body).send().await?.bytes().await };
            if let Err(error) = sent.await {
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
                let error = json!({
                    "errorType": "Runtime.ExitError",
                    "errorMessage": error.to_string(),
                });
                Err(error.to_string().into())
            }
        }
    }
}

/// Asks the Runtime API for an event.
async fn next(client: &reqwest::Client, url: &str) -> Result<Option<Event>, Error> {
    let answer = client.get(format!("{url}/next")).send().await?;
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

/// The process that has been idle for the shortest time, of those that have not ended meanwhile.
async fn first_alive(idle: &Idle) -> Option<Instance> {
    loop {
        let instance = locked(idle).pop()?;
        if instance.is_alive().await {
            return Some(instance);
        }
    }
}
