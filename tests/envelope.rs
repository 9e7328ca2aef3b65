//! What holds for every answer (contract, sections 1 and 2). The shape itself is checked wherever an answer
//! is read, see `app/response.rs`.

use serde_json::{Value, json};

use crate::app::{App, ROUTES};

#[tokio::test]
async fn a_path_or_method_that_does_not_exist_is_not_found() {
    let app = App::start().await;
    let wrong = [
        ("GET", "/"),
        ("GET", "/api/v1"),
        ("GET", "/api/v2/health"),
        ("GET", "/api/v1/api-keys/"),
        ("PUT", "/api/v1/api-keys"),
        ("OPTIONS", "/api/v1/api-keys"),
        ("GET", "/api/v1/api-keys/ak_x"),
        ("DELETE", "/api/v1/health"),
        ("PATCH", "/../../etc/passwd"),
        ("GET", "/api/v1/ä b%zz"),
    ];
    for (method, path) in wrong {
        let answer = app.call(method, path).send().await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, "NOT_FOUND"),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let app = App::start().await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(
            app.call("GET", "/api/v1/health")
                .send()
                .await
                .request_id()
                .to_owned(),
        );
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

#[tokio::test]
async fn health_tells_whether_the_table_answers() {
    let app = App::start().await;
    let health = app.call("GET", "/api/v1/health").await_status(200).await;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        health.data(),
        &json!({ "service": "suppuo-api", "status": "ok", "version": version, "checks": { "db": "ok" } })
    );
    assert_eq!(health.limit_header("limit"), None);

    let app = App::builder()
        .setting("TABLE_NAME", "nowhere")
        .start()
        .await;
    let health = app.call("GET", "/api/v1/health").await_status(200).await;
    assert_eq!(health.data()["status"], "degraded");
    assert_eq!(health.data()["checks"], json!({ "db": "failing" }));
}

#[tokio::test]
async fn a_body_over_1_mib_is_refused() {
    let app = App::start().await;
    let token = app.token("acc_a");
    let padded = |size: usize| {
        let frame = json!({ "name": "x", "padding": "" }).to_string().len();
        json!({ "name": "x", "padding": "p".repeat(size - frame) })
    };
    let call = |size| {
        app.call("POST", "/api/v1/api-keys")
            .bearer(&token)
            .json(&padded(size))
    };
    call(1024 * 1024).await_status(201).await;
    let refused = call(1024 * 1024 + 1).await_status(400).await;
    assert_eq!(
        (refused.code(), refused.message()),
        (
            "VALIDATION_ERROR",
            "The body is larger than 1 MiB. Send at most 1 MiB."
        )
    );
}

#[tokio::test]
async fn whatever_an_event_holds_there_is_an_answer() {
    let app = App::start().await;
    let strange = [
        json!({}),
        json!(null),
        json!([]),
        json!("event"),
        json!({ "headers": { "authorization": 7 } }),
        json!({ "headers": null, "body": null, "pathParameters": null }),
        json!({ "rawPath": "not a path \u{0}", "headers": { "host": "a b", "x-forwarded-proto": "::" } }),
        json!({ "headers": { "bad name\n": "bad value\n" }, "requestContext": { "http": { "method": "\n" } } }),
        json!({ "body": "%%%", "isBase64Encoded": true }),
        json!({ "version": "1.0", "httpMethod": "GET", "path": "/" }),
    ];
    for route in &*ROUTES {
        for event in &strange {
            let answer = app.invoke(&route.function, event).await;
            assert_ne!(answer.status, 500, "{} with {event}", route.function);
        }
    }
}

#[tokio::test]
async fn a_body_that_came_as_base64_is_read() {
    let app = App::start().await;
    // {"name":"x"}, as the gateway hands on what `curl -d` sends without a content type.
    let event = json!({
        "headers": { "authorization": format!("Bearer {}", app.token("acc_a")) },
        "body": "eyJuYW1lIjoieCJ9",
        "isBase64Encoded": true,
    });
    let answer = app.invoke("api-keys-create", &event).await;
    assert_eq!(
        (answer.status, &answer.data()["name"]),
        (201, &Value::from("x"))
    );
}
