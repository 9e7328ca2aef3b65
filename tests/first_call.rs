//! A new instance has its connections to the table before the first event, and starts without them if it must.

use std::time::Duration;

use shared::{ExposeSecret, domain::api_key::PlaintextKey};
use tokio::net::TcpListener;

use crate::{
    app::{App, ROUTES, relay::Relay},
    events::event_of,
    read_ahead::reads,
};

const ENDPOINT: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// How many requests to the table the function's first call has under way at the same time. One that only reads starts
/// to read while its caller is authenticated, if it knows where.
fn at_the_same_time(function: &str, uses_table: bool) -> usize {
    let reads_ahead = reads().any(|route| route.function == function);
    usize::from(uses_table) + usize::from(reads_ahead)
}

#[tokio::test]
async fn the_first_call_of_each_endpoint_uses_what_was_opened_before_the_first_event() {
    let app = App::start().await;
    let relay = Relay::start(app.table_url()).await;
    let sibling = app.sibling().setting(ENDPOINT, &relay.url).start().await;
    let mut called = 0;
    for route in &*ROUTES {
        let function = &route.function;
        let instance = sibling.instance(function, 0).await;
        if instance.start_took().await.is_none() {
            // Another route of the same function.
            continue;
        }
        let opened = relay.take();
        let uses_table = route.variables.contains_key("TABLE_NAME");
        assert_eq!(
            opened.len(),
            at_the_same_time(function, uses_table),
            "{function}"
        );
        assert!(opened.iter().all(|(_, line)| line == "GET /"), "{function}");

        let event = event_of(route, &app.token("acc_a"));
        let event = sibling.found(event, PlaintextKey::generate().expose_secret());
        sibling.invoke(function, &event).await;
        let requests = relay.take();
        assert!(
            requests.iter().all(|(_, line)| line == "POST /"),
            "{function}: {requests:?}"
        );
        // Later ones may be sent at the same time, on more connections.
        if let Some((first, _)) = requests.first() {
            let is_open = opened.iter().any(|(connection, _)| connection == first);
            assert!(is_open, "{function}: {opened:?}, {requests:?}");
            called += 1;
        }
    }
    assert!(called > 30, "{called} functions called the table");
}

#[tokio::test]
async fn what_was_opened_is_no_call_of_the_table() {
    let app = App::start().await;
    let instance = app.instance("api-keys-list", 0).await;
    instance.start_took().await.unwrap();
    assert_eq!(app.operations(), []);
}

#[tokio::test]
async fn a_function_starts_without_a_table_and_the_first_call_gets_a_500() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    // Nobody listens there.
    let sibling = app.sibling().setting(ENDPOINT, "http://127.0.0.1:1");
    let sibling = sibling.start().await;
    let answer = sibling.list().bearer(&key).await_status(500).await;
    assert_eq!(answer.code(), "INTERNAL_ERROR");
}

#[tokio::test]
async fn a_table_that_does_not_answer_holds_a_start_for_a_second() {
    // It has a queue of connections, and takes none from it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = Relay::start(&silent.local_addr().unwrap().to_string()).await;
    let app = App::builder().setting(ENDPOINT, &relay.url).start().await;
    let instance = app.instance("api-keys-list", 0).await;
    let took = instance.start_took().await.unwrap();
    assert!(took >= Duration::from_millis(900), "{took:?}");
    // A busy machine takes longer to start a process.
    assert!(took < Duration::from_secs(4), "{took:?}");
    let sent = [1, 2].map(|connection| (connection, "GET /".to_owned()));
    assert_eq!(relay.take(), sent);
}
