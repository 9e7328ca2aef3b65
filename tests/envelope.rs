//! What holds for every response (Transport and Envelope in openapi.yaml). Its shape is checked wherever a test reads
//! a response: see `app/response.rs`.

use serde_json::{Value, json};

use crate::app::{App, ROUTES, response::keys};

#[tokio::test]
async fn an_unknown_path_or_method_is_not_found() {
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
async fn a_404_names_the_paths_and_methods_that_exist() {
    let app = App::start().await;
    let no_such = "There is no such path.";
    let areas = "Under `/api/v1` there are `/api-keys`, `/audit-events`, `/canned-replies`, `/health`, `/leaked-keys`, \
                 `/me`, `/openapi.json`, `/public/tickets`, `/secret-scanning/github`, `/tickets` and \
                 `/webhook-subscriptions`.";
    for (method, path, told, allow) in [
        (
            "PUT",
            "/api/v1/tickets",
            "`PUT` is not a method of `/api/v1/tickets`; it takes `GET` and `POST`.".to_owned(),
            Some("GET, POST"),
        ),
        (
            "BREW",
            "/api/v1/api-keys/ak_<script>",
            "This is not a method of `/api/v1/api-keys/{id}`; it takes `DELETE` and `PATCH`."
                .to_owned(),
            Some("DELETE, PATCH"),
        ),
        (
            "GET",
            "/api/v1/public/tickets",
            "`GET` is not a method of `/api/v1/public/tickets`; it takes `POST`.".to_owned(),
            Some("POST, OPTIONS"),
        ),
        (
            "HEAD",
            "/api/v1/tickets/tags",
            "`HEAD` is not a method of `/api/v1/tickets/tags`; it takes `GET`.".to_owned(),
            Some("GET"),
        ),
        (
            "GET",
            "/api/v1/tickets/",
            format!(
                "{no_such} Leave out the slash at the end: `/api/v1/tickets`, which takes `GET` and `POST`."
            ),
            None,
        ),
        (
            "PATCH",
            "/api/v1/tickets/tkt_1//",
            format!(
                "{no_such} Leave out the slash at the end: `/api/v1/tickets/{{id}}`, which takes `GET` and `PATCH`."
            ),
            None,
        ),
        (
            "GET",
            "/tickets",
            format!("{no_such} Did you mean `/api/v1/tickets`? It takes `GET` and `POST`."),
            None,
        ),
        (
            "GET",
            "/api/v1/canned_replys",
            format!("{no_such} Did you mean `/api/v1/canned-replies`? It takes `GET` and `POST`."),
            None,
        ),
        ("GET", "/api/v1/users", format!("{no_such} {areas}"), None),
        ("GET", "/api/v1", format!("{no_such} {areas}"), None),
        ("GET", "/api/v1/", format!("{no_such} {areas}"), None),
        ("POST", "/", format!("{no_such} {areas}"), None),
    ] {
        let answer = app.call(method, path).await_status(404).await;
        let (code, message) = (answer.code(), answer.message());
        assert_eq!((code, message), ("NOT_FOUND", &*told), "{method} {path}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

/// The `Accept` header that a browser sends when it navigates to a page.
const NAVIGATES: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

#[tokio::test]
async fn a_browser_gets_a_redirect_or_a_page_for_an_unknown_path() {
    let app = App::start().await;
    let visit = |method: &str, path: &str| app.call(method, path).header("accept", NAVIGATES);
    for (path, location) in [
        ("/", "/dashboard"),
        ("/dashboard/", "/dashboard"),
        ("/dashboard/api-keys/", "/dashboard/api-keys"),
        ("/dashboard/signed-out/", "/dashboard/signed-out"),
        ("/dashboard/webhooks/", "/dashboard/webhooks"),
    ] {
        for method in ["GET", "HEAD"] {
            let led = visit(method, path).await_status(302).await;
            assert_eq!(led.header("location"), Some(location), "{path}");
        }
        // Other clients get a 404, and so does a form that is sent there.
        let told = app.call("GET", path).header("accept", "*/*");
        assert_eq!(told.await_status(404).await.code(), "NOT_FOUND");
        assert!(visit("POST", path).await_status(404).await.is_page());
    }
    for path in [
        "/nope",
        "/dashboard/nope",
        "/dashboard/assets/",
        "/dashboard/assets/nope",
        "/dashboard//",
        "/api/v1/nope",
        "/api/v1/tickets/",
        "/api/v1/auth/logout",
        "/api/v1/public/tickets",
        "//evil.example/",
        "/<script>alert(1)</script>",
    ] {
        for (language, words) in [
            ("en", "There is no such page"),
            ("id", "Halaman ini tidak ada"),
        ] {
            let page = visit("GET", path).header("accept-language", language);
            let page = page.await_status(404).await;
            assert!(page.is_page() && page.text.contains(words), "{path}");
            assert!(page.text.contains(page.request_id()));
            assert!(!page.text.contains("script>alert") && !page.text.contains("evil.example"));
        }
        let told = app.call("GET", path).await_status(404).await;
        assert!(!told.message().contains("script>"));
    }
}

#[tokio::test]
async fn favicon_ico_redirects_to_the_icon() {
    let app = App::start().await;
    for accept in ["image/avif,image/webp,*/*;q=0.8", "*/*", NAVIGATES] {
        for method in ["GET", "HEAD"] {
            let led = app.call(method, "/favicon.ico").header("accept", accept);
            let led = led.await_status(302).await;
            let icon = app.call(method, led.header("location").unwrap());
            let icon = icon.await_status(200).await;
            assert_eq!(icon.header("content-type"), Some("image/svg+xml"));
            assert!(icon.text.starts_with("<svg xmlns="));
        }
    }
}

#[tokio::test]
async fn head_has_the_status_and_the_headers_of_get() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    let icon = app.call("GET", "/favicon.ico").await_status(302).await;
    for path in [
        "/api/v1/health",
        "/dashboard",
        "/dashboard/api-keys",
        "/dashboard/signed-out",
        "/dashboard/webhooks",
        icon.header("location").unwrap(),
    ] {
        let call = |method| app.call(method, path).session(&session).send();
        let (get, head) = (call("GET").await, call("HEAD").await);
        assert!(matches!(get.status, 200 | 302), "{path}");
        assert_eq!(head.status, get.status, "{path}");
        for name in [
            "content-type",
            "cache-control",
            "location",
            "x-ratelimit-limit",
        ] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
    }
    // An uptime monitor that sends HEAD also learns that the table does not answer.
    let app = App::builder()
        .setting("TABLE_NAME", "nowhere")
        .start()
        .await;
    let health = app.call("HEAD", "/api/v1/health").await_status(200).await;
    assert_eq!(health.data()["status"], "degraded");
}

#[tokio::test]
async fn me_answers_as_auth_me_does() {
    let app = App::start().await;
    let (_, key) = app.new_key("acc_a").await;
    for credential in [&key, &app.token("acc_a")] {
        let ask = |path: &str| app.call("GET", path).bearer(credential).await_status(200);
        let (short, long) = (ask("/api/v1/me").await, ask("/api/v1/auth/me").await);
        assert_eq!(short.data(), long.data());
        assert_eq!(
            keys(short.data()),
            ["accountId", "email", "expiresAt", "name", "sub"]
        );
        assert_eq!(short.data()["accountId"], "acc_a");
        assert_eq!(short.data()["sub"].is_null(), *credential == key);
    }
    let session = app.sign_in("acc_a").await;
    let me = app.call("GET", "/api/v1/me").session(&session);
    assert!(me.await_status(200).await.data()["email"].is_string());
    let refused = app.call("GET", "/api/v1/me").await_status(401).await;
    assert_eq!(refused.code(), "AUTH_REQUIRED");
}

#[tokio::test]
async fn every_response_has_its_own_request_id() {
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
async fn health_reports_whether_the_table_answers() {
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
async fn no_malformed_event_gets_a_500() {
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
async fn a_base64_body_is_decoded() {
    let app = App::start().await;
    // {"name":"x"}, as the gateway encodes what `curl -d` sends without a content type.
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
