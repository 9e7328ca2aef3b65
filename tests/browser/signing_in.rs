//! Signing in with the issuer, and signing out.

use std::sync::Arc;

use serde_json::json;

use crate::{browser::Browser, environment::SUPPORT, visit::Visit};

const PAGE: &str = "/dashboard/api-keys";

pub async fn a_sign_in_leads_from_the_dashboard_through_the_issuer_and_back(visit: Arc<Visit>) {
    let browser = visit.browser().await;
    browser.go("/dashboard").await;
    browser.see("#as-kim").await;
    assert!(browser.place().await.starts_with(&browser.issuer));
    let marked = "Development only: this stands in for Huudis, anyone can be anyone.";
    browser.read("body", marked).await;

    browser.sign_in_here("usr_dewi", &visit.workspace).await;
    let who = browser.text("#who").await;
    assert!(
        who.contains("Dewi Lestari") && who.contains(&visit.workspace),
        "{who}"
    );
    // Neither the code nor the state stays in the address.
    assert_eq!(browser.place().await, PAGE);
    assert_eq!(browser.cookie("suppuo_sign_in").await, None);

    let session = browser.session_cookie().await;
    assert_eq!(session.http_only(), Some(true));
    assert_eq!(
        session.same_site().map(|same| same.to_string()),
        Some("Lax".to_owned())
    );
    assert_eq!(session.path(), Some("/"));
    let readable = browser.run("return document.cookie", Vec::new()).await;
    assert!(
        !readable.as_str().unwrap().contains("session"),
        "{readable}"
    );
}

pub async fn a_prepared_person_signs_in_with_one_click(visit: Arc<Visit>) {
    let browser = visit.browser().await;
    browser.go(PAGE).await;
    browser.click("#as-kim").await;
    let who = browser.text("#who").await;
    assert!(who.contains("Kim") && who.contains("acc_dev"), "{who}");
}

pub async fn a_refused_sign_in_ends_on_a_page_that_says_so(visit: Arc<Visit>) {
    let browser = visit.browser().await;
    browser.go(PAGE).await;
    browser.click("#refuse").await;
    problem_page(&browser).await;
    browser.click("#try-again").await;
    browser.sign_in_here("usr_dewi", &visit.workspace).await;
    browser.see("#who").await;
    assert_eq!(browser.place().await, PAGE);
}

pub async fn a_sign_in_without_a_workspace_ends_on_a_page_that_says_so(visit: Arc<Visit>) {
    let browser = visit.browser().await;
    browser.go(PAGE).await;
    browser.sign_in_here("usr_dewi", "").await;
    problem_page(&browser).await;
}

async fn problem_page(browser: &Browser) {
    browser.see("#try-again").await;
    browser.see("h1").await;
    assert!(browser.text(".request-id").await.starts_with("req_"));
    // Neither the code nor the state stays in the address.
    let place = browser.place().await;
    assert!(
        !place.contains("code=") && !place.contains("state="),
        "{place}"
    );
    let support = browser.attribute(".support", "href").await;
    assert_eq!(support.as_deref(), Some(SUPPORT));
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
    let status = browser.run(status, Vec::new()).await;
    assert!(
        status
            .as_u64()
            .is_some_and(|status| (400..500).contains(&status)),
        "{status}"
    );
    browser
        .expect_in_console(&format!("status of {status}"))
        .await;
}

pub async fn signing_out_ends_the_session(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    let session = browser.session_cookie().await;
    let cookie = format!("{}={}", session.name(), session.value());
    let status = async |path| {
        let answer = visit.api.get(path, ("cookie", &cookie)).await;
        answer.status().as_u16()
    };
    assert_eq!(status("/api/v1/auth/me").await, 200);
    assert_eq!(status(PAGE).await, 200);

    browser.click("#sign-out-button").await;
    browser.see("#sign-in-again").await;
    assert_eq!(browser.place().await, "/dashboard/signed-out");
    assert_eq!(browser.cookie(session.name()).await, None);
    assert_eq!(status("/api/v1/auth/me").await, 401);
    assert_eq!(status("/api/v1/api-keys").await, 401);
    assert_eq!(status(PAGE).await, 302);

    // Neither a new sign-in nor the page's address leads back into the session.
    browser.click("#sign-in-again").await;
    browser.see("#as-kim").await;
    browser.go(PAGE).await;
    browser.see("#as-kim").await;
}

pub async fn signing_in_to_another_workspace_in_another_tab_is_noticed_in_this_one(
    visit: Arc<Visit>,
) {
    let created = visit.api.create(&visit.workspace, "Kept").await;
    let browser = visit.signed_in().await;
    browser.open_tab().await;
    browser.go("/dashboard").await;
    browser.click("#sign-out-button").await;
    browser.click("#sign-in-again").await;
    let another = Visit::another_workspace();
    browser.sign_in_here("usr_dewi", &another).await;
    browser.see("#empty").await;
    browser.close_tab().await;

    // A write in this tab is meant for the workspace that this tab shows.
    browser.click("button.revoke").await;
    browser.click("#revoke-confirm").await;
    browser.read("#revoke-problem", "another workspace").await;
    browser.click("#revoke-cancel").await;
    browser.click("#create").await;
    browser.fill("#name", "Elsewhere").await;
    browser.click("#create-submit").await;
    browser.read("#create-problem", "another workspace").await;
    for _ in ["revoke", "create"] {
        browser.expect_in_console("status of 409").await;
    }
    browser.reload().await;
    browser.see("#empty").await;
    let key = created["key"].as_str().unwrap();
    assert_eq!(visit.api.status_with(key).await, 200);
}

pub async fn signing_out_in_another_tab_is_noticed_in_this_one(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    browser.open_tab().await;
    browser.go("/dashboard").await;
    browser.click("#sign-out-button").await;
    browser.see("#sign-in-again").await;
    browser.close_tab().await;

    browser.click("#create").await;
    browser.fill("#name", "Too late").await;
    browser.click("#create-submit").await;
    browser.expect_in_console("status of 401").await;
    browser.see(".problem .request-id").await;
    browser.click(".problem .way-on a").await;
    browser.sign_in_here("usr_dewi", &visit.workspace).await;
    browser.see("#empty").await;
    assert_eq!(browser.place().await, PAGE);
    // The name that was typed is still there, but only once.
    browser.see("#create-dialog").await;
    assert_eq!(browser.value("#name").await, "Too late");
    browser.await_focus("#name").await;
    browser.click("#create-submit").await;
    browser.see("#new-key").await;
    browser.reload().await;
    browser.see("#keys").await;
    browser.see_no("#create-dialog").await;

    // After a sign-in to another workspace, the name is not there.
    browser
        .devtools("Network.clearBrowserCookies", json!({}))
        .await;
    browser.click("#create").await;
    browser.fill("#name", "Not for them").await;
    browser.click("#create-submit").await;
    browser.expect_in_console("status of 401").await;
    browser.click(".problem .way-on a").await;
    browser
        .sign_in_here("usr_kim", &Visit::another_workspace())
        .await;
    browser.see("#empty").await;
    browser.see_no("#create-dialog").await;
}
