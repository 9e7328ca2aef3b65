//! What the page shows when the API refuses a call or does not answer.

use std::sync::Arc;

use serde_json::json;

use crate::{
    accessibility,
    browser::{Browser, Profile},
    environment::SUPPORT,
    keys,
    visit::Visit,
};

pub async fn the_101st_key_is_refused_with_a_request_id(visit: Arc<Visit>) {
    let names = (1..100).map(|number| format!("Key {number}"));
    visit.api.create_all(&visit.workspace, names).await;
    let browser = visit.signed_in().await;
    visit.api.create(&visit.workspace, "The hundredth").await;
    browser.click("#create").await;
    browser.fill("#name", "One too many").await;
    browser.click("#create-submit").await;
    browser.expect_in_console("status of 409").await;
    browser.see("#create-problem .request-id").await;
    browser.read("#create-problem", "100").await;
    browser.read("#create-problem .request-id", "req_").await;
    browser.click("#create-cancel").await;
    browser.see_no("#create-dialog").await;
    // Once the page knows of the hundred keys, it says so before anyone types a name.
    browser.see_no("#full").await;
    browser.reload().await;
    browser.read("#full", "100 keys").await;
    assert_eq!(browser.count("#keys tbody tr").await, 100);
    let full = ["aria-disabled", "aria-describedby"];
    for (attribute, value) in full.into_iter().zip(["true", "full"]) {
        assert_eq!(
            browser.attribute("#create", attribute).await.as_deref(),
            Some(value)
        );
    }
    browser.click("#create").await;
    browser.await_focus("#full").await;
    browser.see_no("#create-dialog").await;
    accessibility::check(&visit, &browser, "a hundred keys").await;
    browser.go("/dashboard/api-keys?lang=id").await;
    browser.read("#full", "100 kunci").await;
    // A revocation makes room for a key.
    browser.click("button.revoke").await;
    browser.click("#revoke-confirm").await;
    browser.see_no("#full").await;
    browser.click("#create").await;
    browser.fill("#name", "The hundredth again").await;
    browser.click("#create-submit").await;
    keys::close_unsaved(&browser).await;
    browser.see("#full").await;
}

pub async fn a_key_that_was_already_revoked_leaves_the_list(visit: Arc<Visit>) {
    let created = visit.api.create(&visit.workspace, "Gone").await;
    visit.api.create(&visit.workspace, "Kept").await;
    let browser = visit.signed_in().await;
    let id = created["id"].as_str().unwrap();
    visit.api.revoke(&visit.workspace, id).await;
    browser
        .click(&format!("[data-id={id}] button.revoke"))
        .await;
    browser.click("#revoke-confirm").await;
    browser.expect_in_console("status of 404").await;
    browser.see_no(&format!("[data-id={id}]")).await;
    browser.see_no("#revoke-dialog").await;
    assert_eq!(browser.count("#keys tbody tr").await, 1);
}

pub async fn an_unreachable_api_is_reported(visit: Arc<Visit>) {
    let unreachable = "Suppuo could not be reached. Nothing was changed.";
    cannot_be_reached(&visit, "en", unreachable).await;
    let unreachable = "Suppuo tidak dapat dihubungi. Tidak ada yang diubah.";
    cannot_be_reached(&visit, "id", unreachable).await;
}

async fn cannot_be_reached(visit: &Visit, languages: &'static str, unreachable: &str) {
    let workspace = Visit::another_workspace();
    visit.api.create(&workspace, "Kept").await;
    let profile = Profile {
        languages,
        ..Profile::default()
    };
    let browser = visit.browser_with(profile).await;
    browser.sign_in(&workspace).await;
    // The dialogs have a script of their own.
    offline(&browser, true).await;
    browser.click("#create").await;
    browser.read("#problem", unreachable).await;
    browser.expect_in_console("ERR_INTERNET_DISCONNECTED").await;
    offline(&browser, false).await;
    browser.click("#create").await;
    browser.see_no("#problem *").await;
    browser.click("#create-cancel").await;
    offline(&browser, true).await;
    for (button, dialog) in [("#create", "create"), ("button.revoke", "revoke")] {
        browser.click(button).await;
        if dialog == "create" {
            browser.fill("#name", "Unreachable").await;
            browser.click("#create-submit").await;
        } else {
            browser.click("#revoke-confirm").await;
        }
        browser.expect_in_console("ERR_INTERNET_DISCONNECTED").await;
        let problem = format!("#{dialog}-problem");
        browser.read(&problem, unreachable).await;
        // Without a response there is no request id.
        browser.see_no(&format!("{problem} .request-id")).await;
        browser.click(&format!("#{dialog}-cancel")).await;
        browser.see_no(&format!("#{dialog}-dialog")).await;
    }
    offline(&browser, false).await;
    assert_eq!(browser.count("#keys tbody tr").await, 1);
    browser.click("#create").await;
    browser.see_no("#create-problem *").await;
    browser.fill("#name", "Reachable again").await;
    browser.click("#create-submit").await;
    browser.see("#new-key").await;
}

/// The API may have done what it did not answer.
pub async fn a_lost_response_is_reported_as_an_unknown_outcome(visit: Arc<Visit>) {
    visit.api.create(&visit.workspace, "Kept").await;
    let browser = visit.signed_in().await;
    browser.devtools("Network.enable", json!({})).await;
    block(&browser, &["*/api/v1/api-keys*"]).await;
    browser.click("#create").await;
    browser.fill("#name", "Perhaps").await;
    browser.click("#create-submit").await;
    browser
        .read(
            "#create-problem",
            "We cannot tell whether the key was created",
        )
        .await;
    browser.click("#create-cancel").await;
    browser.click("button.revoke").await;
    browser.click("#revoke-confirm").await;
    browser
        .read(
            "#revoke-problem",
            "we cannot tell whether your change was made",
        )
        .await;
}

/// The message says first what to do, and then where to write to and what to quote.
pub async fn an_error_is_reported_with_a_link_to_support(visit: Arc<Visit>) {
    let english = [
        "Someone has signed in to another workspace",
        "You are no longer signed in. Nothing was changed.",
        "Write to us and quote req_",
    ];
    refused(&visit, "en", english).await;
    let indonesian = [
        "Seseorang sudah masuk ke ruang kerja lain",
        "Sesi Anda sudah berakhir. Tidak ada yang diubah.",
        "Hubungi kami dan sebutkan req_",
    ];
    refused(&visit, "id", indonesian).await;
}

async fn refused(visit: &Visit, languages: &'static str, told: [&str; 3]) {
    let [another_workspace, signed_out, write_to_us] = told;
    let profile = Profile {
        languages,
        ..Profile::default()
    };
    let browser = visit.browser_with(profile).await;
    browser.sign_in(&visit.workspace).await;
    let order =
        "return [...document.querySelectorAll('#create-problem p')].map(e => e.className).join()";
    browser.click("#create").await;
    browser.fill("#name", "Refused").await;

    // The same happens when somebody signs in to another workspace in another tab.
    let show_another = "const { dataset } = document.getElementById('words');
        const { workspace } = dataset;
        dataset.workspace = arguments[0];
        return workspace";
    let workspace = browser.run(show_another, vec!["acc_another".into()]).await;
    browser.click("#create-submit").await;
    browser.expect_in_console("status of 409").await;
    browser.read("#create-problem", another_workspace).await;
    assert_eq!(browser.run(order, Vec::new()).await, "what,quiet");
    browser.run(show_another, vec![workspace]).await;

    browser
        .devtools("Network.clearBrowserCookies", json!({}))
        .await;
    browser.click("#create-submit").await;
    browser.expect_in_console("status of 401").await;
    browser.read("#create-problem", signed_out).await;
    assert_eq!(browser.run(order, Vec::new()).await, "what,way-on,quiet");
    browser.await_focus("#create-problem .way-on a").await;
    let support = browser.attribute("#create-problem .support", "href").await;
    assert_eq!(support.as_deref(), Some(SUPPORT));
    browser.read("#create-problem .quiet", write_to_us).await;
    for dark in [false, true] {
        browser.set_dark(dark).await;
        accessibility::check(visit, &browser, "a refusal").await;
    }
}

pub async fn a_script_that_fails_to_load_is_reported(visit: Arc<Visit>) {
    visit.api.create(&visit.workspace, "Kept").await;
    let browser = visit.browser().await;
    browser.devtools("Network.enable", json!({})).await;
    block(&browser, &["*.js"]).await;
    browser.sign_in(&visit.workspace).await;
    browser.see("#script-missing").await;
    accessibility::check(&visit, &browser, "the page without its script").await;
    // Controls that need the script are hidden.
    browser.see_no("#create").await;
    browser.see_no("button.revoke").await;
    assert_eq!(browser.count("#keys tbody tr").await, 1);

    block(&browser, &[]).await;
    browser.click("#script-missing a").await;
    browser.see("#create").await;
    browser.see_no("#script-missing").await;
}

pub async fn block(browser: &Browser, urls: &[&str]) {
    let urls = json!({ "urls": urls });
    browser.devtools("Network.setBlockedURLs", urls).await;
}

pub async fn offline(browser: &Browser, offline: bool) {
    browser.devtools("Network.enable", json!({})).await;
    browser
        .devtools(
            "Network.emulateNetworkConditions",
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 }),
        )
        .await;
}

pub async fn a_blank_name_is_refused(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    browser.click("#create").await;
    browser.fill("#name", "   ").await;
    browser.click("#create-submit").await;
    browser.read("#create-problem", "120").await;
    browser.await_focus("#name").await;
    browser.fill("#name", "Named").await;
    browser.click("#create-submit").await;
    browser.see("#new-key").await;
}
