//! Connections to DynamoDB that are open, with TLS, before the first event.
//!
//! Without them, the first call of an instance looks up a name, connects and shakes hands: two round trips, and more
//! CPU than the call itself, at the share of a CPU that the function's memory buys. Before the first event, Lambda
//! gives a function more CPU than that. This time is paid for, too ("AWS Lambda standardizes billing for INIT Phase",
//! AWS Compute Blog); what is done here would otherwise be done, paid for and waited for in the first call. The one
//! thing that is added is an answer to wait for. Instances that are started ahead (provisioned concurrency) save all of
//! it, if the first event comes before DynamoDB closes the idle connection.
//!
//! The request is `GET /` without a signature, which DynamoDB answers with `healthy: …`. It needs no permission and no
//! capacity, and which answer comes does not matter. See `docs/decisions/0039-connections-before-the-first-event.md`.

use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use futures_util::future::join_all;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::aws::clients::{ATTEMPT, Connection};

/// Opens connections for the clients of the same [`Connection`].
pub(crate) struct EarlyConnections {
    connection: Connection,
    endpoint: Option<String>,
}

impl EarlyConnections {
    /// `endpoint` is that of the client ([`crate::aws::clients::dynamodb`]).
    pub(crate) fn new(connection: &Connection, endpoint: Option<&str>) -> Self {
        Self {
            connection: connection.clone(),
            endpoint: endpoint.map(str::to_owned),
        }
    }

    /// Opens so many connections: as many as there will be requests to the table at the same time, because HTTP/1.1
    /// has one at a time on each.
    ///
    /// It takes as long as an attempt of a call at most. An error is ignored: the first call tries again, and says
    /// what is wrong.
    pub(crate) async fn open(&self, count: usize) {
        let Some(url) = self.url().await else { return };
        let all = join_all((0..count).map(|_| self.open_one(&url)));
        let _ = timeout(ATTEMPT, all).await;
    }

    /// By the rules of the client, which would also name the account if Lambda set `AWS_ACCOUNT_ID`.
    async fn url(&self) -> Option<String> {
        let params = Params::builder()
            .region(self.connection.region.to_string())
            .set_endpoint(self.endpoint.clone());
        let resolver = DefaultResolver::new();
        let endpoint = resolver.resolve_endpoint(&params.build().ok()?).await;
        Some(endpoint.ok()?.url().to_owned())
    }

    /// A request that finds no idle connection opens one.
    async fn open_one(&self, url: &str) -> Option<()> {
        let request = HttpRequest::get(url).ok()?;
        let answer = self.connection.connector.call(request).await.ok()?;
        // Only a connection whose answer was read to the end is kept.
        answer.into_body().collect().await.ok()?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A server that refuses every request after some time. Returns its URL and the number of its connections.
    async fn server() -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, SeqCst);
                tokio::spawn(async move {
                    while let Ok(1..) = stream.read(&mut [0; 4096]).await {
                        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}";
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        (url, connections)
    }

    #[tokio::test]
    async fn each_of_the_connections_is_kept_and_used_again() {
        let (url, connections) = server().await;
        let connection = Connection::new("us-east-1").unwrap();
        let early = EarlyConnections::new(&connection, Some(&url));
        for (count, open) in [(2, 2), (2, 2), (1, 2), (3, 3)] {
            early.open(count).await;
            assert_eq!(connections.load(SeqCst), open);
        }
    }

    #[tokio::test]
    async fn the_endpoint_is_the_regions_unless_another_one_is_set() {
        let connection = Connection::new("cn-north-1").unwrap();
        let url = async |endpoint| EarlyConnections::new(&connection, endpoint).url().await;
        let of_region = "https://dynamodb.cn-north-1.amazonaws.com.cn";
        assert_eq!(url(None).await.as_deref(), Some(of_region));
        let other = "http://127.0.0.1:8000";
        assert_eq!(url(Some(other)).await.as_deref(), Some(other));
        // What is no URL is the first call's to report.
        EarlyConnections::new(&connection, Some("?")).open(1).await;
    }
}
