//! Whom the client takes for the receiver.

use rcgen::date_time_ymd;

use super::{super::TlsFault, *};

/// Posts to `url`, in which `PORT` is that of a server with this certificate.
async fn attempt_at(tls: TlsAcceptor, client: &ReceiverHttp, url: &str) -> Option<Failure> {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Peer::accept(&tls, stream).await?;
        let request = peer.request().await;
        peer.write("HTTP/1.1 204 No Content\r\n\r\n").await;
        Some(request)
    });
    let url = WebhookUrl::unjudged(&url.replace("PORT", &port.to_string()));
    let outcome = post(client, &url).await;
    // Nothing is sent to anybody else.
    let request = server.await.unwrap();
    assert_eq!(request.is_some(), outcome.failure.is_none());
    outcome.failure
}

async fn attempt(tls: TlsAcceptor, client: &ReceiverHttp) -> Option<Failure> {
    attempt_at(tls, client, &format!("https://{NAME}:PORT/")).await
}

fn client_that_trusts(authority: &Authority) -> ReceiverHttp {
    client(authority.roots(), TestNetwork::leading_to(vec![LOCAL]))
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_for_the_name_is_accepted() {
    let authority = Authority::new();
    let client = client_that_trusts(&authority);
    for name in [NAME, "RECEIVER.example"] {
        let tls = authority.sign(&certificate_for(name));
        assert_eq!(attempt(tls, &client).await, None, "{name}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let client = client_that_trusts(&authority);
    let refused = Some(Failure::Tls(TlsFault::OtherName));
    for other in [
        "other.example",
        "receiver.example.com",
        "*.receiver.example",
        "127.0.0.1",
    ] {
        let tls = authority.sign(&certificate_for(other));
        assert_eq!(attempt(tls, &client).await, refused, "{other}");
    }
}

#[tokio::test]
async fn an_address_in_the_url_needs_a_certificate_for_the_address() {
    let authority = Authority::new();
    let client = client_that_trusts(&authority);
    let url = "https://127.0.0.1:PORT/";
    let tls = authority.sign(&certificate_for("127.0.0.1"));
    assert_eq!(attempt_at(tls, &client, url).await, None);
    let tls = authority.sign(&certificate_for(NAME));
    assert_eq!(
        attempt_at(tls, &client, url).await,
        Some(Failure::Tls(TlsFault::OtherName))
    );
}

#[tokio::test]
async fn a_certificate_that_has_expired_or_is_not_valid_yet_is_refused() {
    let authority = Authority::new();
    let client = client_that_trusts(&authority);
    let mut expired = certificate_for(NAME);
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut early = certificate_for(NAME);
    early.not_before = date_time_ymd(4000, 1, 1);
    for params in [expired, early] {
        let tls = authority.sign(&params);
        assert_eq!(
            attempt(tls, &client).await,
            Some(Failure::Tls(TlsFault::Expired))
        );
    }
}

#[tokio::test]
async fn a_certificate_that_is_self_signed_or_of_an_unknown_authority_is_refused() {
    let refused = Some(Failure::Tls(TlsFault::Untrusted));
    let client = client_that_trusts(&Authority::new());
    let key = KeyPair::generate().unwrap();
    let mut authority = certificate_for(NAME);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for params in [certificate_for(NAME), authority] {
        let self_signed = params.self_signed(&key).unwrap();
        let tls = acceptor(self_signed.der(), &key);
        assert_eq!(attempt(tls, &client).await, refused);
    }
    let other = Authority::new().sign(&certificate_for(NAME));
    assert_eq!(attempt(other, &client).await, refused);
}

#[tokio::test]
async fn the_trusted_authorities_are_the_public_ones() {
    let client = ReceiverHttp {
        tls: ReceiverHttp::new(Targets::Public).unwrap().tls,
        ..client(RootCertStore::empty(), TestNetwork::leading_to(vec![LOCAL]))
    };
    let tls = Authority::new().sign(&certificate_for(NAME));
    assert_eq!(
        attempt(tls, &client).await,
        Some(Failure::Tls(TlsFault::Untrusted))
    );
    assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 100);
}

#[tokio::test]
async fn a_server_without_tls_is_no_receiver() {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
    });
    let client = client_that_trusts(&Authority::new());
    let outcome = post(&client, &url(&format!("https://{NAME}:{port}/"))).await;
    assert_eq!(failed(&outcome), Some(Failure::Tls(TlsFault::Other)));
}

/// By a kept connection, a resumed session or a cookie, a receiver of two workspaces could tell that they share a
/// sender's process.
#[tokio::test]
async fn nothing_of_a_connection_is_kept() {
    let authority = Authority::new();
    let client = client_that_trusts(&authority);
    let tls = authority.sign(&certificate_for(NAME));
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let url = url(&format!(
        "https://{NAME}:{}/",
        listener.local_addr().unwrap().port()
    ));
    let server = tokio::spawn(async move {
        let mut handshakes = Vec::new();
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            let mut peer = Peer::accept(&tls, stream).await.unwrap();
            handshakes.push(peer.0.get_ref().1.handshake_kind().unwrap());
            let request = peer.request().await;
            assert!(!request.contains("cookie"), "{request}");
            peer.write("HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
        handshakes
    });
    for _ in 0..2 {
        assert_eq!(post(&client, &url).await.failure, None);
    }
    assert_eq!(server.await.unwrap(), [rustls::HandshakeKind::Full; 2]);
}
