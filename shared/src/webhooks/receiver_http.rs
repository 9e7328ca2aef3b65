//! The HTTP client for the receivers of webhooks: servers of strangers, at URLs that strangers wrote.
//!
//! It looks a name up, judges every address, and connects to one of those that it has judged: there is no second lookup
//! that could answer otherwise. An attempt is one request on a connection of its own. There is no code for redirects,
//! proxies, cookies, compression or connections that are kept.

mod bounded_stream;
mod network;
mod outcome;
mod retry_after;
#[cfg(test)]
mod tests;

use std::{
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, Response, Uri,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{CONNECTION, HOST, HeaderValue, RETRY_AFTER},
};
use hyper_util::rt::TokioIo;
use rustls::{
    CertificateError, ClientConfig, RootCertStore, client::Resumption, pki_types::ServerName,
};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::{
    domain::{
        public_address::is_public,
        webhook_url::{Targets, UrlFault, WebhookUrl},
    },
    error::Cause,
    webhooks::receiver_http::{
        bounded_stream::BoundedStream,
        network::{Network, Stream},
    },
};

pub(crate) use crate::webhooks::receiver_http::{
    outcome::{Failure, Outcome, TlsFault},
    retry_after::RetryAfter,
};

/// To look the name up, connect and set up TLS.
const CONNECT: Duration = Duration::from_secs(3);

/// For a whole attempt.
const ATTEMPT: Duration = Duration::from_secs(10);

/// To look a name up while somebody waits who registers it.
const CHECK: Duration = Duration::from_secs(1);

/// What is read of an answer's body. The rest of it does not matter.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// hyper also bounds their number, by 100.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// What is read of a connection, TLS and HTTP's frames included.
const MAX_READ_BYTES: usize = 256 * 1024;

pub(crate) struct ReceiverHttp {
    tls: TlsConnector,
    network: Network,
    judge: fn(IpAddr) -> bool,
    targets: Targets,
}

impl ReceiverHttp {
    /// Trusts the public certificate authorities that browsers trust.
    ///
    /// # Errors
    ///
    /// TLS could not be set up.
    pub(crate) fn new(targets: Targets) -> Result<Self, Cause> {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        Ok(Self {
            tls: tls(roots)?,
            network: Network::System,
            judge: is_public,
            targets,
        })
    }

    /// Whether the host may be registered: looks its name up and judges every address, without connecting.
    ///
    /// # Errors
    ///
    /// [`UrlFault::NotPublic`]. A name that has no address, or none in time, is no fault: it may get one later, and is
    /// judged again at each attempt.
    pub(crate) async fn check(&self, url: &WebhookUrl) -> Result<(), UrlFault> {
        match timeout(CHECK, self.addresses(url)).await {
            Ok(Err(Failure::NotPublic)) => Err(UrlFault::NotPublic),
            _ => Ok(()),
        }
    }

    /// One attempt: a `POST` of `body` with `headers`.
    pub(crate) async fn post(
        &self,
        url: &WebhookUrl,
        headers: HeaderMap,
        body: impl Into<Bytes>,
    ) -> Outcome {
        let began = Instant::now();
        let mut outcome = Outcome {
            response_code: None,
            retry_after: None,
            failure: None,
            duration: Duration::ZERO,
        };
        let attempt = self.attempt(url, headers, body.into(), &mut outcome);
        let result = timeout(ATTEMPT, attempt).await;
        outcome.failure = result.unwrap_or(Err(Failure::NoAnswerInTime)).err();
        outcome.duration = began.elapsed();
        outcome
    }

    /// Writes what it learns into `outcome` at once, so that it is known also if the time is over.
    async fn attempt(
        &self,
        url: &WebhookUrl,
        headers: HeaderMap,
        body: Bytes,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let request = request(url, headers, body).ok_or(Failure::NotConnected)?;
        let connection = timeout(CONNECT, self.connect(url));
        let connection = connection
            .await
            .unwrap_or(Err(Failure::NotConnectedInTime))?;
        let mut http = http1::Builder::new();
        http.max_buf_size(MAX_HEAD_BYTES);
        let handshake = http.handshake(TokioIo::new(connection)).await;
        let (mut sender, connection) = handshake.map_err(|_| Failure::NoAnswer)?;
        let exchange = async move {
            let answer = sender
                .send_request(request)
                .await
                .map_err(|_| Failure::NoAnswer)?;
            outcome.response_code = Some(answer.status().as_u16());
            outcome.retry_after = retry_after(&answer);
            judge_answer(answer).await
        };
        // The connection does the reading and writing for the exchange, and may end first.
        match select(pin!(exchange), pin!(connection)).await {
            Either::Left((result, _)) => result,
            Either::Right((_, exchange)) => exchange.await,
        }
    }

    async fn connect(&self, url: &WebhookUrl) -> Result<Box<dyn Stream>, Failure> {
        let began = Instant::now();
        let addresses = self.addresses(url).await?;
        let port = url.port().ok_or(Failure::NotConnected)?;
        let mut left = u32::try_from(addresses.len()).map_err(|_| Failure::NotConnected)?;
        let mut failure = Failure::NotConnected;
        for address in addresses {
            // An address that does not answer leaves the others their share of the time.
            let share = CONNECT.saturating_sub(began.elapsed()) / left;
            left -= 1;
            match timeout(share, self.network.connect(SocketAddr::new(address, port))).await {
                Ok(Ok(stream)) => return self.secure(url, stream).await,
                Ok(Err(_)) => failure = Failure::NotConnected,
                Err(_) => failure = Failure::NotConnectedInTime,
            }
        }
        Err(failure)
    }

    async fn secure(
        &self,
        url: &WebhookUrl,
        stream: Box<dyn Stream>,
    ) -> Result<Box<dyn Stream>, Failure> {
        let stream = BoundedStream::new(stream, MAX_READ_BYTES);
        #[cfg(debug_assertions)]
        if url.is_plain() {
            return Ok(Box::new(stream));
        }
        let name = match (url.address(), url.name()) {
            (Some(address), _) => Some(address.into()),
            (None, Some(name)) => ServerName::try_from(name.to_owned()).ok(),
            (None, None) => None,
        };
        let name = name.ok_or(Failure::Tls(TlsFault::Other))?;
        let stream = self.tls.connect(name, stream).await;
        let stream = stream.map_err(|error| Failure::Tls(tls_fault(&error)))?;
        Ok(Box::new(stream))
    }

    /// The addresses of the host. All may be connected to.
    async fn addresses(&self, url: &WebhookUrl) -> Result<Vec<IpAddr>, Failure> {
        let addresses = match (url.address(), url.name()) {
            (Some(address), _) => vec![address],
            (None, Some(name)) => self.network.addresses(name).await.unwrap_or_default(),
            (None, None) => Vec::new(),
        };
        if addresses.is_empty() {
            return Err(Failure::NameNotFound);
        }
        let are_public = addresses.iter().all(|address| (self.judge)(*address));
        if are_public || url.is_excepted(self.targets) {
            Ok(addresses)
        } else {
            Err(Failure::NotPublic)
        }
    }
}

fn tls(roots: RootCertStore) -> Result<TlsConnector, Cause> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Cause::new("set up TLS", &error))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Nothing of a connection is kept for another one.
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// `None` does not occur: a [`WebhookUrl`] has parts of which a request can be made.
fn request(url: &WebhookUrl, headers: HeaderMap, body: Bytes) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::try_from(url.path_and_query()).ok()?;
    *request.headers_mut() = headers;
    let host = HeaderValue::from_str(url.authority()).ok()?;
    request.headers_mut().insert(HOST, host);
    request
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    Some(request)
}

fn retry_after(answer: &Response<Incoming>) -> Option<RetryAfter> {
    RetryAfter::parse(answer.headers().get(RETRY_AFTER)?.as_bytes())
}

/// The body is read only where it decides.
async fn judge_answer(answer: Response<Incoming>) -> Result<(), Failure> {
    let status = answer.status();
    match status.as_u16() {
        200..=299 => {}
        code @ (301 | 302 | 303 | 307 | 308) => return Err(Failure::Redirect(code)),
        code => return Err(Failure::Status(code)),
    }
    let mut body = answer.into_body();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::AnswerCutOff)?;
        read += frame.data_ref().map_or(0, Bytes::len);
        if read >= MAX_BODY_BYTES {
            break;
        }
    }
    Ok(())
}

fn tls_fault(error: &std::io::Error) -> TlsFault {
    let error = error
        .get_ref()
        .and_then(|error| error.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(error)) = error else {
        return TlsFault::Other;
    };
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::OtherName
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => TlsFault::Expired,
        _ => TlsFault::Untrusted,
    }
}
