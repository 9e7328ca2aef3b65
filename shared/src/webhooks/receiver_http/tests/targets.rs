//! Which addresses are called.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join;

use super::*;
use crate::domain::webhook_url::UrlFault;

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A client that judges as in production. Each name leads to these addresses. A connection is a panic.
fn client_that_may_not_connect(targets: Targets, addresses: Vec<IpAddr>) -> ReceiverHttp {
    let network = TestNetwork {
        connect: Box::new(|address| panic!("a connection to {address}")),
        ..TestNetwork::leading_to(addresses)
    };
    ReceiverHttp {
        network: Network::Test(network),
        ..ReceiverHttp::new(targets).unwrap()
    }
}

/// It may neither be registered nor called.
async fn assert_refused(client: &ReceiverHttp, url: &WebhookUrl) {
    assert_eq!(client.check(url).await, Err(UrlFault::NotPublic), "{url}");
    assert_eq!(
        failed(&post(client, url).await),
        Some(Failure::NotPublic),
        "{url}"
    );
}

#[tokio::test]
async fn a_name_with_an_address_that_is_not_public_is_neither_registered_nor_called() {
    for found in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["10.0.0.1"],
        &["169.254.169.254"],
        &["fd00:ec2::254"],
        &["64:ff9b::7f00:1"],
        // One that is not public suffices, wherever it stands.
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
        &["2606:4700:4700::1111", "8.8.8.8", "::ffff:10.0.0.1"],
    ] {
        let client = client_that_may_not_connect(Targets::Public, addresses(found));
        assert_refused(&client, &url("https://receiver.example/")).await;
    }
}

#[tokio::test]
async fn a_host_whose_addresses_are_all_public_may_be_registered() {
    let found = addresses(&["8.8.8.8", "2606:4700:4700::1111"]);
    let client = client_that_may_not_connect(Targets::Public, found);
    for public in [
        "https://receiver.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
    ] {
        assert_eq!(client.check(&url(public)).await, Ok(()), "{public}");
    }
}

/// DNS rebinding: each attempt judges the addresses that it connects to.
#[tokio::test]
async fn a_name_that_leads_to_a_public_address_and_then_to_another_one_is_not_called() {
    let asked = AtomicUsize::new(0);
    let network = TestNetwork {
        connect: Box::new(|address| panic!("a connection to {address}")),
        ..TestNetwork::asking(move |_| {
            let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
            Ok(addresses(if is_first {
                &["8.8.8.8"]
            } else {
                &["127.0.0.1"]
            }))
        })
    };
    let client = ReceiverHttp {
        network: Network::Test(network),
        ..ReceiverHttp::new(Targets::Public).unwrap()
    };
    let url = url("https://receiver.example/");
    assert_eq!(client.check(&url).await, Ok(()));
    assert_eq!(failed(&post(&client, &url).await), Some(Failure::NotPublic));
}

/// An attempt that looked the name up twice would call what the second answer says.
#[tokio::test]
async fn an_attempt_looks_the_name_up_once() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let names = asked.clone();
    let network = TestNetwork::asking(move |name| {
        names.lock().unwrap().push(name.to_owned());
        Ok(vec![LOCAL])
    });
    let client = client(receiver.authority.roots(), network);
    assert_eq!(post(&client, &receiver.url()).await.failure, None);
    assert_eq!(*asked.lock().unwrap(), [NAME]);
}

#[tokio::test]
async fn an_address_in_the_url_is_judged_at_each_attempt() {
    let client = client_that_may_not_connect(Targets::Public, addresses(&["8.8.8.8"]));
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0x7f.1",
        "2130706433",
        "127。0。0。1",
    ] {
        for scheme in ["https", "http"] {
            assert_refused(
                &client,
                &WebhookUrl::unjudged(&format!("{scheme}://{host}/")),
            )
            .await;
        }
    }
}

#[tokio::test]
async fn a_process_that_may_call_loopback_calls_it_over_http_where_the_url_says_so() {
    let targets = Targets::PublicAndLoopback;
    let client = client_that_may_not_connect(targets, vec![LOCAL]);
    for other in [
        "https://receiver.example/",
        "http://receiver.example/",
        "https://127.0.0.1/",
        "http://10.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
    ] {
        assert_refused(&client, &WebhookUrl::unjudged(other)).await;
    }

    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let text = format!(
        "http://127.0.0.1:{}/a",
        listener.local_addr().unwrap().port()
    );
    let url = WebhookUrl::parse(&text, targets).unwrap();
    assert_eq!(client.check(&url).await, Ok(()));
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = [0; 18];
        stream.read_exact(&mut read).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        (read, stream)
    };
    let client = ReceiverHttp::new(targets).unwrap();
    let (outcome, (read, _stream)) = join(post(&client, &url), server).await;
    assert_eq!((outcome.response_code, outcome.failure), (Some(200), None));
    assert_eq!(&read, b"POST /a HTTP/1.1\r\n");
}

#[tokio::test]
async fn a_name_without_an_address_may_be_registered_and_its_attempts_fail() {
    let url = url("https://receiver.example/");
    let without = TestNetwork::leading_to(Vec::new());
    let failing = TestNetwork::asking(|_| Err(io::ErrorKind::NotFound.into()));
    for network in [without, failing] {
        let client = client(RootCertStore::empty(), network);
        assert_eq!(client.check(&url).await, Ok(()));
        assert_eq!(
            failed(&post(&client, &url).await),
            Some(Failure::NameNotFound)
        );
    }
}

/// The one lookup that is not a test's own. The name is reserved and has no address (RFC 6761, section 6.4).
#[tokio::test]
async fn the_systems_resolver_is_asked() {
    let found = Network::System.addresses("nothing.invalid").await;
    assert!(found.is_err(), "{found:?}");
}

#[tokio::test]
async fn where_nobody_listens_the_next_address_is_tried() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let attempt = async |addresses: &'static [&str]| {
        let client = client(
            receiver.authority.roots(),
            TestNetwork::leading_to(self::addresses(addresses)),
        );
        let client = ReceiverHttp {
            judge: |address| address.is_loopback(),
            ..client
        };
        post(&client, &receiver.url()).await.failure
    };
    assert_eq!(attempt(&["127.0.0.2", "127.0.0.1"]).await, None);
    assert_eq!(
        attempt(&["127.0.0.2", "127.0.0.3"]).await,
        Some(Failure::NotConnected)
    );
}
