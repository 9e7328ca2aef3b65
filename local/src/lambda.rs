//! Runs a function's binary as Lambda does, and sends it one event at a time over the Runtime API
//! ("Using the Lambda runtime API for custom runtimes", Lambda developer guide).

use std::{
    collections::HashMap,
    fs::File,
    path::Path,
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as PathParameter, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
    task::JoinHandle,
};

use crate::Error;

/// How long a function may take for an event, unless it is started with another timeout.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer that Lambda accepts ("Lambda quotas", Lambda developer guide).
const RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

#[derive(Clone, Debug)]
pub struct Event {
    pub request_id: String,
    /// X-Ray's tracing header.
    pub trace_id: String,
    pub body: Bytes,
}

/// One execution environment of a function, with its process. Dropping it kills the process.
pub struct Instance {
    events: mpsc::UnboundedSender<Invocation>,
    /// Locked while an event is being handled: an environment gets one event at a time.
    event_lock: AsyncMutex<()>,
    process: AsyncMutex<Child>,
    id: u32,
    log: Arc<Mutex<Vec<String>>>,
    first_poll: Mutex<Option<oneshot::Receiver<Instant>>>,
    started: Instant,
    timeout: Duration,
    invoked: AtomicU64,
    server: JoinHandle<()>,
    reader: Option<JoinHandle<()>>,
}

struct Invocation {
    event: Event,
    deadline: SystemTime,
    answer: oneshot::Sender<RawAnswer>,
}

/// The function's response, or the error that it reported.
type Answer = Result<Value, Value>;

/// An [`Answer`], not parsed.
pub type RawAnswer = Result<Bytes, Bytes>;

struct RuntimeApi {
    events: AsyncMutex<mpsc::UnboundedReceiver<Invocation>>,
    answers: Mutex<HashMap<String, oneshot::Sender<RawAnswer>>>,
    first_poll: Mutex<Option<oneshot::Sender<Instant>>>,
}

impl Instance {
    /// Starts the binary with only these settings and Lambda's in its environment. Its log is kept: see
    /// [`Instance::log`].
    pub async fn start(
        binary: &Path,
        environment: &[(String, String)],
        timeout: Duration,
    ) -> Result<Self, Error> {
        let mut instance = Self::spawn(binary, environment, timeout, |command| {
            command.stdout(Stdio::piped());
        })
        .await?;
        let output = instance.process.get_mut().stdout.take();
        instance.reader = output.map(|output| {
            let log = Arc::clone(&instance.log);
            let mut lines = BufReader::new(output).lines();
            tokio::spawn(async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    locked(&log).push(line);
                }
            })
        });
        Ok(instance)
    }

    /// The same, with all output written to a file, and in a process group of its own, which a terminal's Ctrl-C does
    /// not reach.
    pub async fn start_logging(
        binary: &Path,
        environment: &[(String, String)],
        timeout: Duration,
        log: &File,
    ) -> Result<Self, Error> {
        let (output, errors) = (log.try_clone()?, log.try_clone()?);
        Self::spawn(binary, environment, timeout, |command| {
            command.stdout(output).stderr(errors).process_group(0);
        })
        .await
    }

    async fn spawn(
        binary: &Path,
        environment: &[(String, String)],
        timeout: Duration,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<Self, Error> {
        let (events, queue) = mpsc::unbounded_channel();
        let (polled, first_poll) = oneshot::channel();
        let api = Arc::new(RuntimeApi {
            events: AsyncMutex::new(queue),
            answers: Mutex::default(),
            first_poll: Mutex::new(Some(polled)),
        });
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", routing::get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                routing::post(response),
            )
            .route(
                "/2018-06-01/runtime/invocation/{id}/error",
                routing::post(error),
            )
            .layer(DefaultBodyLimit::max(RESPONSE_BYTES))
            .with_state(api);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("the Runtime API ended: {error}");
            }
        });

        let started = Instant::now();
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(environment.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env(
                "AWS_LAMBDA_FUNCTION_NAME",
                binary.file_name().unwrap_or_default(),
            )
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        prepare(&mut command);
        let process = command.spawn()?;
        let id = process.id().ok_or("the process ended at once")?;
        Ok(Self {
            events,
            event_lock: AsyncMutex::default(),
            process: AsyncMutex::new(process),
            id,
            log: Arc::default(),
            first_poll: Mutex::new(Some(first_poll)),
            started,
            timeout,
            invoked: 0.into(),
            server,
            reader: None,
        })
    }

    /// Sends the function an event and waits for its answer.
    ///
    /// # Errors
    ///
    /// If the process ends without an answer, or takes longer than its timeout.
    pub async fn invoke(&self, event: &str) -> Result<Answer, Error> {
        let read = |body: Bytes| serde_json::from_slice(&body).unwrap_or_default();
        Ok(self.invoke_raw(event).await?.map(read).map_err(read))
    }

    /// As [`Instance::invoke`], but the answer is not parsed.
    pub async fn invoke_raw(&self, event: &str) -> Result<RawAnswer, Error> {
        let number = self.invoked.fetch_add(1, Relaxed);
        let event = Event {
            request_id: format!("00000000-0000-4000-8000-{number:012x}"),
            // As Lambda samples: the first call of a second, and a twentieth of the others.
            trace_id: format!(
                "Root=1-5e1b4151-{number:024x};Sampled={}",
                u8::from(number.is_multiple_of(20))
            ),
            body: event.to_owned().into(),
        };
        self.handle(event).await
    }

    /// [`Instance::invoke_raw`] for an event that has an id already.
    pub async fn handle(&self, event: Event) -> Result<RawAnswer, Error> {
        let _guard = self.event_lock.lock().await;
        let (answer, answered) = oneshot::channel();
        let deadline = SystemTime::now() + self.timeout;
        self.events.send(Invocation {
            event,
            deadline,
            answer,
        })?;
        let mut process = self.process.lock().await;
        tokio::select! {
            answer = answered => Ok(answer?),
            status = process.wait() => Err(format!("the function ended: {}", status?).into()),
            () = tokio::time::sleep(self.timeout) => Err("the function took longer than its timeout".into()),
        }
    }

    /// The time from the start of the process until it first asked for an event. `None` at the second call.
    pub async fn start_took(&self) -> Option<Duration> {
        let first = locked(&self.first_poll).take()?;
        first.await.ok().map(|moment| moment - self.started)
    }

    /// The lines that the process has written to standard output.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        locked(&self.log).clone()
    }

    /// Where [`Instance::log`] is kept, also after the process has ended.
    pub(crate) fn lines(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.log)
    }

    pub async fn is_alive(&self) -> bool {
        matches!(self.process.lock().await.try_wait(), Ok(None))
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Waits until the process asks for an event or ends. Returns whether it asked. `false` at the second call.
    pub async fn starts(&self) -> bool {
        let ended = async { self.process.lock().await.wait().await };
        tokio::select! {
            took = self.start_took() => took.is_some(),
            _ = ended => false,
        }
    }

    /// Waits until the process has ended, and returns its status and its whole log.
    pub async fn ended(mut self) -> Result<(std::process::ExitStatus, Vec<String>), Error> {
        let status = self.process.lock().await.wait().await?;
        if let Some(reader) = self.reader.take() {
            reader.await?;
        }
        Ok((status, self.log()))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> Response {
    if let Some(polled) = locked(&api.first_poll).take() {
        // The receiver may be gone.
        let _ = polled.send(Instant::now());
    }
    let Some(invocation) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let Invocation {
        event,
        deadline,
        answer,
    } = invocation;
    let deadline = deadline
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    locked(&api.answers).insert(event.request_id.clone(), answer);
    let headers = [
        ("lambda-runtime-aws-request-id", event.request_id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-trace-id", event.trace_id),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:function".to_owned(),
        ),
    ];
    (axum::response::AppendHeaders(headers), event.body).into_response()
}

async fn response(
    api: State<Arc<RuntimeApi>>,
    id: PathParameter<String>,
    body: Bytes,
) -> StatusCode {
    answered(&api, &id, Ok(body))
}

async fn error(api: State<Arc<RuntimeApi>>, id: PathParameter<String>, body: Bytes) -> StatusCode {
    answered(&api, &id, Err(body))
}

fn answered(api: &RuntimeApi, id: &str, answer: RawAnswer) -> StatusCode {
    match locked(&api.answers).remove(id) {
        // The caller may have given up.
        Some(waiting) => drop(waiting.send(answer)),
        None => return StatusCode::NOT_FOUND,
    }
    StatusCode::ACCEPTED
}

/// Locks a mutex even if another holder panicked: no value here is left half changed.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
