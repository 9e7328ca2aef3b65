//! A receiver of deliveries, on loopback. Only `make run` sends there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{
        Mutex,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    time::timeout,
};

/// How long a delivery may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(15);

pub struct Receiver {
    pub url: String,
    status: Arc<AtomicU16>,
    received: Mutex<UnboundedReceiver<Delivery>>,
}

/// A delivery as it arrived.
pub struct Delivery {
    head: String,
    pub body: Value,
}

impl Delivery {
    /// The value of a header, whose name is in lower case.
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = headers.find(|(one, _)| one.eq_ignore_ascii_case(name));
        found.expect("the header is there").1
    }

    /// How many secrets have signed it.
    pub fn signatures(&self) -> usize {
        self.header("webhook-signature").split(' ').count()
    }
}

impl Receiver {
    /// Answers each delivery with this status.
    pub async fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/suppuo", listener.local_addr().unwrap());
        let status = Arc::new(AtomicU16::new(status));
        let (tell, received) = unbounded_channel();
        let answers = Arc::clone(&status);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, Arc::clone(&answers), tell.clone()));
            }
        });
        Self {
            url,
            status,
            received: Mutex::new(received),
        }
    }

    /// Answers with another status from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Relaxed);
    }

    /// Waits for the next delivery.
    pub async fn next(&self) -> Delivery {
        let mut received = self.received.lock().await;
        let next = timeout(TIMEOUT, received.recv()).await;
        next.expect("a delivery arrives in time").unwrap()
    }
}

/// Reads one request and answers it. The sender may close the connection at any time.
async fn receive(
    mut stream: TcpStream,
    status: Arc<AtomicU16>,
    tell: UnboundedSender<Delivery>,
) -> Option<()> {
    let mut request = Vec::new();
    let delivery = loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let Some((head, body)) = std::str::from_utf8(&request).ok()?.split_once("\r\n\r\n") else {
            continue;
        };
        // Until the body is complete, it is no JSON.
        if let Ok(body) = serde_json::from_str(body) {
            let head = head.to_owned();
            break Delivery { head, body };
        }
    };
    let status = status.load(Relaxed);
    let answer = format!("HTTP/1.1 {status} Told\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()?;
    // The test may have ended.
    tell.send(delivery).ok()
}
