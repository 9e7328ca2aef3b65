//! The product's two languages.

use std::sync::Arc;

use crate::{
    browser::{Browser, Profile},
    visit::Visit,
};

pub async fn come_from_the_browser_and_from_the_switch(visit: Arc<Visit>) {
    let indonesian = Profile {
        languages: "id-ID,id,en",
        ..Profile::default()
    };
    let browser = visit.browser_with(indonesian).await;
    browser.sign_in(&visit.workspace).await;
    speaks(&browser, "id", "Kunci API").await;
    browser.click("a[hreflang=en]").await;
    speaks(&browser, "en", "API keys").await;

    // It is remembered, also by what comes after the next sign-in.
    browser.go("/dashboard").await;
    speaks(&browser, "en", "API keys").await;
    browser.click("#sign-out-button").await;
    browser.click("#sign-in-again").await;
    browser.sign_in_here("usr_dewi", &visit.workspace).await;
    speaks(&browser, "en", "API keys").await;
    browser.click("a[hreflang=id]").await;
    speaks(&browser, "id", "Kunci API").await;

    browser.click("#create").await;
    browser.fill("#name", "Toko").await;
    browser.click("#create-submit").await;
    browser.click("#created-done").await;
    browser.read("#status", "Toko").await;
    let status = browser.text("#status").await;
    assert!(!status.contains("created"), "{status}");
    browser.click("#sign-out-button").await;
    browser.see("#sign-in-again").await;
    assert!(!browser.text("main").await.contains("signed out"));
    browser.click("a[hreflang=en]").await;
    browser.read("main", "signed out").await;
}

pub async fn other_than_ours_are_english(visit: Arc<Visit>) {
    let french = Profile {
        languages: "fr",
        ..Profile::default()
    };
    let browser = visit.browser_with(french).await;
    browser.sign_in(&visit.workspace).await;
    speaks(&browser, "en", "API keys").await;
}

async fn speaks(browser: &Browser, language: &str, heading: &str) {
    browser.see(&format!("html[lang={language}] #who")).await;
    assert_eq!(browser.text("h1").await, heading);
    let current = format!("a[hreflang={language}][aria-current]");
    assert_eq!(browser.count("a[aria-current]").await, 1);
    browser.see(&current).await;
}
