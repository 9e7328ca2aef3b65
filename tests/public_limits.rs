//! Rate limits of client addresses (Rate limits in openapi.yaml).

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::{App, Call, response::Response},
    public_form::form,
};

pub const MINUTE: i64 = 60_000;

impl App {
    fn look(&self) -> Call<'_> {
        self.call("GET", "/api/v1/public/tickets/x")
    }

    /// An app that knows the workspace `acc_a`.
    pub async fn known(instances: usize) -> Self {
        let app = Self::builder().instances(instances).start().await;
        app.list()
            .bearer(&app.token("acc_a"))
            .await_status(200)
            .await;
        app
    }
}

pub fn standing(answer: &Response) -> (i64, i64) {
    let of = |name: &str| answer.limit_header(name).unwrap();
    (of("limit"), of("remaining"))
}

#[tokio::test]
async fn an_address_may_make_60_calls_a_minute_over_all_instances() {
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
    // Another address has its own limit; forwarding headers do not change the address.
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
async fn an_address_may_call_again_after_a_minute() {
    let app = App::builder().setting("PUBLIC_LIMIT", 2).start().await;
    for left in [1, 0] {
        assert_eq!(standing(&app.look().await_status(404).await), (2, left));
    }
    app.look().await_status(429).await;
    app.step_clock(0, MINUTE);
    assert_eq!(standing(&app.look().await_status(404).await), (2, 1));
}

#[tokio::test]
async fn an_address_may_submit_5_tickets_in_10_minutes_and_20_in_an_hour() {
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
    // 20 submissions in 40 minutes: no more are allowed until the hour is over.
    let (admitted, answers) = burst().await;
    assert_eq!(admitted, 0);
    assert!(answers.iter().all(|answer| standing(answer) == (20, 0)));
    let wait: i64 = answers[0].header("retry-after").unwrap().parse().unwrap();
    assert!((1140..=1201).contains(&wait), "{wait}");
    // Its other calls are still allowed, and so are submissions from other addresses.
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
async fn a_submission_counts_as_a_call_and_an_invalid_form_only_as_a_call() {
    let app = App::known(1).await;
    let mut wrong = form("acc_a");
    wrong["email"] = "nobody".into();
    for left in (50..60).rev() {
        let refused = app.submit(&wrong).await_status(400).await;
        assert_eq!(standing(&refused), (60, left));
    }
    // Of several limits, the headers report the one with the fewest calls left.
    for left in (0..5).rev() {
        let submitted = app.submit(&form("acc_a")).await_status(201).await;
        assert_eq!(standing(&submitted), (5, left));
    }
    assert_eq!(standing(&app.look().await_status(404).await), (60, 44));
    // A refused submission counts only as a call.
    app.submit(&form("acc_a")).await_status(429).await;
    assert_eq!(standing(&app.look().await_status(404).await), (60, 43));
}

/// Bodies that create no ticket, for every possible reason.
fn wrong_forms() -> Vec<String> {
    let wrong = |field: &str, value: Value| {
        let mut wrong = form("acc_a");
        wrong[field] = value;
        wrong.to_string()
    };
    let mut bot = form("acc_unknown");
    bot["company"] = "ACME".into();
    vec![
        form("acc_unknown").to_string(),
        form("acc_A").to_string(),
        form("no workspace at all").to_string(),
        wrong("email", json!("nobody")),
        wrong("subject", json!("s".repeat(301))),
        wrong("body", json!("")),
        wrong("name", json!(7)),
        wrong("padding", json!("p".repeat(1024 * 1024))),
        bot.to_string(),
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "accountId=acc_a".to_owned(),
    ]
}

#[tokio::test]
async fn no_kind_of_invalid_form_uses_up_a_submission() {
    let app = App::known(2).await;
    let mut calls = 60;
    for wrong in wrong_forms() {
        let refused = app.call("POST", "/api/v1/public/tickets").body(&wrong);
        let refused = refused.await_status(400).await;
        calls -= 1;
        assert_eq!(standing(&refused), (60, calls), "{}", refused.message());
    }
    for left in (0..5).rev() {
        let submitted = app.submit(&form("acc_a")).await_status(201).await;
        assert_eq!(standing(&submitted), (5, left));
    }
    app.submit(&form("acc_a")).await_status(429).await;
}

#[tokio::test]
async fn a_limited_address_is_refused_before_its_body_is_checked() {
    let app = App::builder()
        .setting("SUBMISSIONS_IN_10_MINUTES", 1)
        .setting("PUBLIC_LIMIT", 3)
        .start()
        .await;
    app.new_key("acc_a").await;
    app.submit(&form("acc_a")).await_status(201).await;
    let refused = async |limit: i64| {
        for wrong in wrong_forms() {
            drop(app.operations());
            let refused = app.call("POST", "/api/v1/public/tickets").body(&wrong);
            let refused = refused.await_status(429).await;
            assert_eq!(standing(&refused), (limit, 0));
            assert_eq!(app.operations().len(), 1);
        }
    };
    refused(1).await;
    for left in [1, 0] {
        assert_eq!(standing(&app.look().await_status(404).await), (3, left));
    }
    for path in ["", "/x/messages"] {
        let call = app.call("POST", &format!("/api/v1/public/tickets{path}"));
        let call = call.body(&"[".repeat(1024 * 1024 + 1));
        call.await_status(429).await;
    }
    app.look().body("{").await_status(429).await;
}

#[tokio::test]
async fn concurrent_valid_and_invalid_forms_never_exceed_the_limit() {
    let app = App::known(6).await;
    let wrong = form("acc_unknown");
    let mut submitted = 0;
    for round in 0..4 {
        let calls = (0..6).map(|n| {
            let form = if (n + round) % 2 == 0 {
                wrong.clone()
            } else {
                form("acc_a")
            };
            app.submit(&form).on(n).send()
        });
        let answers = join_all(calls).await;
        for answer in &answers {
            assert!(matches!(answer.status, 201 | 400 | 429), "{answer:?}");
        }
        submitted += answers.iter().filter(|answer| answer.status == 201).count();
        assert!(submitted <= 5);
    }
    while submitted < 5 {
        app.submit(&form("acc_a")).await_status(201).await;
        submitted += 1;
    }
    app.submit(&form("acc_a")).await_status(429).await;
}

#[tokio::test]
async fn a_preflight_is_never_limited_and_costs_no_aws_request() {
    let app = App::builder()
        .setting("PUBLIC_LIMIT", 1)
        .setting("SIGNING_SECRET", "missing")
        .setting("TABLE_NAME", "nowhere")
        .start()
        .await;
    for path in ["", "/", "/tickets", "/tickets/x/messages", "/no/such/thing"] {
        for _ in 0..3 {
            let preflight = app.call("OPTIONS", &format!("/api/v1/public{path}"));
            let preflight = preflight
                .header("origin", "https://shop.example")
                .header("access-control-request-method", "POST")
                .body(&"x".repeat(1024 * 1024 + 1));
            let answer = preflight.await_status(200).await;
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
            assert_eq!(answer.limit_header("limit"), None);
        }
    }
    assert_eq!(
        (app.operations(), app.secret_operations()),
        (vec![], vec![])
    );
}

#[tokio::test]
async fn a_429_names_the_address_limit_that_was_exceeded() {
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
        "Your address may submit 2 tickets in 10 minutes, and has. Try ",
    );
    told(submit(), policy, what).await;
    app.step_clock(0, 10 * MINUTE);
    submit().await_status(201).await;
    let (policy, what) = (
        "\"submissions-hour\";q=3;w=3600",
        "Your address may submit 3 tickets in an hour, and has. Try ",
    );
    told(submit(), policy, what).await;
    for _ in 0..8 {
        app.look().await_status(404).await;
    }
    let (policy, what) = (
        "\"address\";q=9;w=60",
        "Your address may make 9 calls a minute here, and has. Try ",
    );
    told(app.look(), policy, what).await;
}

#[tokio::test]
async fn a_call_over_the_limit_changes_nothing() {
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
async fn ipv6_addresses_count_by_their_64_bit_prefix() {
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
async fn the_address_is_not_stored_and_its_hash_expires() {
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
    // The hash is keyed: there are so few addresses that anybody could try a plain hash of each.
    let other = App::start().await;
    other.look().from("198.51.100.77").await_status(404).await;
    assert_ne!(other.items()[0]["pk"], item["pk"]);
}

#[tokio::test]
async fn a_call_costs_one_write_and_so_does_a_submission() {
    let app = App::known(1).await;
    let writes = |app: &App| {
        let names = app.operations().into_iter().map(|operation| operation.name);
        names.filter(|name| name == "UpdateItem").count()
    };
    drop(app.operations());
    // The first call opens the windows, which costs another write.
    for (call, expected) in [
        (app.look(), 2),
        (app.look(), 1),
        (app.submit(&form("acc_a")), 2),
        (app.submit(&form("acc_a")), 1),
        // An invalid form: the second write gives the submission back.
        (app.submit(&json!({})), 2),
    ] {
        call.send().await;
        assert_eq!(writes(&app), expected);
    }
}
