//! The histories of `model.rs` over a network between function and table that fails: what is answered is right
//! or a `500`, nothing is half done, nothing that was revoked comes back, and no limit is exceeded.

use std::sync::Mutex;

use futures_util::future::join_all;
use local::proxy::Fault;

use crate::{
    app::{App, Builder},
    model::history,
};

/// Fails one call in `one_in`, in the ways given.
fn failing(seed: u64, one_in: u32, ways: &'static [Fault]) -> Builder {
    let rng = Mutex::new(fastrand::Rng::with_seed(seed));
    App::builder().faults(move |_| {
        let mut rng = rng.lock().unwrap();
        if rng.u32(..one_in) == 0 {
            ways[rng.usize(..ways.len())]
        } else {
            Fault::None
        }
    })
}

/// Fails every transaction, in this way.
fn failing_transactions(way: Fault) -> Builder {
    App::builder().faults(move |operation| match operation.name.as_str() {
        "TransactWriteItems" => way,
        _ => Fault::None,
    })
}

async fn histories(one_in: u32, ways: &'static [Fault]) {
    join_all((1..5).map(|seed| history(seed, failing(seed, one_in, ways), true))).await;
}

#[tokio::test]
async fn a_table_that_throttles_or_fails() {
    histories(4, &[Fault::Throttle, Fault::Fail]).await;
}

#[tokio::test]
async fn writes_that_meet() {
    histories(3, &[Fault::Conflict]).await;
}

#[tokio::test]
async fn answers_that_are_lost() {
    histories(6, &[Fault::LoseAnswer]).await;
}

#[tokio::test]
async fn answers_that_are_late() {
    // The second is later than an attempt may take: it is made again, though it was done.
    histories(80, &[Fault::AnswerLate(50), Fault::AnswerLate(1100)]).await;
}

#[tokio::test]
async fn all_of_it() {
    const WAYS: &[Fault] = &[
        Fault::Throttle,
        Fault::Fail,
        Fault::Conflict,
        Fault::LoseAnswer,
        Fault::AnswerLate(20),
    ];
    histories(5, WAYS).await;
}

/// A conflict that does not end is told to whoever can do something about it, and nothing was done.
#[tokio::test]
async fn a_conflict_that_does_not_end() {
    let app = failing_transactions(Fault::Conflict).start().await;
    let token = app.token("acc_a");
    let refused = app.create("x").bearer(&token).await_status(409).await;
    assert_eq!(refused.code(), "CONFLICT");
    assert_eq!(
        app.list().bearer(&token).await_status(200).await.key_ids(),
        [""; 0]
    );
}

/// What the service does not get round to is our fault, and nothing was done either.
#[tokio::test]
async fn a_table_that_stays_busy() {
    let app = failing_transactions(Fault::Throttle).start().await;
    let token = app.token("acc_a");
    app.create("x").bearer(&token).await_status(500).await;
    assert_eq!(
        app.list().bearer(&token).await_status(200).await.key_ids(),
        [""; 0]
    );
}
