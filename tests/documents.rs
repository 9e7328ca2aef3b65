//! The documents that are the same for everyone: the API reference, and whom to tell about a security problem.

use serde_json::Value;

use crate::app::App;

#[tokio::test]
async fn the_api_reference_is_served_as_json_and_as_a_page() {
    let app = App::start().await;
    let json = app
        .call("GET", "/api/v1/openapi.json")
        .await_status(200)
        .await;
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert_eq!(json.header("cache-control"), Some("public, max-age=300"));
    let document: Value = serde_json::from_str(&json.text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/v1/tickets"]["get"].is_object());

    let page = app.call("GET", "/docs").await_status(200).await;
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text.contains("List and search tickets"));
    assert_eq!(app.operations(), []);
}

#[tokio::test]
async fn the_pages_lead_to_the_reference() {
    let app = App::start().await;
    for path in ["/docs", "/dashboard/signed-out"] {
        let page = app.call("GET", path).await_status(200).await;
        for link in ["href=\"/docs\"", "href=\"/api/v1/openapi.json\""] {
            assert!(page.text.contains(link), "{path}: {link}");
        }
    }
}

#[tokio::test]
async fn security_txt_names_the_deployments_contact_if_there_is_one() {
    let path = "/.well-known/security.txt";
    let app = App::start().await;
    let none = app.call("GET", path).await_status(404).await;
    assert_eq!(none.code(), "NOT_FOUND");

    let app = App::builder()
        .setting("SUPPORT_URL", "mailto:help@example.com")
        .start()
        .await;
    let file = app.call("GET", path).await_status(200).await;
    assert_eq!(
        file.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let head = app.call("HEAD", path).await_status(200).await;
    assert_eq!(head.header("content-type"), file.header("content-type"));
    let line = |name: &str| {
        let mut lines = file.text.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .to_owned()
    };
    assert_eq!(line("Contact: "), "mailto:help@example.com");
    assert_eq!(
        line("Canonical: "),
        "https://api.example.test/.well-known/security.txt"
    );
    // RFC 9116, section 2.5.5: a time to come, as in RFC 3339.
    let expires = line("Expires: ");
    assert!(
        expires.ends_with('Z') && expires > shared::Timestamp::now().to_string(),
        "{expires}"
    );
    assert_eq!(app.operations(), []);
}
