//! A form that creates no ticket gives its submission back to the limit of the client's address.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use futures_util::future::join;
use local::proxy::{Fault, Operation};

use crate::{
    app::App,
    public_form::form,
    public_limits::{MINUTE, standing},
};

/// The counts of the only address in the table: calls, submissions in 10 minutes, submissions in an hour.
fn counts(app: &App) -> Option<[i64; 3]> {
    let items = app.items();
    let address = items
        .iter()
        .find(|item| item["sk"]["S"] == "ADDRESS" && !item["submissionsInAnHour"].is_null())?;
    let names = ["calls", "submissionsIn10Minutes", "submissionsInAnHour"];
    Some(names.map(|name| address[name]["N"].as_str().unwrap().parse().unwrap()))
}

/// An app in which the `UpdateItem` requests of these numbers fail with this fault.
async fn failing_writes(app: &App, numbers: &'static [usize], way: Fault) -> App {
    let writes = AtomicUsize::new(0);
    let faults = move |operation: &Operation| {
        let is_write = operation.name == "UpdateItem";
        if is_write && numbers.contains(&writes.fetch_add(1, Relaxed)) {
            way
        } else {
            Fault::None
        }
    };
    app.sibling().faults(faults).start().await
}

#[tokio::test]
async fn a_submission_is_given_back_at_most_once() {
    // The first form opens the windows with its second write; each later form is counted with one write.
    const GIVING_BACK: &[usize] = &[2, 4, 6];
    for (way, submissions) in [
        // The write was done, but its response was lost.
        (Fault::LoseAnswer, 0),
        (Fault::AnswerLate(1100), 0),
        // The write was not done, but the function cannot know that.
        (Fault::Fail, 3),
        // The write was not done, and is retried.
        (Fault::Conflict, 0),
    ] {
        let app = App::known(1).await;
        let failing = failing_writes(&app, GIVING_BACK, way).await;
        let forms = if way == Fault::Conflict { 1 } else { 3 };
        for calls in 1..=forms {
            let wrong = failing.submit(&form("acc_unknown")).await_status(400);
            assert_eq!(standing(&wrong.await), (60, 60 - calls), "{way:?}");
        }
        assert_eq!(
            counts(&app),
            Some([forms, submissions, submissions]),
            "{way:?}"
        );
        let warned = failing
            .log()
            .iter()
            .any(|line| line.contains("may not have been given back"));
        assert_eq!(warned, way != Fault::Conflict);
        for _ in submissions..5 {
            app.submit(&form("acc_a")).await_status(201).await;
        }
        app.submit(&form("acc_a")).await_status(429).await;
    }
}

#[tokio::test]
async fn a_submission_is_not_given_back_to_a_newer_window() {
    let app = App::known(1).await;
    // Reading the workspace takes so long that a new window opens meanwhile.
    let faults = |operation: &Operation| match operation.name.as_str() {
        "GetItem" => Fault::AnswerLate(700),
        _ => Fault::None,
    };
    let slow = app.sibling().faults(faults).start().await;
    let good = async {
        while counts(&app).is_none() {
            tokio::task::yield_now().await;
        }
        app.step_clock(0, 10 * MINUTE);
        app.submit(&form("acc_a")).await_status(201).await
    };
    let wrong = slow.submit(&form("acc_unknown")).await_status(400);
    let (wrong, good) = join(wrong, good).await;
    assert_eq!((standing(&wrong).0, standing(&good)), (60, (5, 4)));
    // The window of calls is new, too.
    assert_eq!(counts(&app), Some([1, 1, 1]));
}

#[tokio::test]
async fn a_conflict_gives_the_submission_back_and_an_unknown_outcome_does_not() {
    for (way, status, left) in [(Fault::Conflict, 409, 0), (Fault::Fail, 500, 1)] {
        let app = App::known(1).await;
        let faults = move |operation: &Operation| match operation.name.as_str() {
            "TransactWriteItems" => way,
            _ => Fault::None,
        };
        let failing = app.sibling().faults(faults);
        let failing = failing.timeout(Duration::from_secs(3)).start().await;
        failing.submit(&form("acc_a")).await_status(status).await;
        assert_eq!(counts(&app), Some([1, left, left]), "{way:?}");
    }
}
