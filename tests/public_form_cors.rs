//! Cross-origin calls: pages of any origin may use the public form (Public form in openapi.yaml).

use serde_json::json;

use crate::{app::App, public_form::form};

#[tokio::test]
async fn a_preflight_allows_any_origin_without_credentials() {
    let app = App::start().await;
    for path in [
        "tickets",
        "tickets/x",
        "tickets/x/messages",
        "nothing/at/all",
        "",
    ] {
        let preflight = app.call("OPTIONS", &format!("/api/v1/public/{path}"));
        let preflight = preflight
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .await_status(200)
            .await;
        for (name, value) in [
            ("allow-origin", "*"),
            ("allow-methods", "GET, POST, PUT, PATCH, DELETE, *"),
            ("allow-headers", "*, Authorization"),
            ("expose-headers", "*"),
            ("max-age", "7200"),
        ] {
            assert_eq!(
                preflight.header(&format!("access-control-{name}")),
                Some(value)
            );
        }
        assert_eq!(preflight.header("access-control-allow-credentials"), None);
    }
    for path in ["tickets", "api-keys", "publicity", "Public/tickets"] {
        let elsewhere = app
            .call("OPTIONS", &format!("/api/v1/{path}"))
            .await_status(404)
            .await;
        assert_eq!(elsewhere.header("access-control-allow-origin"), None);
    }
}

/// A page of any origin can read the error, whatever went wrong.
#[tokio::test]
async fn every_origin_can_read_every_response_of_the_public_form() {
    let app = App::builder().setting("PUBLIC_LIMIT", 4).start().await;
    app.new_ticket("acc_a").await;
    let tickets = "/api/v1/public/tickets";
    let large = "x".repeat(1024 * 1024 + 1);
    for (method, path, accept, body, status) in [
        ("POST", tickets, "*/*", form("acc_a").to_string(), 201),
        ("POST", tickets, "*/*", "{".to_owned(), 400),
        ("POST", tickets, "*/*", large.clone(), 400),
        ("GET", "/api/v1/public/tickets/x", "*/*", String::new(), 404),
        ("GET", "/api/v1/public/tickets/x", "*/*", String::new(), 429),
        ("PUT", tickets, "*/*", "{}".to_owned(), 404),
        ("HEAD", tickets, "*/*", String::new(), 404),
        (
            "DELETE",
            "/api/v1/public/tickets/x",
            "*/*",
            String::new(),
            404,
        ),
        ("POST", "/api/v1/public/ticket", "*/*", large, 400),
        ("GET", "/api/v1/public/nothing", "*/*", String::new(), 404),
        (
            "GET",
            "/api/v1/public/nothing",
            "text/html",
            String::new(),
            404,
        ),
        ("GET", "/api/v1/public/", "*/*", String::new(), 404),
        ("POST", "/api/v1/public", "*/*", String::new(), 404),
    ] {
        // The preflight, without whose permission the browser does not send the call.
        let preflight = app
            .call("OPTIONS", path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "content-type")
            .await_status(200)
            .await;
        let methods = preflight.header("access-control-allow-methods").unwrap();
        let mut methods = methods.split(", ");
        assert!(methods.any(|allowed| [method, "*"].contains(&allowed)));
        let call = app.call(method, path).body(&body).header("accept", accept);
        let call = call.header("origin", "https://shop.example");
        let answer = call.await_status(status).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-expose-headers"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    let app = App::builder()
        .setting("SIGNING_SECRET", "missing")
        .start()
        .await;
    for call in [app.view("x"), app.submit(&json!({}))] {
        let failed = call.await_status(500).await;
        assert_eq!(failed.header("access-control-allow-origin"), Some("*"));
    }
}
