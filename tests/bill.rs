//! What a million calls cost: the bytes that a call logs, and the table in docs/operations.md.
//!
//! The prices are on-demand prices of us-east-1, in US dollars.

use std::fs;

use regex_lite::{Captures, Regex};
use serde_json::Value;

use crate::{
    app::{App, TEMPLATE, project, workers::Workers},
    webhook_attempts::with_receiver,
};

/// What a million calls of the key-only call may cost.
const AIM: f64 = 2.40;

/// What CloudWatch adds to the text of each event ("`PutLogEvents`", CloudWatch Logs API reference).
const EVENT_BYTES: usize = 26;

/// Of a million requests of an HTTP API.
const GATEWAY: f64 = 1.00;

/// Of a million requests of Lambda.
const REQUESTS: f64 = 0.20;

/// Of a million milliseconds of 256 MB on arm64, which is the default.
const MILLISECONDS: f64 = 0.25 * 0.000_013_333_4 * 1000.0;

/// Of a million write units and of a million read units, on demand.
const UNITS: (f64, f64) = (0.625, 0.125);

/// Of a megabyte of logs, which is a byte of each of a million calls.
const LOG_BYTE: f64 = 0.50 / 1000.0;

/// Of traces of a twentieth of a million calls, with `Tracing=Active`.
const TRACES: f64 = 5.00 / 20.0;

/// The rows of the table, and those of bench/README.md whose median time they have, rounded up to what Lambda bills.
const ROWS: [(&str, &str); 16] = [
    (
        "any endpoint, only to authenticate and count",
        "a key alone (`DELETE`, no such id)",
    ),
    (
        "the same with an older secret",
        "a key alone, its older secret",
    ),
    ("list up to 15 keys", "list, 1 key"),
    ("list 100 keys with short names", "list, 100 keys"),
    ("create a key", "create"),
    ("change one", "change, the limit"),
    ("rotate one", "rotate"),
    ("end an overlap", "end an overlap"),
    ("revoke", "revoke"),
    ("a key's usage", "usage"),
    ("list 50 audit events", "audit events, a page of 50"),
    ("list 50 tickets", "tickets: list, a page of 50"),
    ("the portal's page of API keys, 20 keys", "the page, 1 key"),
    ("read a ticket", "tickets: get, 1 message"),
    ("create or submit a ticket", "tickets: create"),
    (
        "reply to a ticket, which changes its status",
        "tickets: reply, `open` → `pending`",
    ),
];

fn read(file: &str) -> String {
    fs::read_to_string(project().join(file)).unwrap()
}

/// The section of docs/operations.md.
fn bill() -> String {
    let guide = read("docs/operations.md");
    let (_, bill) = guide
        .split_once("\n## What a million calls cost\n")
        .unwrap();
    bill.split("\n## ").next().unwrap().to_owned()
}

/// The number that follows these words.
fn stated(text: &str, words: &str) -> usize {
    let number = Regex::new(&format!(r"{words}\s+(\d+)")).unwrap();
    let found = number.captures(text);
    let found = found.unwrap_or_else(|| panic!("no number after `{words}`"));
    found[1].parse().unwrap()
}

fn bytes_of(bill: &str) -> usize {
    stated(bill, "a call logs")
}

/// The line of the gateway's access log for the call with this line of a function.
fn access_line(line: &Value) -> String {
    let format = &TEMPLATE.value()["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"];
    let variable = Regex::new(r"\$context\.[A-Za-z.]+").unwrap();
    let value = |found: &Captures<'_>| match &found[0] {
        "$context.requestId" => line["gatewayId"].as_str().unwrap().to_owned(),
        "$context.routeKey" => line["route"].as_str().unwrap().to_owned(),
        "$context.status" => line["status"].to_string(),
        "$context.integration.integrationStatus" => "200".to_owned(),
        "$context.responseLatency" => "12".to_owned(),
        "$context.integrationLatency" => "10".to_owned(),
        // The gateway's text for a variable without a value.
        "$context.error.responseType"
        | "$context.error.message"
        | "$context.integrationErrorMessage" => "-".to_owned(),
        new => panic!("say here how long {new} is"),
    };
    let written = variable.replace_all(format.as_str().unwrap(), value);
    serde_json::from_str::<Value>(&written).expect("the line is JSON");
    written.into_owned()
}

/// Lambda's own lines for a call that does not fail, by the level of the system's log ("Log-level filtering", Lambda
/// developer guide).
fn platform_lines() -> Vec<String> {
    let logging = &TEMPLATE.value()["Globals"]["Function"]["LoggingConfig"];
    assert_eq!(logging["LogFormat"], "JSON");
    let line = |kind: &str, rest: &str| {
        let id = "00000000-0000-4000-8000-000000000000";
        format!(
            r#"{{"time":"2026-06-11T03:00:00.000Z","type":"{kind}","record":{{"requestId":"{id}",{rest}}}}}"#
        )
    };
    let metrics =
        r#"{"durationMs":7.123,"billedDurationMs":8,"memorySizeMB":256,"maxMemoryUsedMB":18}"#;
    match logging["SystemLogLevel"].as_str() {
        Some("WARN") => Vec::new(),
        Some("INFO") | None => vec![
            line("platform.start", r#""version":"12""#),
            line(
                "platform.report",
                &format!(r#""metrics":{metrics},"status":"success""#),
            ),
        ],
        level => panic!("say here what Lambda writes at {level:?}"),
    }
}

#[tokio::test]
async fn a_call_logs_as_many_bytes_as_the_bill_says() {
    let app = App::start().await;
    // As long as ids of the issuer are.
    let workspace = format!("acc_{}", "0".repeat(26));
    let (_, key) = app.new_key(&workspace).await;
    // The first call opens the window, and has the mark of a cold start.
    app.revoke("nothing").bearer(&key).await_status(404).await;
    let answer = app.revoke("nothing").bearer(&key).await_status(404).await;

    let log = app.log();
    let text = log
        .iter()
        .find(|line| line.contains(answer.request_id()))
        .unwrap();
    let line: Value = serde_json::from_str(text).unwrap();
    assert_eq!(
        (&line["writeUnits"], &line["accountId"]),
        (&1.0.into(), &workspace.into())
    );
    // With as many digits as the benchmark's median.
    let text = text.replace(
        &format!(r#""durationMs":{},"#, line["durationMs"]),
        r#""durationMs":7.123,"#,
    );
    let access = access_line(&line);
    let platform = platform_lines();
    let events = 2 + platform.len();
    let platform: usize = platform.iter().map(String::len).sum();
    let all = text.len() + access.len() + platform + events * EVENT_BYTES;

    let bill = bill();
    assert_eq!(
        stated(&bill, "the function's line has"),
        text.len(),
        "{text}"
    );
    assert_eq!(stated(&bill, "the access log's"), access.len(), "{access}");
    assert_eq!(bytes_of(&bill), all);
}

/// The lines of an event's fan-out, of the function that delivers it, and of the delivery.
#[tokio::test]
async fn a_delivery_logs_as_much_as_the_bill_says() {
    let (app, key, _receiver, _) = with_receiver(App::builder(), 200).await;
    let mut workers = Workers::new(&app);
    app.raise(&key).await;
    workers.do_all_that_is_due().await;
    let mut log = app.log();
    log.retain(|line| {
        [
            "\"webhooks-fan-out\"",
            "\"webhooks-deliver\"",
            "\"delivery\"",
        ]
        .iter()
        .any(|name| line.contains(name))
    });
    assert_eq!(log.len(), 3, "{log:#?}");
    // The workspace's id is `acc_a` here.
    let bytes: usize = log
        .iter()
        .map(|line| line.len() + EVENT_BYTES)
        .sum::<usize>()
        + 25;
    // Of a million, in tenths, because the times have more or fewer digits.
    let gigabytes = (f64::from(u32::try_from(bytes).unwrap()) / 100.0).round() / 10.0;
    let cost = money(gigabytes * LOG_BYTE * 1000.0);
    let stated = format!("{cost} for {gigabytes:.1} GB of logs");
    assert!(bill().contains(&stated), "{stated}");
}

/// The rows of a table: their cells, without the header's.
fn rows(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    })
    .collect()
}

/// In dollars and cents, rounded half up.
fn money(amount: f64) -> String {
    format!("${:.2}", (amount * 100.0 + 0.5 + 1e-6).floor() / 100.0)
}

/// The cost of units such as `13 W, 1 R`.
fn cost_of_units(units: &str) -> f64 {
    let parts = units.split(", ").map(|part| {
        let (number, unit) = part.split_once(' ').unwrap();
        let number: f64 = number.parse().unwrap();
        match unit {
            "W" => number * UNITS.0,
            "R" => number * UNITS.1,
            _ => panic!("{units}"),
        }
    });
    parts.sum()
}

#[test]
fn each_row_of_the_bill_is_the_sum_of_what_was_measured() {
    let (bill, bench) = (bill(), rows(&read("bench/README.md")));
    let logs = f64::from(u32::try_from(bytes_of(&bill)).unwrap()) * LOG_BYTE;
    assert!(
        bill.contains(&format!("{} for the logs", money(logs))),
        "{}",
        money(logs)
    );
    let table = rows(&bill);
    let (header, table) = table.split_first().unwrap();
    assert_eq!(header.last().unwrap(), "together");
    assert_eq!(table.len(), ROWS.len());
    for (row, (name, measured)) in table.iter().zip(ROWS) {
        let of_bench = bench.iter().find(|row| row[0] == measured);
        let p50: f64 = of_bench.unwrap_or_else(|| panic!("no row {measured}"))[4]
            .parse()
            .unwrap();
        let units = cost_of_units(&row[1]);
        let lambda = REQUESTS + p50.ceil() * MILLISECONDS;
        let sum = GATEWAY + units + lambda + logs;
        let expected = [
            name.to_owned(),
            row[1].clone(),
            money(units),
            format!("{:.0}", p50.ceil()),
            money(lambda),
            money(sum),
        ];
        assert_eq!(*row, expected);
        if name == ROWS[0].0 {
            assert!(sum <= AIM && sum + TRACES <= AIM, "{sum}");
            assert!(bill.contains(&format!("{} with traces", money(sum + TRACES))));
            assert!(read("README.md").contains(&format!("cost: {} of", money(sum))));
        }
    }
}
