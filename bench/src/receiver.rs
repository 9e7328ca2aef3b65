//! A receiver of webhooks that notes when each delivery comes.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use local::Error;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use crate::statistics::millis;

/// The longest wait for a delivery: longer than a hold of a receiver.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a receiver answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    Success,
    /// 500 to the first attempt of each event, and success to the others.
    FailureFirst,
    Never,
}

/// A running receiver, until it is dropped.
pub(crate) struct Receiver {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    answers: Answers,
    arrivals: Mutex<Vec<Arrival>>,
    seen: Mutex<HashSet<String>>,
    count: watch::Sender<usize>,
}

/// A delivery that came. Times are in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Of the event.
    pub(crate) occurred_at: f64,
    pub(crate) first_byte_at: f64,
}

impl Receiver {
    pub(crate) async fn start(answers: Answers) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let shared = Arc::new(Shared {
            answers,
            arrivals: Mutex::default(),
            seen: Mutex::default(),
            count: watch::Sender::new(0),
        });
        let own = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let shared = Arc::clone(&own);
                tokio::spawn(async move {
                    if let Err(error) = shared.serve(connection).await {
                        eprintln!("the receiver: {error}");
                    }
                });
            }
        });
        Ok(Self {
            url,
            shared,
            server,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Waits until so many deliveries have come since the last call of this method, and returns them.
    pub(crate) async fn take(&self, count: usize) -> Result<Vec<Arrival>, Error> {
        let mut counts = self.shared.count.subscribe();
        let came = timeout(PATIENCE, counts.wait_for(|came| *came >= count))
            .await
            .is_ok();
        let mut arrivals = locked(&self.shared.arrivals);
        if !came {
            return Err(format!("{} of {count} deliveries came", arrivals.len()).into());
        }
        self.shared.count.send_replace(0);
        Ok(std::mem::take(&mut arrivals))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    /// Answers the requests of a connection.
    async fn serve(&self, mut connection: TcpStream) -> Result<(), Error> {
        let mut request = Vec::new();
        while connection.read_buf(&mut request).await? > 0 {
            let first_byte_at = now();
            let body = loop {
                if let Some(body) = body(&request)? {
                    break body;
                }
                if connection.read_buf(&mut request).await? == 0 {
                    return Err("half a request".into());
                }
            };
            let is_first = self.note(first_byte_at, &body)?;
            let status = match self.answers {
                Answers::Never => {
                    // Until the caller gives up.
                    connection.read_buf(&mut request).await?;
                    return Ok(());
                }
                Answers::FailureFirst if is_first => "500 Internal Server Error",
                Answers::FailureFirst | Answers::Success => "200 OK",
            };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            connection.write_all(answer.as_bytes()).await?;
            request.clear();
        }
        Ok(())
    }

    /// Returns whether it is the first attempt of this event.
    fn note(&self, first_byte_at: f64, event: &Value) -> Result<bool, Error> {
        let text = |name: &str| event[name].as_str().ok_or("no event");
        let occurred_at = OffsetDateTime::parse(text("occurredAt")?, &Rfc3339)?;
        let since_epoch = Duration::try_from(occurred_at - OffsetDateTime::UNIX_EPOCH)?;
        let is_first = locked(&self.seen).insert(text("id")?.to_owned());
        let mut arrivals = locked(&self.arrivals);
        arrivals.push(Arrival {
            occurred_at: millis(since_epoch),
            first_byte_at,
        });
        self.count.send_replace(arrivals.len());
        Ok(is_first)
    }
}

/// The body of a request, if it has come completely.
fn body(request: &[u8]) -> Result<Option<Value>, Error> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = request.windows(END.len()).position(|bytes| bytes == END) else {
        return Ok(None);
    };
    let head = str::from_utf8(&request[..end])?.to_ascii_lowercase();
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| *name == "content-length");
    let length: usize = length.ok_or("no length")?.1.trim().parse()?;
    let body = &request[end + END.len()..];
    if body.len() < length {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(body)?))
}

fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    millis(now.unwrap_or_default())
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
