//! Clients of AWS services. They are made once, before the first event, and have only what a function needs.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Region, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};

use crate::error::Cause;

/// The certificate authorities that AWS's endpoints chain to: Amazon Root CA 1 to 4 and Starfield
/// Services Root CA G2 ("Amazon Trust Services repository"). Reading these five, instead of the system's
/// hundred and forty, halves the start of a function.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// A service answers in milliseconds. A call that takes a second is considered lost and is made again. All calls of
/// one request together are bounded by the pipeline's deadline.
const CONNECT: Duration = Duration::from_secs(1);
pub(super) const ATTEMPT: Duration = Duration::from_secs(1);
const OPERATION: Duration = Duration::from_millis(3500);
const ATTEMPTS: u32 = 3;
/// The SDK's default is a second, which suits services that take that long to recover.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// What the clients share: the TLS configuration and the pool of connections.
///
/// It is one connector, and not the SDK's HTTP client, which reads the certificates once more for each client that is
/// made and again at the first call. So what is opened before the first event is what the clients use
/// ([`crate::aws::early_connections`]).
#[derive(Clone)]
pub(crate) struct Connection {
    pub(super) connector: SharedHttpConnector,
    pub(super) region: Region,
}

impl Connection {
    pub(crate) fn new(region: &str) -> Result<Self, Cause> {
        let trust = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        let tls = TlsContext::builder()
            .with_trust_store(trust)
            .build()
            .map_err(|error| Cause::new("set up TLS", &error))?;
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT);
        let connector = Connector::builder()
            .connector_settings(settings.build())
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls)
            .build();
        Ok(Self {
            connector: SharedHttpConnector::new(connector),
            region: Region::new(region.to_owned()),
        })
    }

    fn http_client(&self) -> SharedHttpClient {
        let connector = self.connector.clone();
        http_client_fn(move |_, _| connector.clone())
    }
}

/// Makes the client of a service. Each service's crate has its own type of configuration, with the same settings.
///
/// The credentials are those that Lambda puts into the environment. The SDK's default chain also tries profiles,
/// containers, instance metadata and STS. A Lambda function needs none of them, and without their code its binary is
/// an eighth smaller.
macro_rules! client {
    ($service:ident, $connection:expr, $endpoint:expr) => {{
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(FIRST_BACKOFF);
        let mut config = $service::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .region($connection.region.clone())
            .http_client($connection.http_client())
            .timeout_config(timeouts)
            .retry_config(retries)
            // It protects streamed bodies. Ours are not streamed, and the timeouts above bound them.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url($endpoint.map(str::to_owned));
        $service::Client::from_conf(config.build())
    }};
}

pub(crate) fn dynamodb(
    connection: &Connection,
    endpoint: Option<&str>,
) -> aws_sdk_dynamodb::Client {
    client!(aws_sdk_dynamodb, connection, endpoint)
}

pub(crate) fn secrets_manager(
    connection: &Connection,
    endpoint: Option<&str>,
) -> aws_sdk_secretsmanager::Client {
    client!(aws_sdk_secretsmanager, connection, endpoint)
}

pub(crate) fn sqs(connection: &Connection, endpoint: Option<&str>) -> aws_sdk_sqs::Client {
    client!(aws_sdk_sqs, connection, endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connecting reads the certificates, and panics if one is malformed.
    #[tokio::test]
    async fn a_connection_is_attempted_with_the_five_root_certificates() {
        assert_eq!(
            AMAZON_ROOTS
                .split(|byte| *byte == b'\n')
                .filter(|line| line.starts_with(b"-----BEGIN"))
                .count(),
            5
        );
        // Nobody listens there. The scheme makes the client set up TLS first.
        let nowhere = Some("https://127.0.0.1:1");
        let connection = Connection::new("us-east-1").unwrap();
        let secret = secrets_manager(&connection, nowhere).get_secret_value();
        let tables = dynamodb(&connection, nowhere).list_tables();
        assert!(tables.send().await.is_err());
        assert!(secret.secret_id("x").send().await.is_err());
    }
}
