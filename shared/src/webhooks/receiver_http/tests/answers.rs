//! What counts as success, and how little of an answer is taken.

use std::{
    net::TcpListener as StdListener,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::{super::RetryAfter, *};

async fn outcome_of(answer: &str) -> Outcome {
    let receiver = Receiver::answering(answer).await;
    let outcome = receiver.post().await;
    assert_eq!(receiver.requests().len(), 1, "one attempt is one request");
    outcome
}

/// The status and the failure.
async fn result_of(answer: &str) -> (Option<u16>, Option<Failure>) {
    let outcome = outcome_of(answer).await;
    (outcome.response_code, outcome.failure)
}

/// An outcome at a receiver that writes `text` again and again behind `head`, and how many bytes it got rid of.
async fn outcome_of_endless(head: &'static str, text: &'static str) -> (Outcome, usize) {
    let written = Arc::new(AtomicUsize::new(0));
    let counter = written.clone();
    let authority = Authority::new();
    let tls = authority.sign(&certificate_for(NAME));
    let client = client_in_memory(authority.roots(), vec![LOCAL], move |stream| {
        let (tls, counter) = (tls.clone(), counter.clone());
        async move {
            let mut peer = Peer::accept(&tls, stream).await.unwrap();
            peer.request().await;
            peer.write(head).await;
            // Many at once, because each write is a TLS record of its own.
            let block = text.repeat(4 * 1024 / text.len());
            while peer.write(&block).await {
                counter.fetch_add(block.len(), Ordering::Relaxed);
            }
        }
    });
    let outcome = post(&client, &url("https://receiver.example/")).await;
    (outcome, written.load(Ordering::Relaxed))
}

#[tokio::test]
async fn the_request_is_what_was_asked_for_and_nothing_else() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let outcome = receiver.post().await;
    assert_eq!((outcome.response_code, outcome.failure), (Some(204), None));
    assert!(outcome.duration > Duration::ZERO);
    let port = receiver.port;
    let sent = format!(
        "POST /webhooks?a=b HTTP/1.1\r\nsuppuo-event-id: evt_1\r\nhost: receiver.example:{port}\r\n\
         connection: close\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    assert_eq!(receiver.requests(), [sent]);
}

#[tokio::test]
async fn every_2xx_whose_answer_comes_whole_is_a_success() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nuntil the end of the connection",
        "HTTP/1.0 200 OK\r\n\r\nok",
        "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 299 Whatever\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        // It is not decompressed.
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\nno gzip",
    ] {
        assert_eq!(outcome_of(answer).await.failure, None, "{answer}");
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {status} Moved\r\nlocation: /\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(
            result_of(&answer).await,
            (Some(status), Some(Failure::Redirect(status)))
        );
    }
}

#[tokio::test]
async fn every_other_status_is_a_failure_whatever_follows_it() {
    for status in [101, 300, 304, 400, 404, 410, 429, 500, 503, 999] {
        let answer = format!("HTTP/1.1 {status} No\r\ncontent-length: 1000000\r\n\r\ncut off");
        assert_eq!(
            result_of(&answer).await,
            (Some(status), Some(Failure::Status(status)))
        );
    }
}

#[tokio::test]
async fn retry_after_is_read_from_any_answer() {
    let after = async |value: &str| {
        let answer = format!("HTTP/1.1 503 Busy\r\nretry-after: {value}\r\n\r\n");
        outcome_of(&answer).await.retry_after
    };
    assert_eq!(after("120").await, Some(RetryAfter::Seconds(120)));
    let moment = RetryAfter::parse(b"Sun, 06 Nov 1994 08:49:37 GMT");
    assert!(moment.is_some());
    assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT").await, moment);
    assert_eq!(after("soon").await, None);
    assert_eq!(after("\u{ff}").await, None);
    let success = "HTTP/1.1 200 OK\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(
        outcome_of(success).await.retry_after,
        Some(RetryAfter::Seconds(5))
    );
}

#[tokio::test]
async fn what_is_no_answer_fails_without_a_status() {
    let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "a".repeat(20_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(101));
    for answer in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "ok",
        "SSH-2.0-OpenSSH_9.2\r\n",
        &long,
        &many,
    ] {
        assert_eq!(
            result_of(answer).await,
            (None, Some(Failure::NoAnswer)),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_2xx_that_is_cut_off_is_a_failure() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno length\r\n",
    ] {
        assert_eq!(
            result_of(answer).await,
            (Some(200), Some(Failure::AnswerCutOff)),
            "{answer}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_body_is_a_success_of_which_16_kilobytes_are_read() {
    let (outcome, written) = outcome_of_endless("HTTP/1.1 200 OK\r\n\r\n", "a").await;
    assert_eq!((outcome.response_code, outcome.failure), (Some(200), None));
    // With what the buffers on the way hold.
    assert!(written < 64 * 1024, "{written}");
}

#[tokio::test]
async fn a_long_body_is_a_success_once_16_kilobytes_were_read() {
    let long = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n{}",
        "a".repeat(16 * 1024)
    );
    assert_eq!(result_of(&long).await, (Some(200), None));
    let short = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n{}",
        "a".repeat(16 * 1024 - 1)
    );
    assert_eq!(
        result_of(&short).await,
        (Some(200), Some(Failure::AnswerCutOff))
    );
}

#[tokio::test(start_paused = true)]
async fn whatever_else_never_ends_is_a_failure_at_once() {
    for (head, endless, failure) in [
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n", Failure::NoAnswer),
        (
            "HTTP/1.1 200 OK\r\na: ",
            "aaaaaaaaaaaaaaa",
            Failure::NoAnswer,
        ),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", Failure::NoAnswer),
        (
            "",
            "HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n",
            Failure::NoAnswer,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;",
            "aaaaaaaaaaaaaaa",
            Failure::AnswerCutOff,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "1;aaaaaaaaaaaaaaaaaaaa\r\na\r\n",
            Failure::AnswerCutOff,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            "a: b\r\n",
            Failure::AnswerCutOff,
        ),
    ] {
        let (outcome, written) = outcome_of_endless(head, endless).await;
        assert_eq!(outcome.failure, Some(failure), "{head}{endless}");
        assert!(written < 512 * 1024, "{written}");
    }
}

#[tokio::test]
async fn no_text_of_the_receiver_is_in_an_outcome() {
    for answer in [
        "HTTP/1.1 500 PRIVATE\r\nPRIVATE: PRIVATE\r\nretry-after: PRIVATE\r\n\r\nPRIVATE",
        "HTTP/1.1 302 PRIVATE\r\nlocation: https://PRIVATE.example/\r\n\r\nPRIVATE",
        "HTTP/1.1 200 PRIVATE\r\ncontent-length: 100\r\n\r\nPRIVATE",
        "PRIVATE",
    ] {
        let outcome = outcome_of(answer).await;
        let text = format!("{outcome:?} {}", outcome.failure.unwrap());
        assert!(!text.contains("PRIVATE"), "{text}");
    }
}

/// Runs a test of this module in a process with the variables that other clients go by.
#[test]
fn a_proxy_in_the_environment_is_not_used() {
    let proxy = StdListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = "the_request_is_what_was_asked_for_and_nothing_else";
    let module = module_path!().split_once("::").unwrap().1;
    command.args(["--exact", &format!("{module}::{name}")]);
    for variable in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
        command
            .env(variable, &address)
            .env(variable.to_lowercase(), &address);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert_eq!(
        proxy.accept().unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
}
