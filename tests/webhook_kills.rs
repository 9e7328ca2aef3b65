//! A thousand deliveries, while the three functions are killed at random calls of the table and the queue.

use std::collections::BTreeSet;

use local::machine::When;
use serde_json::json;
use shared::time::{HOUR, MINUTE};

use crate::app::{machine::AppWithWorkers, receiver::Receiver, resources::ticket};

const SUBSCRIPTIONS: usize = 20;
const TICKETS: usize = 50;
const KILLS: usize = 30;
const FUNCTIONS: [&str; 3] = ["webhooks-fan-out", "webhooks-deliver", "webhooks-due"];

#[tokio::test]
async fn no_kill_loses_a_delivery() {
    let app = AppWithWorkers::start().await;
    // The token would expire when the clock is moved.
    let (_, key) = app.new_key("acc_a").await;
    let receiver = Receiver::start(200).await;
    for _ in 0..SUBSCRIPTIONS {
        let create =
            app.subscribe(&json!({ "url": receiver.url(), "events": ["suppuo.ticket.*"] }));
        create.bearer(&key).await_status(201).await;
    }
    let mut rng = fastrand::Rng::new();
    eprintln!("the seed is {}", rng.get_seed());
    for _ in 0..KILLS {
        let when = if rng.bool() {
            When::Before
        } else {
            When::After
        };
        let function = rng.choice(FUNCTIONS).unwrap();
        app.machine.kill_at_call(function, rng.usize(..400), when);
    }
    // Some attempts fail, so that the sweeper and the retries have their part.
    for number in 0..TICKETS {
        receiver.answer_with(if number % 10 == 9 { 503 } else { 200 });
        let create = app.call("POST", "/api/v1/tickets").json(&ticket("New"));
        create.bearer(&key).await_status(201).await;
    }
    receiver.answer_with(200);
    let mut delivered = BTreeSet::new();
    for pause in [
        0,
        MINUTE,
        MINUTE,
        5 * MINUTE,
        HOUR,
        3 * HOUR,
        14 * HOUR,
        HOUR,
    ] {
        app.advance(pause);
        for _ in 0..2 {
            // A sweeper that is killed is called again a minute later.
            let _ = app.machine.tick().await;
            app.until_idle().await;
            app.advance(MINUTE);
        }
        let received = receiver.take().into_iter();
        let taken = received.filter(|request| request.is_success);
        delivered.extend(taken.map(|request| request.header("suppuo-delivery-id").to_owned()));
        if delivered.len() == SUBSCRIPTIONS * TICKETS {
            break;
        }
    }
    assert_eq!(delivered.len(), SUBSCRIPTIONS * TICKETS);
}
