//! The client of DynamoDB: made once, before the first event, and with no more than it needs.

use std::{env, time::Duration};

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_sdk_dynamodb::{
    Client, Config,
    config::{
        BehaviorVersion, Region, StalledStreamProtectionConfig, retry::RetryConfig,
        timeout::TimeoutConfig,
    },
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};

use crate::config::ConfigError;

/// The certificate authorities that AWS's endpoints chain to: Amazon Root CA 1 to 4 and Starfield
/// Services Root CA G2 ("Amazon Trust Services repository"). Reading these five and not the system's
/// hundred and forty halves the start of a function.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// Together below the timeout of the functions (10 s, `template.yaml`): three attempts at each of two calls,
/// and time left to answer. DynamoDB answers in milliseconds; a call that takes a second is lost.
const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_secs(1);
const OPERATION: Duration = Duration::from_millis(3500);
const ATTEMPTS: u32 = 3;
/// The SDK's own is a second, which is for services that take one to recover.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// Makes the client from what Lambda puts into the environment: credentials, region, and on a laptop
/// `AWS_ENDPOINT_URL_DYNAMODB`.
///
/// The SDK's default chain also asks profiles, containers, instance metadata and STS. A Lambda function
/// needs none of them, and without their code its binary is a quarter smaller.
pub(crate) fn connect() -> Result<Client, ConfigError> {
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
    let region =
        env::var("AWS_REGION").map_err(|_| ConfigError::new("AWS_REGION", "is not set"))?;
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(Region::new(region))
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(ATTEMPTS)
                .with_initial_backoff(FIRST_BACKOFF),
        )
        // For streamed bodies; ours come at once, and the timeouts above bound them.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_endpoint_url(env::var("AWS_ENDPOINT_URL_DYNAMODB").ok());
    Ok(Client::from_conf(config.build()))
}
