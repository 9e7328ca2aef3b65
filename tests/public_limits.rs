//! Limits of client addresses (contract, section 5).

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    app::{App, Call, response::Response},
    public_form::form,
};

const MINUTE: i64 = 60_000;

impl App {
    fn look(&self) -> Call<'_> {
        self.call("GET", "/api/v1/public/tickets/x")
    }

    /// An app in which the workspace `acc_a` is known.
    async fn known(instances: usize) -> Self {
        let app = Self::builder().instances(instances).start().await;
        app.list()
            .bearer(&app.token("acc_a"))
            .await_status(200)
            .await;
        app
    }
}

fn standing(answer: &Response) -> (i64, i64) {
    let of = |name: &str| answer.limit_header(name).unwrap();
    (of("limit"), of("remaining"))
}

#[tokio::test]
async fn an_address_makes_60_calls_a_minute_over_all_instances() {
    let app = App::builder().instances(6).start().await;
    let answers = join_all((0..90).map(|n| app.look().on(n % 6).send())).await;
    let (admitted, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 404);
    assert_eq!((admitted.len(), refused.len()), (60, 30));
    let left: BTreeSet<_> = admitted.iter().map(|answer| standing(answer)).collect();
    assert_eq!(left, (0..60).map(|left| (60, left)).collect());
    for refused in refused {
        assert_eq!(
            (refused.code(), standing(refused)),
            ("RATE_LIMITED", (60, 0))
        );
        let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=61).contains(&wait));
    }
    // Another address is another caller, whatever it claims to be.
    let other = app
        .look()
        .from("192.0.2.2")
        .header("x-forwarded-for", "192.0.2.1");
    assert_eq!(standing(&other.await_status(404).await), (60, 59));
    let same = app
        .look()
        .header("x-forwarded-for", "192.0.2.3")
        .header("forwarded", "for=192.0.2.3");
    same.await_status(429).await;
}

#[tokio::test]
async fn after_the_minute_there_is_room_again() {
    let app = App::builder().setting("PUBLIC_LIMIT", 2).start().await;
    for left in [1, 0] {
        assert_eq!(standing(&app.look().await_status(404).await), (2, left));
    }
    app.look().await_status(429).await;
    app.step_clock(0, MINUTE);
    assert_eq!(standing(&app.look().await_status(404).await), (2, 1));
}

#[tokio::test]
async fn an_address_submits_5_tickets_in_10_minutes_and_20_in_an_hour() {
    let app = App::known(5).await;
    let burst = async || {
        let answers = join_all((0..9).map(|n| app.submit(&form("acc_a")).on(n % 5).send())).await;
        let admitted = answers.iter().filter(|answer| answer.status == 201).count();
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((refused.status, standing(refused).1), (429, 0));
        }
        (admitted, answers)
    };
    for round in 0..4 {
        let (admitted, answers) = burst().await;
        assert_eq!(admitted, 5, "round {round}");
        if round == 0 {
            let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
            let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
            assert!((540..=601).contains(&wait), "{wait}");
            assert_eq!(standing(refused).0, 5);
        }
        for instance in 0..5 {
            app.step_clock(instance, (round + 1) * 10 * MINUTE);
        }
    }
    // 20 in 40 minutes: there is none left until the hour is over.
    let (admitted, answers) = burst().await;
    assert_eq!(admitted, 0);
    assert!(answers.iter().all(|answer| standing(answer) == (20, 0)));
    let wait: i64 = answers[0].header("retry-after").unwrap().parse().unwrap();
    assert!((1140..=1201).contains(&wait), "{wait}");
    // Its other calls go on, and so do those of others.
    app.look().await_status(404).await;
    app.submit(&form("acc_a"))
        .from("192.0.2.2")
        .await_status(201)
        .await;
    for instance in 0..5 {
        app.step_clock(instance, 60 * MINUTE);
    }
    assert_eq!(burst().await.0, 5);
}

#[tokio::test]
async fn a_submission_is_a_call_and_a_form_filled_in_wrongly_is_no_submission() {
    let app = App::known(1).await;
    let mut wrong = form("acc_a");
    wrong["email"] = "nobody".into();
    for left in (50..60).rev() {
        let refused = app.submit(&wrong).await_status(400).await;
        assert_eq!(standing(&refused), (60, left));
    }
    // Of the limits that a submission meets, the one is told that is nearest.
    for left in (0..5).rev() {
        let submitted = app.submit(&form("acc_a")).await_status(201).await;
        assert_eq!(standing(&submitted), (5, left));
    }
    assert_eq!(standing(&app.look().await_status(404).await), (60, 44));
    // What is refused is not counted.
    app.submit(&form("acc_a")).await_status(429).await;
    assert_eq!(standing(&app.look().await_status(404).await), (60, 43));
}

#[tokio::test]
async fn over_a_limit_one_is_told_which_it_was() {
    let app = App::builder()
        .setting("PUBLIC_LIMIT", 9)
        .setting("SUBMISSIONS_IN_10_MINUTES", 2)
        .setting("SUBMISSIONS_IN_AN_HOUR", 3)
        .start()
        .await;
    app.list()
        .bearer(&app.token("acc_a"))
        .await_status(200)
        .await;
    let told = async |call: Call<'_>, policy: &str, what: &str| {
        let over = call.await_status(429).await;
        assert_eq!(over.header("ratelimit-policy"), Some(policy));
        assert!(over.message().starts_with(what), "{}", over.message());
    };
    let submit = || app.submit(&form("acc_a"));
    for _ in 0..2 {
        submit().await_status(201).await;
    }
    let (policy, what) = (
        "\"submissions-10-minutes\";q=2;w=600",
        "Your address has submitted its 2 tickets of these 10 minutes. Try ",
    );
    told(submit(), policy, what).await;
    app.step_clock(0, 10 * MINUTE);
    submit().await_status(201).await;
    let (policy, what) = (
        "\"submissions-hour\";q=3;w=3600",
        "Your address has submitted its 3 tickets of this hour. Try ",
    );
    told(submit(), policy, what).await;
    for _ in 0..8 {
        app.look().await_status(404).await;
    }
    let (policy, what) = (
        "\"address\";q=9;w=60",
        "Your address has made its 9 calls of this minute on the public form. Try ",
    );
    told(app.look(), policy, what).await;
}

#[tokio::test]
async fn over_the_limit_nothing_is_done() {
    let app = App::builder()
        .setting("SUBMISSIONS_IN_AN_HOUR", 1)
        .start()
        .await;
    app.list()
        .bearer(&app.token("acc_a"))
        .await_status(200)
        .await;
    app.submit(&form("acc_a")).await_status(201).await;
    let before = app.items();
    let refused = app.submit(&form("acc_a")).await_status(429).await;
    assert_eq!(standing(&refused), (1, 0));
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn ipv6_counts_by_64() {
    let app = App::start().await;
    for (address, left) in [
        ("2001:db8:0:1::1", 59),
        ("2001:db8:0:1:ffff:ffff:ffff:ffff", 58),
        ("2001:0db8:0000:0001::2", 57),
        ("2001:db8:0:2::1", 59),
        ("::ffff:192.0.2.1", 59),
        ("192.0.2.1", 58),
    ] {
        let answer = app.look().from(address).await_status(404).await;
        assert_eq!(standing(&answer).1, left, "{address}");
    }
}

#[tokio::test]
async fn the_address_is_not_kept_and_its_hash_not_for_long() {
    let app = App::start().await;
    app.look().from("198.51.100.77").await_status(404).await;
    let items = app.items();
    let [item] = &items[..] else {
        panic!("one item: {items:?}")
    };
    assert!(!item.to_string().contains("198.51.100.77"));
    let number = |name: &str| item[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
    let kept = number("expiresAt") * 1000 - number("opened");
    assert!((60 * MINUTE..=121 * MINUTE).contains(&kept), "{kept}");
    // A hash that anybody could make would be as good as the address: there are only so many.
    let other = App::start().await;
    other.look().from("198.51.100.77").await_status(404).await;
    assert_ne!(other.items()[0]["pk"], item["pk"]);
}

#[tokio::test]
async fn a_call_is_one_write_and_a_submission_too() {
    let app = App::known(1).await;
    let writes = |app: &App| {
        let names = app.operations().into_iter().map(|operation| operation.name);
        names.filter(|name| name == "UpdateItem").count()
    };
    drop(app.operations());
    // A first call opens the windows, which is one write more.
    for (call, expected) in [
        (app.look(), 2),
        (app.look(), 1),
        (app.submit(&form("acc_a")), 2),
        (app.submit(&form("acc_a")), 1),
        (app.submit(&json!({})), 1),
    ] {
        call.send().await;
        assert_eq!(writes(&app), expected);
    }
}
