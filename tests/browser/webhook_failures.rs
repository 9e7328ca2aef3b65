//! What the page of webhooks shows when the API refuses a call or does not answer.

use std::sync::Arc;

use serde_json::json;

use crate::{
    accessibility,
    failures::{block, offline},
    keys::close_unsaved,
    receiver::Receiver,
    visit::Visit,
    webhooks::{PAGE, UNUSED, add, button, opened},
};

pub async fn the_21st_endpoint_is_refused(visit: Arc<Visit>) {
    let workspace = &visit.workspace;
    for _ in 0..19 {
        visit.api.add_endpoint(workspace, UNUSED).await;
    }
    let browser = opened(&visit).await;
    visit.api.add_endpoint(workspace, UNUSED).await;
    browser.click("#create").await;
    browser.fill("#url", UNUSED).await;
    browser.click("#create-submit").await;
    browser.expect_in_console("status of 409").await;
    browser
        .read("#create-problem", "there are already 20")
        .await;
    browser.read("#create-problem .request-id", "req_").await;
    browser.click("#create-cancel").await;
    browser.see_no("#full").await;
    // Once the page knows of all of them, it says so before anyone types a URL.
    browser.reload().await;
    browser.click("#create").await;
    browser.await_focus("#full").await;
    browser.see_no("#create-dialog").await;
    accessibility::check(&visit, &browser, "twenty endpoints").await;
    // A deletion makes room for an endpoint.
    browser.click(&button("delete")).await;
    browser.click("#delete-confirm").await;
    browser.see_no("#full").await;
    add(&browser, UNUSED).await;
    close_unsaved(&browser).await;
    browser.see("#full").await;
}

pub async fn what_is_refused_is_said_at_the_endpoint(visit: Arc<Visit>) {
    let receiver = Receiver::start(410).await;
    let workspace = &visit.workspace;
    let id = visit.api.add_endpoint(workspace, &receiver.url).await;
    visit.api.fail_a_delivery(workspace, &id).await;
    let browser = opened(&visit).await;
    browser.click(&button("deliveries")).await;
    browser.see(&button("again")).await;
    // Meanwhile somebody pauses the endpoint.
    browser.open_tab().await;
    browser.go(PAGE).await;
    browser.click(&button("pause")).await;
    browser.see(&button("resume")).await;
    browser.close_tab().await;
    browser.click(&button("again")).await;
    browser.expect_in_console("status of 409").await;
    browser
        .read(".endpoint .problem", "the endpoint is paused")
        .await;
    browser.read(".endpoint .problem .request-id", "req_").await;
    accessibility::check(&visit, &browser, "a refusal at an endpoint").await;

    offline(&browser, true).await;
    browser.click(&button("test")).await;
    browser.expect_in_console("ERR_INTERNET_DISCONNECTED").await;
    browser
        .read(".endpoint .problem", "could not be reached")
        .await;
    offline(&browser, false).await;
    browser
        .devtools("Network.clearBrowserCookies", json!({}))
        .await;
    browser.click(&button("pause")).await;
    browser.expect_in_console("status of 401").await;
    browser.click(".endpoint .problem .way-on a").await;
    browser.sign_in_here("usr_dewi", workspace).await;
    browser.see(&button("resume")).await;
    assert_eq!(browser.place().await, PAGE);
}

pub async fn a_typed_url_survives_signing_in_again(visit: Arc<Visit>) {
    let browser = opened(&visit).await;
    browser
        .devtools("Network.clearBrowserCookies", json!({}))
        .await;
    browser.click("#create").await;
    browser.fill("#url", UNUSED).await;
    browser.click("#create-submit").await;
    browser.expect_in_console("status of 401").await;
    browser.click("#create-problem .way-on a").await;
    browser.sign_in_here("usr_dewi", &visit.workspace).await;
    browser.await_focus("#create-dialog #url").await;
    assert_eq!(browser.value("#url").await, UNUSED);
    browser.click("#create-submit").await;
    close_unsaved(&browser).await;
    browser.reload().await;
    browser.see(".endpoint").await;
    browser.see_no("#create-dialog").await;
}

/// The API may have done what it did not answer.
pub async fn a_lost_secret_is_reported(visit: Arc<Visit>) {
    visit.api.add_endpoint(&visit.workspace, UNUSED).await;
    let browser = opened(&visit).await;
    browser.devtools("Network.enable", json!({})).await;
    block(&browser, &["*/api/v1/webhook-subscriptions*"]).await;
    browser.click("#create").await;
    browser.fill("#url", UNUSED).await;
    browser.click("#create-submit").await;
    browser
        .read(
            "#create-problem",
            "We cannot tell whether the endpoint was added",
        )
        .await;
    browser.click("#create-cancel").await;
    browser.click(&button("rotate")).await;
    browser.click("#rotate-confirm").await;
    browser
        .read(
            "#rotate-problem",
            "We cannot tell whether there is a new secret",
        )
        .await;
}

pub async fn without_its_script_the_page_says_so(visit: Arc<Visit>) {
    visit.api.add_endpoint(&visit.workspace, UNUSED).await;
    let browser = visit.signed_in().await;
    browser.devtools("Network.enable", json!({})).await;
    block(&browser, &["*.js"]).await;
    browser.go(PAGE).await;
    browser
        .read("#script-missing", "Part of this page did not load")
        .await;
    accessibility::check(&visit, &browser, "the page without its script").await;
    browser.see_no("#create").await;
    browser.see_no(&button("test")).await;
    assert_eq!(browser.text(".url").await, UNUSED);

    block(&browser, &[]).await;
    browser.click("#script-missing a").await;
    browser.see("#create").await;
    browser.see_no("#script-missing").await;
}
