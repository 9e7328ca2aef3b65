//! The delivery of the page: its size and its headers.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{browser::Browser, visit::Visit};

/// The maximum size of the page and its assets together, before compression.
const MOST_BYTES: u64 = 40 * 1024;

pub async fn the_first_paint_needs_at_most_40_kib(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    // A first visit has nothing in the cache.
    browser
        .devtools("Network.clearBrowserCache", json!({}))
        .await;
    browser.go("/dashboard/api-keys").await;
    browser.see("#empty").await;
    let entries = "return performance.getEntries()
        .filter(e => ['navigation', 'resource'].includes(e.entryType))
        .map(e => ({ kind: e.entryType, name: e.name, bytes: e.decodedBodySize, redirects: e.redirectCount }))";
    let entries = browser.run(entries, Vec::new()).await;
    let entries = entries.as_array().unwrap();
    let of = |kind| entries.iter().filter(move |entry| entry["kind"] == kind);
    // The first paint does not wait for the icon.
    let assets: Vec<_> = of("resource")
        .map(|entry| entry["name"].as_str().unwrap())
        .filter(|name| !name.contains(".svg"))
        .collect();
    let pages: Vec<_> = of("navigation").collect();
    assert_eq!(
        (pages.len(), &pages[0]["redirects"]),
        (1, &Value::from(0)),
        "{entries:?}"
    );
    assert!((1..=2).contains(&assets.len()), "{assets:?}");
    let bytes: u64 = entries
        .iter()
        .map(|entry| entry["bytes"].as_u64().unwrap())
        .sum();
    assert!((1..=MOST_BYTES).contains(&bytes), "{entries:?}");

    for asset in assets {
        let path = asset
            .strip_prefix(&browser.api)
            .expect("it is of the portal's own origin");
        let answer = visit.api.get(path, ("accept", "*/*")).await;
        assert_eq!(answer.status(), 200, "{asset}");
        let header = |name| answer.headers()[name].to_str().unwrap();
        let cached = header("cache-control");
        assert!(
            cached.contains("immutable") && cached.contains("max-age=31536000"),
            "{cached}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        let kind = if path.ends_with("css") {
            "text/css"
        } else {
            "text/javascript"
        };
        assert!(header("content-type").starts_with(kind), "{asset}");
    }
    let stale = visit
        .api
        .get("/dashboard/assets/portal.0000.css", ("accept", "*/*"))
        .await;
    assert_eq!(stale.status(), 404);
}

pub async fn the_page_has_strict_security_headers(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    let session = browser.session_cookie().await;
    let cookie = format!("{}={}", session.name(), session.value());
    let answer = visit
        .api
        .get("/dashboard/api-keys", ("cookie", &cookie))
        .await;
    assert_eq!(answer.status(), 200);
    let header = |name| answer.headers()[name].to_str().unwrap();
    assert!(header("content-type").starts_with("text/html"));
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("cache-control").contains("no-store"));
    assert!(header("strict-transport-security").contains("max-age="));
    assert!(header("x-request-id").starts_with("req_"));
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"), "{policy}");

    // The browser enforces the policy: an injected script does not run.
    let injected = "
        const script = document.createElement('script');
        script.textContent = 'document.title = \"owned\"';
        document.body.append(script);
        return document.title";
    let title = browser.run(injected, Vec::new()).await;
    assert!(!title.as_str().unwrap().contains("owned"));
    browser.expect_in_console("Content Security Policy").await;
}

pub async fn a_page_of_another_origin_cannot_write(visit: Arc<Visit>) {
    let created = visit.api.create(&visit.workspace, "Kept").await;
    let browser = visit.signed_in().await;
    // Another port is another origin of the same site, so the browser sends the cookie.
    let elsewhere = format!("{}/.well-known/jwks.json", browser.issuer);
    browser.go_to(&elsewhere).await;
    browser.allow_in_console("favicon.ico").await;
    let id = created["id"].as_str().unwrap();
    for (method, path, mode) in [
        ("POST", "/api/v1/api-keys", "no-cors"),
        ("POST", "/api/v1/auth/logout", "no-cors"),
        ("DELETE", &format!("/api/v1/api-keys/{id}"), "cors"),
    ] {
        send(&browser, method, path, mode).await;
    }
    for _ in ["POST", "POST"] {
        browser.expect_in_console("status of 403").await;
    }
    // The browser sends a preflight before the DELETE, and the API does not allow it.
    browser.expect_in_console("blocked by CORS policy").await;
    browser.expect_in_console("ERR_FAILED").await;

    browser.go("/dashboard/api-keys").await;
    browser.see("#keys").await;
    assert_eq!(browser.count("#keys tbody tr").await, 1);
}

async fn send(browser: &Browser, method: &str, path: &str, mode: &str) {
    let sent = "
        const [url, method, mode, done] = arguments;
        const body = method == 'POST' ? JSON.stringify({ name: 'Forged' }) : undefined;
        fetch(url, { method, mode, body, credentials: 'include' }).then(() => done(1), () => done(0))";
    let url = format!("{}{path}", browser.api);
    let arguments = vec![url.into(), method.into(), mode.into()];
    browser.run_async(sent, arguments).await;
}
