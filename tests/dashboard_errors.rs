//! Error pages, as far as they can be tested without a browser; `tests/browser` uses a real one.

use serde_json::{Value, json};

use crate::{
    app::{
        App, Call,
        sign_in::{CALLBACK, SESSION},
    },
    dashboard::{PAGE, page},
};

/// The endpoint that starts a sign-in.
const START: &str = "/api/v1/auth/huudis/start";

#[tokio::test]
async fn a_sign_in_error_page_can_be_reloaded_without_side_effects() {
    let app = App::start().await;
    let tell = |query: &str| {
        app.call("GET", CALLBACK)
            .header("accept", "text/html")
            .query(query)
    };
    let id = "req_01k2m3n4p5q6r7s8t9v0w1x2y3";
    for (code, title) in [
        ("AUTH_REQUIRED", "Anda belum berhasil masuk"),
        ("FORBIDDEN", "Akun Anda tidak memiliki ruang kerja"),
        ("VALIDATION_ERROR", "Proses masuk ini sudah kedaluwarsa"),
        ("CONFLICT", "Permintaan Anda belum berhasil"),
        ("INTERNAL_ERROR", "Terjadi kesalahan di pihak kami"),
    ] {
        let query = format!("lang=id&problem={code}&request={id}");
        drop(app.operations());
        let told = tell(&query).await_status(200).await;
        assert!(told.is_page() && told.text.contains(title), "{code}");
        assert!(told.text.contains(&format!(
            "<code>{code}</code> <code class=\"request-id\">{id}<"
        )));
        // The response sets the language cookie and has its own request id.
        assert!(told.set_cookie("__Host-suppuo_language").is_some());
        assert_ne!(told.request_id(), id);
        assert_eq!(app.operations().len(), 0);
        // This request did not fail, and the log does not count it as failed.
        let log = app.log();
        let mut lines = log.iter().filter(|line| line.contains(told.request_id()));
        let line: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!(
            (&line["level"], &line["status"]),
            (&"INFO".into(), &200.into())
        );
        for name in ["code", "reason", "cause", "Refused"] {
            assert_eq!(line.get(name), None, "{line}");
        }
        // A client that does not accept HTML gets the error of a callback without a state.
        let client = app.call("GET", CALLBACK).query(&query);
        assert_eq!(client.await_status(400).await.param(), Some("state"));
    }
    // A code that no sign-in ends with, or a malformed request id, is not shown.
    for query in [
        &format!("problem=RATE_LIMITED&request={id}"),
        "problem=FORBIDDEN",
        "problem=FORBIDDEN&request=%3Cscript%3E",
        "problem=FORBIDDEN&request=req_<b>",
    ] {
        let told = tell(query).await_status(400).await;
        assert!(told.is_page() && told.text.contains("This sign-in has expired"));
        assert!(told.text.contains(told.request_id()));
    }
}

#[tokio::test]
async fn a_server_error_page_can_be_reloaded_at_the_address_it_names() {
    let app = App::start().await;
    let begun = app.begin_sign_in().await;
    let answer = begun.allow(&json!({}), &json!({}));
    let callback = begun.come_back(&answer);
    app.issuer.go_down();
    // An instance may start a sign-in with a cached discovery document. This new instance has none.
    let app = app.sibling().start().await;
    for (path, failing) in [(CALLBACK, callback), (START, app.start_sign_in())] {
        let failing = failing.header("accept", "text/html");
        let told = failing.await_status(500).await;
        assert!(told.is_page() && told.text.contains("Something went wrong on our side"));
        let address = told.text.split("data-address=\"?").nth(1).unwrap();
        let address = address.split('"').next().unwrap().replace("&#38;", "&");
        for (language, title) in [
            ("en", "Something went wrong on our side"),
            ("id", "Terjadi kesalahan di pihak kami"),
        ] {
            let again = app.call("GET", path).header("accept", "text/html");
            let again = again.query(&format!("lang={language}&{address}"));
            let again = again.await_status(200).await;
            assert!(again.is_page() && again.text.contains(title), "{path}");
            assert!(again.text.contains(told.request_id()));
        }
    }
}

#[tokio::test]
async fn only_a_failed_sign_in_is_reported_as_a_failed_sign_in() {
    let app = App::start().await;
    let visit = |method: &str, path: &str| app.call(method, path).header("accept", "text/html");
    let too_large = "x".repeat(1024 * 1024 + 1);
    for (call, status) in [
        (visit("POST", "/nope").body(&too_large), 400),
        (visit("GET", "/dashboard/signed-out").body(&too_large), 400),
        (visit("GET", PAGE).header("host", "not a host"), 400),
        (visit("GET", PAGE).bearer("x"), 401),
        (visit("GET", PAGE).bearer("sk_live_x"), 401),
        (visit("GET", START).query("prompt=x"), 400),
    ] {
        for (language, title) in [
            ("en", "<h1>Your request was not accepted</h1>"),
            ("id", "<h1>Permintaan Anda tidak diterima</h1>"),
        ] {
            let told = call.clone().header("accept-language", language);
            let told = told.await_status(status).await;
            assert!(told.is_page() && told.text.contains(title), "{}", told.text);
        }
    }
}

/// A call that is answered with an error page.
fn problem(app: &App) -> Call<'_> {
    app.call("GET", CALLBACK).header("accept", "text/html")
}

#[tokio::test]
async fn pages_link_to_support_when_a_support_url_is_set() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    for page in [
        page(&app, &session).await,
        problem(&app).await_status(400).await,
    ] {
        assert!(page.text.contains("Reference <code"));
        assert!(!page.text.contains("rite to us") && !page.text.contains("class=\"support\""));
    }
    let support = "https://help.example.com/suppuo?a=1";
    let app = app.sibling().setting("SUPPORT_URL", support).start().await;
    for page in [
        page(&app, &session).await,
        problem(&app).await_status(400).await,
    ] {
        let link =
            format!("<a class=\"support\" href=\"{support}\">Write to us</a> and quote <code");
        assert!(page.text.contains(&link), "{}", page.text);
    }
}

#[tokio::test]
async fn a_browser_gets_an_error_page_with_the_request_id() {
    let app = App::builder().caller_limit(1).start().await;
    let session = app.sign_in("acc_a").await;
    let call = || app.call("GET", PAGE).cookie(SESSION, &session);
    call().await_status(200).await;
    let limited = call().header("accept", "text/html").await_status(429).await;
    assert!(limited.is_page() && limited.text.contains(limited.request_id()));
    assert_eq!(
        limited.header("content-security-policy").map(str::is_empty),
        Some(false)
    );
    assert!(limited.header("retry-after").is_some());
    assert_eq!(call().await_status(429).await.code(), "RATE_LIMITED");
}
