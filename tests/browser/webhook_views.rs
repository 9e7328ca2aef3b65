//! Every view of the page of webhooks, once in each language and each colour scheme, as in `views.rs`.

use std::sync::Arc;

use crate::{
    receiver::Receiver,
    views::View,
    visit::Visit,
    webhook_deliveries::IS_SWITCHED_OFF,
    webhooks::{PAGE, add, button},
};

pub async fn in_english_light_every_view_is_accessible(visit: Arc<Visit>) {
    take_all(&visit, "en", false).await;
}

pub async fn in_indonesian_dark_every_view_is_accessible(visit: Arc<Visit>) {
    take_all(&visit, "id", true).await;
}

async fn take_all(visit: &Visit, language: &'static str, dark: bool) {
    let view = View::open(visit, language, dark).await;
    let browser = &view.browser;
    let take = async |what: &str| view.take(&format!("webhooks-{what}")).await;
    browser.sign_in(&visit.workspace).await;
    browser.go(PAGE).await;
    browser.see(&format!("html[lang={language}] #empty")).await;
    browser.click("#verify > summary").await;
    take("none").await;

    browser.click("#create").await;
    browser.click("#only-these").await;
    browser.click("#create-submit").await;
    browser.see("#create-problem *").await;
    take("adding").await;
    browser.click("#create-cancel").await;
    let receiver = Receiver::start(410).await;
    add(browser, &receiver.url).await;
    browser.click("#created-done").await;
    browser.see("#created-saved").await;
    take("secret").await;
    browser.click("#created-saved").await;
    browser.see_no("#created-dialog").await;
    browser.click(&button("deliveries")).await;
    visit.api.create(&visit.workspace, "Raises an event").await;
    browser.until("it is switched off", IS_SWITCHED_OFF).await;
    let longest = format!("https://shop.example/{}", "W".repeat(300));
    visit.api.add_endpoint(&visit.workspace, &longest).await;
    browser.reload().await;
    browser.click(&button("pause")).await;
    browser.see(&button("resume")).await;
    let failing = Receiver::start(500).await;
    let id = visit.api.add_endpoint(&visit.workspace, &failing.url).await;
    visit.api.create(&visit.workspace, "Raises an event").await;
    failing.next().await;
    visit.api.test_endpoint(&visit.workspace, &id).await;
    browser.reload().await;
    browser.click(&button("deliveries")).await;
    browser.see(".delivery:nth-child(2)").await;
    browser.click(".delivery:nth-child(1) summary").await;
    browser.click(".delivery:nth-child(2) summary").await;
    browser.click(&button("test")).await;
    browser.see(".result.failed").await;
    browser.see(".delivery:nth-child(3)").await;
    take("list").await;

    for action in ["rotate", "delete", "recover"] {
        browser.click(&button(action)).await;
        browser.see(&format!("#{action}-dialog")).await;
        take(action).await;
        browser.click(&format!("#{action}-cancel")).await;
        browser.see_no(&format!("#{action}-dialog")).await;
    }
}
