//! How AWS's services are spoken to: made once, before the first event, and with no more than it needs.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};

use crate::error::Cause;

/// The certificate authorities that AWS's endpoints chain to: Amazon Root CA 1 to 4 and Starfield
/// Services Root CA G2 ("Amazon Trust Services repository"). Reading these five and not the system's
/// hundred and forty halves the start of a function.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// A service answers in milliseconds; a call that takes a second is lost, and is made again. What bounds a
/// request's calls together is the pipeline's own deadline.
const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_secs(1);
const OPERATION: Duration = Duration::from_millis(3500);
const ATTEMPTS: u32 = 3;
/// The SDK's own is a second, which is for services that take one to recover.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// What the clients of all services share.
#[derive(Clone)]
pub(crate) struct Connection {
    http: SharedHttpClient,
    region: Region,
}

impl Connection {
    pub(crate) fn new(region: &str) -> Result<Self, Cause> {
        let trust = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        let tls = TlsContext::builder()
            .with_trust_store(trust)
            .build()
            .map_err(|error| Cause::new("set up TLS", &error))?;
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls)
            .build_https();
        Ok(Self {
            http,
            region: Region::new(region.to_owned()),
        })
    }
}

/// Makes the client of a service. Each service's crate has a configuration of its own, of the same settings.
///
/// The credentials are those that Lambda puts into the environment. The SDK's default chain also asks profiles,
/// containers, instance metadata and STS; a Lambda function needs none of them, and without their code its binary is an
/// eighth smaller.
macro_rules! client {
    ($service:ident, $connection:expr, $endpoint:expr) => {{
        let Connection { http, region } = $connection.clone();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(FIRST_BACKOFF);
        let mut config = $service::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .region(region)
            .http_client(http)
            .timeout_config(timeouts)
            .retry_config(retries)
            // For streamed bodies; ours come at once, and the timeouts above bound them.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url($endpoint.map(str::to_owned));
        $service::Client::from_conf(config.build())
    }};
}

/// The client of DynamoDB.
pub(crate) fn dynamodb(
    connection: &Connection,
    endpoint: Option<&str>,
) -> aws_sdk_dynamodb::Client {
    client!(aws_sdk_dynamodb, connection, endpoint)
}

/// The client of Secrets Manager.
pub(crate) fn secrets_manager(
    connection: &Connection,
    endpoint: Option<&str>,
) -> aws_sdk_secretsmanager::Client {
    client!(aws_sdk_secretsmanager, connection, endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reading the certificates is part of making a connection, and panics where one is none.
    #[tokio::test]
    async fn a_connection_is_tried_with_the_five_roots() {
        assert_eq!(
            AMAZON_ROOTS
                .split(|byte| *byte == b'\n')
                .filter(|line| line.starts_with(b"-----BEGIN"))
                .count(),
            5
        );
        // Nobody listens there; it is TLS that would be spoken.
        let nowhere = Some("https://127.0.0.1:1");
        let connection = Connection::new("us-east-1").unwrap();
        let secret = secrets_manager(&connection, nowhere).get_secret_value();
        let tables = dynamodb(&connection, nowhere).list_tables();
        assert!(tables.send().await.is_err());
        assert!(secret.secret_id("x").send().await.is_err());
    }
}
