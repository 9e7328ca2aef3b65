//! How many calls of a key were admitted, day by day (A key's life in openapi.yaml).

use futures_util::future::join_all;
use serde_json::json;

use crate::app::App;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The tests move the clock by weeks.
fn lasting_token(app: &App) -> String {
    let at = shared::Timestamp::now()
        .plus_millis(100 * DAY)
        .as_secs_ceil();
    app.issuer
        .token(&json!({ "sub": "usr_1", "accountId": "acc_a", "exp": at }))
}

async fn usage(app: &App, id: &str) -> Vec<(String, i64)> {
    let call = app.call("GET", &format!("/api/v1/api-keys/{id}/usage"));
    let answer = call.bearer(&lasting_token(app)).await_status(200).await;
    let days = answer.data()["days"].as_array().unwrap().iter();
    days.map(|day| {
        let date = day["date"].as_str().unwrap().to_owned();
        (date, day["calls"].as_i64().unwrap())
    })
    .collect()
}

#[tokio::test]
async fn every_admitted_call_counts_on_its_day_and_no_other_call() {
    let app = App::builder().caller_limit(5).start().await;
    let (id, key) = app.new_key("acc_a").await;
    assert_eq!(usage(&app, &id).await.len(), 30);
    assert!(usage(&app, &id).await.iter().all(|(_, calls)| *calls == 0));

    // From an hour after a midnight, so that no day ends on the way.
    let now = shared::Timestamp::now().as_millis();
    let to_midnight = DAY - now % DAY + DAY / 24;
    for (day, calls) in [(0, 3), (1, 7), (3, 2)] {
        app.step_clock(0, to_midnight + day * DAY);
        for _ in 0..calls {
            app.list().bearer(&key).send().await;
        }
    }
    let days = usage(&app, &id).await;
    let last: Vec<_> = days.iter().rev().take(5).map(|(_, calls)| *calls).collect();
    // Two of the second day's calls were over the limit.
    assert_eq!(last, [2, 0, 5, 3, 0]);
    let dates: Vec<_> = days.iter().map(|(date, _)| date).collect();
    assert!(dates.is_sorted() && dates.iter().all(|date| date.len() == 10));

    // A rotation keeps it, and both secrets add to it.
    let call = app.call("POST", &format!("/api/v1/api-keys/{id}/rotate"));
    let rotated = call.bearer(&lasting_token(&app)).await_status(200).await;
    let new = rotated.data()["key"].as_str().unwrap().to_owned();
    app.list().bearer(&new).await_status(200).await;
    app.list().bearer(&key).await_status(200).await;
    assert_eq!(usage(&app, &id).await.last().unwrap().1, 4);

    // After 30 days nothing of it is shown, and what is too old is no longer stored.
    app.step_clock(0, to_midnight + 33 * DAY);
    app.list().bearer(&new).await_status(200).await;
    let days = usage(&app, &id).await;
    assert_eq!(days.iter().map(|(_, calls)| calls).sum::<i64>(), 1);
    app.step_clock(0, to_midnight + 34 * DAY);
    app.list().bearer(&new).await_status(200).await;
    let counters = app.items().into_iter().flat_map(|item| {
        let names = item
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>();
        let is_counter = |name: &String| name.starts_with('d') && name[1..].parse::<i64>().is_ok();
        names.into_iter().filter(is_counter)
    });
    assert_eq!(counters.count(), 1);
}

#[tokio::test]
async fn the_usage_of_another_workspaces_key_is_not_found() {
    let app = App::start().await;
    let (id, _) = app.new_key("acc_a").await;
    for (id, workspace) in [(&*id, "acc_b"), ("ak_01jxe0000000000000000000rt", "acc_a")] {
        let call = app.call("GET", &format!("/api/v1/api-keys/{id}/usage"));
        call.bearer(&app.token(workspace)).await_status(404).await;
    }
}

#[tokio::test]
async fn usage_costs_no_request_more_when_a_window_rolls_over() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    let mut costs = Vec::new();
    for minute in 0..3 {
        app.step_clock(0, minute * 61_000);
        app.operations();
        app.list().bearer(&key).await_status(200).await;
        let operations = app.operations();
        let units = operations
            .iter()
            .filter(|operation| operation.name != "Query");
        costs.push(units.map(|operation| operation.units).sum::<f64>());
    }
    assert_eq!(costs, [4.0, 4.0, 4.0]);
}

#[tokio::test]
async fn calls_at_the_moment_when_a_window_rolls_over_are_all_in_the_usage() {
    let app = App::builder().instances(4).start().await;
    let (id, key) = app.new_key("acc_a").await;
    let mut closed = 0;
    for minute in 0..4 {
        for instance in 0..4 {
            app.step_clock(instance, minute * 61_000);
        }
        let calls = join_all((0..16).map(|n| app.list().bearer(&key).on(n % 4).send())).await;
        assert!(calls.iter().all(|answer| answer.status == 200));
        // What the windows say. A write whose response came late may have counted twice.
        let left = calls
            .iter()
            .map(|answer| answer.limit_header("remaining").unwrap());
        let in_window = 2000 - left.min().unwrap();
        assert!(in_window >= 16);
        closed += in_window;
        let told = usage(&app, &id).await;
        assert_eq!(told.iter().map(|(_, calls)| calls).sum::<i64>(), closed);
    }
}
