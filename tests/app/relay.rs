//! What stands between the functions and a table, and says which connection each request came on.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A running relay, until it is dropped.
pub struct Relay {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    server: JoinHandle<()>,
}

/// The number of the connection, from 1, and the first line. A request is sent in one piece.
pub type Request = (usize, String);

impl Relay {
    /// Starts in front of a table with this URL.
    pub async fn start(table: &str) -> Self {
        let table = table.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let seen = Arc::clone(&requests);
        let server = tokio::spawn(async move {
            let mut connections = 0;
            while let Ok((client, _)) = listener.accept().await {
                connections += 1;
                let (table, seen) = (table.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    Box::pin(forward(client, &table, connections, &seen)).await;
                });
            }
        });
        Self {
            url,
            requests,
            server,
        }
    }

    /// The requests since this was last called, in the order of their arrival.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Forwards a connection until one side closes it.
async fn forward(client: TcpStream, table: &str, number: usize, requests: &Mutex<Vec<Request>>) {
    let mut table = TcpStream::connect(table).await.unwrap();
    let (mut from_table, mut to_table) = table.split();
    let (mut from_client, mut to_client) = client.into_split();
    let sent = async {
        let mut bytes = [0; 16_384];
        while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
            let text = String::from_utf8_lossy(&bytes[..length]);
            if let Some((line, _)) = text.split_once(" HTTP/1.1\r\n") {
                requests.lock().unwrap().push((number, line.to_owned()));
            }
            to_table.write_all(&bytes[..length]).await.unwrap();
        }
    };
    tokio::select! {
        () = sent => {}
        _ = copy(&mut from_table, &mut to_client) => {}
    }
}
