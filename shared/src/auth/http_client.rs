//! The HTTP client for the issuer's keys, its discovery document and its token endpoint, and for GitHub's keys.

use std::{sync::OnceLock, time::Duration};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorSettings},
    orchestrator::HttpRequest,
};
use http_body_util::{BodyExt, Limited};
use lambda_http::http;
use tokio::time::timeout;

use crate::error::Cause;

/// For a whole request, connecting included.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Key sets, discovery documents and tokens have a few kilobytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// GitHub refuses requests without one ("User agent required", "Getting started with the REST API", GitHub Docs).
const USER_AGENT: &str = "Suppuo-API";

/// Follows no redirects.
#[derive(Default)]
pub(crate) struct HttpClient(OnceLock<Connector>);

impl HttpClient {
    /// # Errors
    ///
    /// There was no response in time, or its status was not a success.
    pub(crate) async fn get(&self, attempted: &str, url: &str) -> Result<Vec<u8>, Cause> {
        let request = http::Request::get(url)
            .header(http::header::ACCEPT, "application/json")
            .header(http::header::USER_AGENT, USER_AGENT)
            .body(Vec::new());
        let request = request.map_err(|e| Cause::new(attempted, &e))?;
        let answer = self.send(attempted, request).await?;
        if !answer.status().is_success() {
            let status = format!("status {}", answer.status().as_u16());
            return Err(Cause::of(attempted, &status));
        }
        Ok(answer.into_body())
    }

    /// The response, whatever its status.
    ///
    /// # Errors
    ///
    /// There was no response in time.
    pub(crate) async fn send(
        &self,
        attempted: &str,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, Cause> {
        let request = HttpRequest::try_from(request.map(Into::into));
        let request = request.map_err(|e| Cause::new(attempted, &e))?;
        let answer = async {
            let answer = self.connector().call(request).await;
            let answer = answer.map_err(|e| Cause::new(attempted, &e))?;
            let status = answer.status().as_u16();
            let content_type = answer.headers().get("content-type").map(str::to_owned);
            let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES)
                .collect()
                .await;
            let body = body.map_err(|e| Cause::of(attempted, &e.to_string()))?;
            let mut response = http::Response::builder().status(status);
            if let Some(content_type) = content_type {
                response = response.header(http::header::CONTENT_TYPE, content_type);
            }
            let response = response.body(body.to_bytes().to_vec());
            response.map_err(|e| Cause::new(attempted, &e))
        };
        timeout(TIMEOUT, answer)
            .await
            .map_err(|_| Cause::of(attempted, "no answer in time"))?
    }

    /// Created when it is first needed: it loads all authorities that the system trusts, which takes as long as the
    /// rest of a function's start.
    fn connector(&self) -> &Connector {
        self.0.get_or_init(|| {
            let settings = HttpConnectorSettings::builder()
                .connect_timeout(TIMEOUT)
                .read_timeout(TIMEOUT)
                .build();
            Connector::builder()
                .connector_settings(settings)
                // Hours may pass between two calls of a function, and the issuer closes idle connections.
                .pool_max_idle_per_host(0)
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build()
        })
    }
}
