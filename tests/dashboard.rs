//! The page of API keys, as far as it can be tested without a browser. `tests/browser` uses a real one.

use std::collections::BTreeSet;

use crate::app::{
    App,
    resources::text,
    response::Response,
    sign_in::{CALLBACK, SESSION},
};

pub const PAGE: &str = "/dashboard/api-keys";

pub async fn page(app: &App, session: &str) -> Response {
    let page = app
        .call("GET", PAGE)
        .cookie(SESSION, session)
        .await_status(200)
        .await;
    assert!(page.is_page());
    page
}

/// The paths of the assets that the page refers to.
fn assets(page: &Response) -> BTreeSet<String> {
    let parts = page.text.split('"');
    let assets = parts.filter(|part| part.starts_with("/dashboard/assets/"));
    assets.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_visitor_without_a_session_is_redirected_to_the_sign_in() {
    let app = App::start().await;
    let dashboard = app.call("GET", "/dashboard").await_status(302).await;
    assert_eq!(dashboard.header("location"), Some(PAGE));
    let ended = app.sign_in("acc_a").await;
    let logout = app.call("POST", "/api/v1/auth/logout").session(&ended);
    logout.await_status(200).await;
    for cookie in ["", "x", &ended] {
        let sent = app
            .call("GET", PAGE)
            .cookie(SESSION, cookie)
            .await_status(302)
            .await;
        let start = "/api/v1/auth/huudis/start?returnTo=%2Fdashboard%2Fapi-keys";
        assert_eq!(sent.header("location"), Some(start));
    }
    let started = app
        .start_sign_in()
        .query("returnTo=%2Fdashboard%2Fapi-keys");
    started.await_status(302).await;
}

#[tokio::test]
async fn the_page_has_strict_security_headers() {
    let app = App::start().await;
    let page = page(&app, &app.sign_in("acc_a").await).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe") && policy.contains("default-src 'none'"));
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("http"));
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=31536000"),
    ] {
        assert_eq!(page.header(name), Some(value));
    }
    assert_eq!(page.header("access-control-allow-origin"), None);
    assert!(page.limit_header("remaining").is_some());
}

#[tokio::test]
async fn the_page_has_three_assets_that_may_be_cached_forever() {
    let app = App::start().await;
    let page = page(&app, &app.sign_in("acc_a").await).await;
    let paths = assets(&page);
    assert_eq!(paths.len(), 3, "{paths:?}");
    let mut bytes = page.text.len();
    for path in &paths {
        let file = app.call("GET", path).await_status(200).await;
        assert_eq!(
            file.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
        bytes += file.text.len();
        let changed = path.replace("portal.", "portal.0");
        app.call("GET", &changed).await_status(404).await;
    }
    assert!(bytes <= 40 * 1024, "{bytes} bytes");
    app.call("GET", "/dashboard/assets/..%2f..%2fCargo.toml")
        .await_status(404)
        .await;
}

#[tokio::test]
async fn every_page_has_the_icon_and_links_to_the_key_page() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    let signed_out = app.call("GET", "/dashboard/signed-out");
    let problem = app.call("GET", CALLBACK).header("accept", "text/html");
    for page in [
        page(&app, &session).await,
        signed_out.await_status(200).await,
        problem.await_status(400).await,
    ] {
        let icon = page
            .text
            .split("<link rel=\"icon\" type=\"image/svg+xml\" href=\"");
        let icon = icon.last().unwrap().split('"').next().unwrap();
        let file = app.call("GET", icon).await_status(200).await;
        assert_eq!(file.header("content-type"), Some("image/svg+xml"));
        assert!(file.text.starts_with("<svg "));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("img-src 'self';"), "{policy}");
        assert!(
            page.text
                .contains("class=\"brand\" href=\"/dashboard/api-keys\"")
        );
        for language in ["en", "id"] {
            assert!(page.text.contains(&format!("hreflang=\"{language}\"")));
        }
    }
}

#[tokio::test]
async fn the_create_button_is_disabled_at_100_keys() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    let token = app.token("acc_a");
    let is_full = |page: &Response| {
        let button = page.text.split(" id=\"create\"").nth(1).unwrap();
        button
            .split('>')
            .next()
            .unwrap()
            .contains("aria-disabled=\"true\"")
    };
    for _ in 0..99 {
        app.create("x").bearer(&token).await_status(201).await;
    }
    assert!(!is_full(&page(&app, &session).await));
    app.create("x").bearer(&token).await_status(201).await;
    assert!(is_full(&page(&app, &session).await));
}

#[tokio::test]
async fn the_page_lists_only_the_workspaces_keys_newest_first() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    let mut ids = Vec::new();
    for name in ["<script>alert(1)</script>", "\" onmouseover=\"x", "last"] {
        let created = app.create(name).session(&session).await_status(201).await;
        ids.push(text(created.data(), "id"));
        let key = text(created.data(), "key");
        assert!(
            !page(&app, &session).await.text.contains(&key[..20]),
            "not the key"
        );
    }
    let (foreign, _) = app.new_key("acc_b").await;
    let page = page(&app, &session).await.text;
    let at: Vec<_> = ids.iter().map(|id| page.find(id).unwrap()).collect();
    assert!(at.is_sorted_by(|a, b| a > b), "newest first");
    assert!(!page.contains(&foreign));
    assert!(!page.contains("<script>alert") && !page.contains("onmouseover=\"x"));
}

#[tokio::test]
async fn the_language_is_the_browsers_until_one_is_chosen() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    let call = || app.call("GET", PAGE).cookie(SESSION, &session);
    let is_in = |page: &Response, language: &str| {
        let start = format!("<html lang=\"{language}\"");
        assert!(page.text.contains(&start), "{}", &page.text[..100]);
    };
    is_in(&call().send().await, "en");
    let browser = |languages: &str| call().header("accept-language", languages);
    is_in(&browser("id-ID,id;q=0.9,en;q=0.8").send().await, "id");
    is_in(&browser("fr,en;q=0.8,id;q=0.7").send().await, "en");
    let chosen = browser("en").query("lang=id").send().await;
    is_in(&chosen, "id");
    let cookie = chosen.set_cookie("__Host-suppuo_language").unwrap();
    assert!(
        cookie.starts_with("__Host-suppuo_language=id; ") && cookie.contains("Max-Age=31536000")
    );
    is_in(
        &browser("en")
            .cookie("__Host-suppuo_language", "id")
            .send()
            .await,
        "id",
    );
    let unknown = browser("id").query("lang=xx").send().await;
    is_in(&unknown, "id");
    assert_eq!(unknown.set_cookie("__Host-suppuo_language"), None);
}

#[tokio::test]
async fn the_language_cookie_is_set_only_with_a_page() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    let shown = page(&app, &session).await;
    let file = assets(&shown).pop_first().unwrap();
    for (path, of_a_navigation) in [
        (PAGE, true),
        ("/dashboard/signed-out", true),
        ("/dashboard/assets/nope", true),
        ("/nope", true),
        ("/", true),
        (CALLBACK, true),
        // Shared caches keep an asset, so it sets no cookie.
        (&*file, false),
        ("/api/v1/tickets", false),
        ("/api/v1/health", false),
    ] {
        let call = app.call("GET", path).query("lang=id");
        let shown = call.clone().header("accept", "text/html").send().await;
        let cookie = shown.set_cookie("__Host-suppuo_language");
        assert_eq!(cookie.is_some(), of_a_navigation, "{path}");
        let answered = call.header("accept", "*/*").send().await;
        let cookie = answered.set_cookie("__Host-suppuo_language");
        assert_eq!(cookie.is_some(), answered.is_page(), "{path}");
    }
    for path in ["/nope", "/api/v1/public/nope"] {
        for method in ["GET", "POST", "OPTIONS"] {
            let answer = app.call(method, path).query("lang=id").send().await;
            assert!(!answer.is_page());
            assert_eq!(answer.set_cookie("__Host-suppuo_language"), None, "{path}");
        }
    }
}

#[tokio::test]
async fn an_authorization_header_overrides_the_session_on_the_page() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    let (id, key) = app.new_key("acc_b").await;
    let page = app.call("GET", PAGE).cookie(SESSION, &session).bearer(&key);
    assert!(page.await_status(200).await.text.contains(&id));
    // A wrong header gets a 401, not a redirect to the sign-in.
    let wrong = || app.call("GET", PAGE).cookie(SESSION, &session).bearer("x");
    assert_eq!(wrong().await_status(401).await.code(), "AUTH_REQUIRED");
    let told = wrong()
        .header("accept", "text/html")
        .await_status(401)
        .await;
    assert!(told.is_page() && told.text.contains(told.request_id()));
}

#[tokio::test]
async fn signing_out_by_a_form_leads_to_the_signed_out_page() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    // The page's form as a browser sends it without the script: the page has no referrer, so its origin is `null`.
    let form = app.call("POST", "/api/v1/auth/logout").session(&session);
    let form = form
        .header("origin", "null")
        .header("accept", "text/html,*/*;q=0.8");
    let sent = form.await_status(302).await;
    assert_eq!(sent.cookie(SESSION), Some(""));
    assert_eq!(sent.header("location"), Some("/dashboard/signed-out"));
    let told = app.call("GET", "/dashboard/signed-out").query("lang=id");
    let told = told.await_status(200).await;
    assert!(told.is_page() && told.text.contains("<html lang=\"id\""));
    assert!(told.header("content-security-policy").is_some());
    assert!(told.set_cookie("__Host-suppuo_language").is_some());
    app.list().session(&session).await_status(401).await;

    // A browser that is already signed out gets the same page; another client gets the error.
    let again = app.call("POST", "/api/v1/auth/logout").session(&session);
    assert_eq!(
        again.clone().await_status(401).await.code(),
        "AUTH_REQUIRED"
    );
    let again = again.header("accept", "text/html,*/*;q=0.8");
    let sent = again.await_status(302).await;
    assert_eq!(sent.header("location"), Some("/dashboard/signed-out"));
}

#[tokio::test]
async fn the_api_answers_browsers_with_the_envelope() {
    let app = App::start().await;
    for route in crate::app::ROUTES.iter() {
        let key = route.key();
        let is_portal = [
            "/dashboard",
            "/docs",
            "/huudis/",
            "/.well-known/",
            "$default",
        ];
        let is_portal = is_portal.iter().any(|part| key.contains(part));
        let call = app
            .call_of(route, "acc_a")
            .await
            .header("accept", "text/html");
        assert!(is_portal || !call.send().await.is_page(), "{key}");
    }
}
