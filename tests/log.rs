//! The log line of a request: what it must contain, and what it must not.

use std::time::Duration;

use local::proxy::Fault;
use regex_lite::Regex;
use serde_json::{Value, json};
use shared::{ExposeSecret, Timestamp};

use crate::app::{App, TEMPLATE, response::Response};

/// The log line of the request that got this response.
fn line(app: &App, answer: &Response) -> Value {
    let lines = app.log();
    let of_request = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut of_request: Vec<_> = of_request
        .filter(|line| line["requestId"] == answer.request_id())
        .collect();
    assert_eq!(of_request.len(), 1, "one line for a request");
    of_request.remove(0)
}

#[tokio::test]
async fn each_request_logs_one_line_with_its_result_and_its_cost() {
    let app = App::start().await;
    let (id, key) = app.new_key("acc_a").await;
    let first = app.list().bearer(&key).await_status(200).await;
    let answer = app.list().bearer(&key).await_status(200).await;
    let line = line(&app, &answer);
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["route"], "GET /api/v1/api-keys");
    assert_eq!(line["status"], 200);
    assert_eq!(
        (&line["caller"], &line["keyId"], &line["accountId"]),
        (&"api_key".into(), &id.into(), &"acc_a".into())
    );
    assert!(line["durationMs"].as_f64().unwrap() > 0.0);
    assert_eq!(
        (
            &line["dynamodbCalls"],
            &line["writeUnits"],
            &line["readUnits"]
        ),
        (&2.into(), &1.0.into(), &1.0.into())
    );
    // The id by which the access log has the request; tests/deployment.rs shows that it is there.
    assert_eq!(line["gatewayId"], "JKJaXmPLvHcESHA=");
    // What says nothing is left out.
    for missing in [
        "code",
        "reason",
        "cause",
        "coldStart",
        "awsRequestId",
        "xrayTraceId",
    ] {
        assert_eq!(line[missing], Value::Null, "{missing}");
    }

    let line = self::line(&app, &first);
    assert_eq!(line["coldStart"], true);
    // Lambda records the first call.
    let trace = line["xrayTraceId"].as_str().unwrap();
    assert!(trace.starts_with("1-5e1b4151-"), "{trace}");
}

/// How much a metric of the template counts for a line, and the value of its dimension.
fn counted(metric: &str, line: &Value) -> Option<(u64, String)> {
    let resources = TEMPLATE.value()["Resources"].as_object().unwrap();
    let filter = resources.values().find(|resource| {
        let name = &resource["Properties"]["MetricTransformations"][0]["MetricName"];
        *name == format!("{metric}-${{AWS::StackName}}")
    });
    let filter = &filter.unwrap()["Properties"];
    assert_eq!(filter["LogGroupName"], "Logs");
    let pattern = Regex::new(r#"^\{ \$\.(\w+) = ("\w+"|\*) \}$"#).unwrap();
    let pattern = pattern.captures(filter["FilterPattern"].as_str().unwrap());
    let (_, [field, expected]) = pattern.unwrap().extract();
    let found = line[field].to_string();
    if line[field].is_null() || expected != "*" && found != expected {
        return None;
    }
    let transformation = &filter["MetricTransformations"][0];
    let value_of = |name: &Value| line[&name.as_str().unwrap()[2..]].clone();
    let value = match transformation["MetricValue"].as_str().unwrap() {
        "1" => 1,
        _ => value_of(&transformation["MetricValue"]).as_u64().unwrap(),
    };
    let dimension = match &transformation["Dimensions"] {
        Value::Null => String::new(),
        dimensions => value_of(&dimensions[0]["Value"])
            .as_str()
            .unwrap()
            .to_owned(),
    };
    Some((value, dimension))
}

#[tokio::test]
async fn metrics_count_limited_calls_refusals_by_reason_and_minutes_behind() {
    let app = App::builder().caller_limit(1).start().await;
    let (_, key) = app.new_key("acc_a").await;
    let route = "GET /api/v1/api-keys".to_owned();

    let good = line(&app, &app.list().bearer(&key).await_status(200).await);
    assert_eq!(counted("Limited", &good), None);
    assert_eq!(counted("Refused", &good), None);
    assert_eq!(counted("DueMinutesBehind", &good), None);
    let limited = line(&app, &app.list().bearer(&key).await_status(429).await);
    assert_eq!(counted("Limited", &limited), Some((1, route)));

    app.set_watermark(Timestamp::now().as_millis());
    app.work("webhooks-due", &json!({})).await.unwrap();
    let log = app.log();
    let swept = log.iter().find(|line| line.contains("webhooks-due"));
    let swept = serde_json::from_str(swept.unwrap()).unwrap();
    assert_eq!(
        counted("DueMinutesBehind", &swept),
        Some((0, String::new()))
    );

    let refused = |answer: Response| {
        let (count, reason) = counted("Refused", &line(&app, &answer)).unwrap();
        assert_eq!(count, 1);
        reason
    };
    let wrong = "sk_live_".to_owned() + &"0".repeat(48);
    assert_eq!(refused(app.list().await_status(401).await), "no_credential");
    assert_eq!(
        refused(
            app.list()
                .header("authorization", "x")
                .await_status(401)
                .await
        ),
        "malformed_header"
    );
    assert_eq!(
        refused(app.list().bearer(&wrong).await_status(401).await),
        "malformed_key"
    );
    let unknown = shared::domain::api_key::PlaintextKey::generate();
    assert_eq!(
        refused(
            app.list()
                .bearer(unknown.expose_secret())
                .await_status(401)
                .await
        ),
        "unknown_key"
    );
    assert_eq!(
        refused(app.list().bearer("a.b.c").await_status(401).await),
        "malformed_token"
    );
}

#[tokio::test]
async fn a_key_with_a_wrong_checksum_costs_no_table_request() {
    let app = App::start().await;
    let wrong = "sk_live_".to_owned() + &"0".repeat(48);
    app.list().bearer(&wrong).await_status(401).await;
    assert_eq!(app.operations(), []);
}

#[tokio::test]
async fn no_secret_is_logged_even_when_requests_fail() {
    let app = App::builder()
        .faults(|operation| match operation.name.as_str() {
            "Query" => Fault::Fail,
            "GetItem" => Fault::Throttle,
            _ => Fault::None,
        })
        .start()
        .await;
    let (id, key) = app.new_key("acc_a").await;
    let token = app.token("acc_a");
    for credential in [&key, &token, &format!("{key}0")] {
        let failed = app.list().bearer(credential).send().await;
        assert!(matches!(failed.status, 401 | 500));
        assert!(!failed.message().contains("DynamoDB"));
        // An authenticated caller gets the rate limit headers even when the request fails later.
        assert_eq!(failed.limit_header("limit").is_some(), failed.status == 500);
        app.revoke(&id).bearer(credential).send().await;
        app.create("x")
            .body("{\"name\":\"a secret name\"")
            .bearer(credential)
            .send()
            .await;
    }
    let health = app.call("GET", "/api/v1/health").await_status(200).await;
    // A separate warning also names the request.
    let beside = app
        .log()
        .into_iter()
        .find(|line| line.contains("WARN"))
        .unwrap();
    assert!(beside.contains(health.request_id()), "{beside}");

    let log = app.log().join("\n");
    let hash = app
        .items()
        .iter()
        .find_map(|item| item["keyHash"]["S"].as_str().map(str::to_owned))
        .unwrap();
    for secret in [
        &key,
        &key[8..],
        &token,
        &hash,
        "Bearer",
        "sk_live_",
        "a secret name",
        "usr_1",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    // The log says what failed.
    assert!(
        log.contains("list keys") && log.contains("InternalServerError"),
        "{log}"
    );
    assert!(log.contains("find a key") && log.contains("ThrottlingException"));
}

#[tokio::test]
async fn a_table_timeout_is_a_500_before_lambda_ends_the_function() {
    let app = App::builder()
        // Shorter than the last attempt takes, and long enough for the function to start.
        .timeout(Duration::from_millis(2500))
        .faults(|_| Fault::AnswerLate(10_000))
        .start()
        .await;
    let known = shared::domain::api_key::PlaintextKey::generate();
    let answer = app
        .list()
        .bearer(known.expose_secret())
        .await_status(500)
        .await;
    let line = line(&app, &answer);
    assert_eq!(line["cause"], "the function's time was up");
    let id = line["awsRequestId"].as_str().unwrap();
    assert!(id.starts_with("00000000-"), "{id}");
}
