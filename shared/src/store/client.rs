//! The client of DynamoDB: made once, before the first event, and with no more than it needs.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_sdk_dynamodb::{
    Client,
    config::{
        BehaviorVersion, Region, StalledStreamProtectionConfig, retry::RetryConfig,
        timeout::TimeoutConfig,
    },
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};

use crate::config::{Config, ConfigError};

/// The certificate authorities that AWS's endpoints chain to: Amazon Root CA 1 to 4 and Starfield
/// Services Root CA G2 ("Amazon Trust Services repository"). Reading these five and not the system's
/// hundred and forty halves the start of a function.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// DynamoDB answers in milliseconds; a call that takes a second is lost, and is made again. What bounds a
/// request's calls together is the pipeline's own deadline.
const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_secs(1);
const OPERATION: Duration = Duration::from_millis(3500);
const ATTEMPTS: u32 = 3;
/// The SDK's own is a second, which is for services that take one to recover.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// Makes the client, with the credentials that Lambda puts into the environment.
///
/// The SDK's default chain also asks profiles, containers, instance metadata and STS. A Lambda function
/// needs none of them, and without their code its binary is an eighth smaller.
pub(crate) fn connect(settings: &Config) -> Result<Client, ConfigError> {
    let trust = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let tls = TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| ConfigError::new("TLS", &error.to_string()))?;
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(Region::new(settings.region.clone()))
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(ATTEMPTS)
                .with_initial_backoff(FIRST_BACKOFF),
        )
        // For streamed bodies; ours come at once, and the timeouts above bound them.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_endpoint_url(settings.endpoint.clone());
    Ok(Client::from_conf(config.build()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Issuer, limits::RateLimit};

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
        let client = connect(&Config {
            table: String::new(),
            region: "us-east-1".to_owned(),
            // Nobody listens there; it is TLS that would be spoken.
            endpoint: Some("https://127.0.0.1:1".to_owned()),
            issuer: Issuer {
                name: String::new(),
                jwks_url: String::new(),
                audiences: vec![],
            },
            caller_limit: RateLimit(1),
        });
        assert!(client.unwrap().list_tables().send().await.is_err());
    }
}
