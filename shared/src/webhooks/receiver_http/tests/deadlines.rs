//! How long an attempt takes at most. The connections are in memory, so that the clock can stand still while anything
//! happens, and jump to the next timer when nothing does.

use std::{future::pending, time::Duration};

use tokio::time::{Instant, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A client whose receivers answer with `head`, and then with `drip` each second.
fn client_of_drips(addresses: Vec<IpAddr>, head: &'static str, drip: &'static str) -> ReceiverHttp {
    let authority = Authority::new();
    let tls = authority.sign(&certificate_for(NAME));
    client_in_memory(authority.roots(), addresses, move |stream| {
        let tls = tls.clone();
        async move {
            let mut peer = Peer::accept(&tls, stream).await.unwrap();
            peer.request().await;
            peer.write(head).await;
            while peer.write(drip).await {
                sleep(SECOND).await;
            }
        }
    })
}

/// The outcome, and after how many seconds it was known.
async fn outcome_and_seconds(client: &ReceiverHttp) -> (Outcome, f32) {
    let began = Instant::now();
    let outcome = post(client, &url("https://receiver.example/")).await;
    assert_eq!(outcome.duration, began.elapsed());
    // Timers have a resolution of a millisecond.
    let seconds = (outcome.duration.as_secs_f32() * 10.0).round() / 10.0;
    (outcome, seconds)
}

async fn outcome_of_drips(head: &'static str, drip: &'static str) -> (Outcome, f32) {
    outcome_and_seconds(&client_of_drips(vec![LOCAL], head, drip)).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_begin_is_given_up_after_10_seconds() {
    let (outcome, seconds) = outcome_of_drips("", "").await;
    assert_eq!(
        (failed(&outcome), seconds),
        (Some(Failure::NoAnswerInTime), 10.0)
    );
}

#[tokio::test(start_paused = true)]
async fn headers_that_drip_are_given_up_after_10_seconds() {
    for drip in ["a: b\r\n", "a"] {
        let (outcome, seconds) = outcome_of_drips("HTTP/1.1 200 OK\r\n", drip).await;
        assert_eq!(
            (failed(&outcome), seconds),
            (Some(Failure::NoAnswerInTime), 10.0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn interim_answers_that_drip_are_given_up_after_10_seconds() {
    let (outcome, seconds) = outcome_of_drips("", "HTTP/1.1 100 Continue\r\n\r\n").await;
    assert_eq!(
        (failed(&outcome), seconds),
        (Some(Failure::NoAnswerInTime), 10.0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_given_up_after_10_seconds_and_what_its_head_said_is_known() {
    for head in [
        "HTTP/1.1 200 OK\r\nretry-after: 5\r\ncontent-length: 1000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nretry-after: 5\r\n\r\n",
    ] {
        let (outcome, seconds) = outcome_of_drips(head, "a").await;
        assert_eq!(
            (outcome.failure, seconds),
            (Some(Failure::NoAnswerInTime), 10.0)
        );
        assert_eq!(outcome.response_code, Some(200));
        assert!(outcome.retry_after.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_that_ends_in_time_is_a_success() {
    let (outcome, seconds) =
        outcome_of_drips("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", "a").await;
    assert_eq!(
        (outcome.response_code, outcome.failure, seconds),
        (Some(200), None, 8.0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_that_reaches_16_kilobytes_in_time_is_a_success() {
    let drip: &'static str = "a".repeat(2 * 1024).leak();
    let (outcome, seconds) = outcome_of_drips("HTTP/1.1 200 OK\r\n\r\n", drip).await;
    assert_eq!(
        (outcome.response_code, outcome.failure, seconds),
        (Some(200), None, 7.0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_does_not_end_is_given_up_after_3_seconds() {
    let network = TestNetwork {
        addresses: Box::new(|_| Box::pin(pending())),
        ..TestNetwork::leading_to(Vec::new())
    };
    let client = client(RootCertStore::empty(), network);
    let (outcome, seconds) = outcome_and_seconds(&client).await;
    assert_eq!(
        (failed(&outcome), seconds),
        (Some(Failure::NotConnectedInTime), 3.0)
    );
    // Somebody waits for a check.
    let began = Instant::now();
    assert_eq!(
        client.check(&url("https://receiver.example/")).await,
        Ok(())
    );
    assert!(began.elapsed() < SECOND * 3 / 2);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_connect_is_given_up_after_3_seconds() {
    for addresses in [vec![DEAF], vec![DEAF; 3]] {
        let client = client_of_drips(addresses, "", "");
        let (outcome, seconds) = outcome_and_seconds(&client).await;
        assert_eq!(
            (failed(&outcome), seconds),
            (Some(Failure::NotConnectedInTime), 3.0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_that_does_not_connect_leaves_the_next_ones_their_share_of_the_time() {
    let client = client_of_drips(
        vec![DEAF, DEAF, LOCAL],
        "HTTP/1.1 204 No Content\r\n\r\n",
        "",
    );
    let (outcome, seconds) = outcome_and_seconds(&client).await;
    assert_eq!(
        (outcome.response_code, outcome.failure, seconds),
        (Some(204), None, 2.0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_where_tls_begins_is_given_up_after_3_seconds() {
    let client = client_in_memory(RootCertStore::empty(), vec![LOCAL], |stream| async {
        pending::<()>().await;
        drop(stream);
    });
    let (outcome, seconds) = outcome_and_seconds(&client).await;
    assert_eq!(
        (failed(&outcome), seconds),
        (Some(Failure::NotConnectedInTime), 3.0)
    );
}
