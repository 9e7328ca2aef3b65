//! Real connections to real servers on a loopback address, with certificates that are made for the test.

mod answers;
mod deadlines;
mod targets;
mod tls;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use futures_util::future::{pending, ready};
use hyper::{HeaderMap, header::HeaderValue};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    Failure, Outcome, ReceiverHttp,
    network::{Found, Network, Stream, TestNetwork},
    tls as client_tls,
};
use crate::domain::{
    public_address::is_public,
    webhook_url::{Targets, WebhookUrl},
};

const NAME: &str = "receiver.example";

/// The only address that is not public and that the tests may call.
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn is_public_or_local(address: IpAddr) -> bool {
    address == LOCAL || is_public(address)
}

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    /// What a server needs to be the one that the certificate names.
    fn sign(&self, params: &CertificateParams) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        acceptor(certificate.der(), &key)
    }
}

fn certificate_for(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

fn acceptor(certificate: &CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = config.with_no_client_auth();
    let config = config
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The server's end of a connection.
struct Peer(TlsStream<Box<dyn Stream>>);

impl Peer {
    /// `None` if the client does not want this certificate.
    async fn accept(tls: &TlsAcceptor, stream: impl Stream + 'static) -> Option<Self> {
        let stream: Box<dyn Stream> = Box::new(stream);
        tls.accept(stream).await.ok().map(Self)
    }

    /// Reads a request to its end.
    async fn request(&mut self) -> String {
        let mut read = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&read);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                    return text.into_owned();
                }
            }
            assert_ne!(
                self.0.read_buf(&mut read).await.unwrap(),
                0,
                "the request is cut off"
            );
        }
    }

    /// Whether the client still listens.
    async fn write(&mut self, bytes: &str) -> bool {
        self.0.write_all(bytes.as_bytes()).await.is_ok() && self.0.flush().await.is_ok()
    }

    async fn close(mut self) {
        // The client may have closed first.
        let _ = self.0.shutdown().await;
    }
}

type Requests = Arc<Mutex<Vec<String>>>;

/// A receiver at [`LOCAL`] with a certificate for [`NAME`].
struct Receiver {
    authority: Authority,
    port: u16,
    requests: Requests,
}

impl Receiver {
    /// Gives each connection, once its request was read, to `answer`.
    async fn start<F>(answer: impl Fn(Peer) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let authority = Authority::new();
        let tls = authority.sign(&certificate_for(NAME));
        let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Requests::default();
        let seen = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(mut peer) = Peer::accept(&tls, stream).await else {
                    continue;
                };
                let request = peer.request().await;
                seen.lock().unwrap().push(request);
                answer(peer).await;
            }
        });
        Self {
            authority,
            port,
            requests,
        }
    }

    /// Answers each request with these bytes and ends the connection.
    async fn answering(answer: &str) -> Self {
        let answer = answer.to_owned();
        Self::start(move |mut peer| {
            let answer = answer.clone();
            async move {
                peer.write(&answer).await;
                peer.close().await;
            }
        })
        .await
    }

    fn url(&self) -> WebhookUrl {
        url(&format!("https://{NAME}:{}/webhooks?a=b", self.port))
    }

    fn client(&self) -> ReceiverHttp {
        client(self.authority.roots(), TestNetwork::leading_to(vec![LOCAL]))
    }

    async fn post(&self) -> Outcome {
        post(&self.client(), &self.url()).await
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn url(text: &str) -> WebhookUrl {
    WebhookUrl::parse(text, Targets::Public).unwrap()
}

async fn post(client: &ReceiverHttp, url: &WebhookUrl) -> Outcome {
    let mut headers = HeaderMap::new();
    headers.insert("suppuo-event-id", HeaderValue::from_static("evt_1"));
    client.post(url, headers, "{}").await
}

impl TestNetwork {
    /// Each name has these addresses.
    fn leading_to(found: Vec<IpAddr>) -> Self {
        Self::asking(move |_| Ok(found.clone()))
    }

    fn asking(addresses: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        Self {
            addresses: Box::new(move |name| Box::pin(ready(addresses(&name)))),
            connect: Box::new(|address| {
                Box::pin(async move { Network::System.connect(address).await })
            }),
        }
    }
}

/// A client that trusts `roots` and may call [`LOCAL`].
fn client(roots: RootCertStore, network: TestNetwork) -> ReceiverHttp {
    ReceiverHttp {
        tls: client_tls(roots).unwrap(),
        network: Network::Test(network),
        judge: is_public_or_local,
        targets: Targets::Public,
    }
}

/// An address at which connecting neither succeeds nor fails.
const DEAF: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// A client to which each name has these addresses, and the servers of all but [`DEAF`] do with a connection what
/// `serve` says. The connections are in memory, so that a clock that stands still does so while anything happens.
fn client_in_memory<F>(
    roots: RootCertStore,
    addresses: Vec<IpAddr>,
    serve: impl Fn(Box<dyn Stream>) -> F + Send + Sync + 'static,
) -> ReceiverHttp
where
    F: Future<Output = ()> + Send + 'static,
{
    let connect = move |address: SocketAddr| -> Found<Box<dyn Stream>> {
        if address.ip() == DEAF {
            return Box::pin(pending());
        }
        let (here, there) = duplex(4 * 1024);
        tokio::spawn(serve(Box::new(there)));
        let here: Box<dyn Stream> = Box::new(here);
        Box::pin(ready(Ok(here)))
    };
    let network = TestNetwork {
        connect: Box::new(connect),
        ..TestNetwork::leading_to(addresses)
    };
    ReceiverHttp {
        judge: |_| true,
        ..client(roots, network)
    }
}

/// A failure without an answer.
fn failed(outcome: &Outcome) -> Option<Failure> {
    assert_eq!((outcome.response_code, outcome.retry_after), (None, None));
    outcome.failure
}
