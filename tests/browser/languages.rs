//! The portal's two languages.

use std::sync::Arc;

use crate::{
    browser::{Browser, ESCAPE, Profile},
    visit::Visit,
};

pub async fn the_language_comes_from_the_browser_and_from_the_switch(visit: Arc<Visit>) {
    let indonesian = Profile {
        languages: "id-ID,id,en",
        ..Profile::default()
    };
    let browser = visit.browser_with(indonesian).await;
    browser.sign_in(&visit.workspace).await;
    speaks(&browser, "id", "Kunci API").await;
    browser.click("a[hreflang=en]").await;
    speaks(&browser, "en", "API keys").await;

    // The language is remembered, also after the next sign-in.
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
    browser.see("#new-key").await;
    browser.press(&ESCAPE.to_string()).await;
    browser.read("#not-saved", "belum menyalin").await;
    browser
        .read("#created-saved", "Saya sudah menyimpan kunci")
        .await;
    browser.click("#created-saved").await;
    browser.read("#status", "Toko").await;
    let status = browser.text("#status").await;
    assert!(!status.contains("created"), "{status}");
    browser.click("#sign-out-button").await;
    browser.see("#sign-in-again").await;
    assert!(!browser.text("main").await.contains("signed out"));
    browser.click("a[hreflang=en]").await;
    browser.read("main", "signed out").await;
}

/// The page shows the same error of the same request in the other language, and after a reload.
pub async fn the_language_of_an_error_page_can_be_changed(visit: Arc<Visit>) {
    let browser = visit.browser().await;
    // Each sign-in fails once. Showing the error again is not another failure.
    for (workspace, english, indonesian) in [
        (
            None,
            "You could not be signed in",
            "Anda belum berhasil masuk",
        ),
        (
            Some(""),
            "Your account has no workspace",
            "Akun Anda tidak memiliki ruang kerja",
        ),
    ] {
        browser.go("/dashboard/api-keys?lang=en").await;
        match workspace {
            None => browser.click("#refuse").await,
            Some(workspace) => browser.sign_in_here("usr_dewi", workspace).await,
        }
        browser.read("h1", english).await;
        browser.expect_in_console("status of 40").await;
        let id = browser.text(".request-id").await;
        assert!(id.starts_with("req_"), "{id}");
        // The issuer's parameters are neither in the address nor in the history.
        let place = browser.place().await;
        for secret in ["code=", "state=", "iss="] {
            assert!(!place.contains(secret), "{place}");
        }
        for (language, title) in [("id", indonesian), ("en", english)] {
            browser.click(&format!("a[hreflang={language}]")).await;
            browser
                .see(&format!("html[lang={language}] #try-again"))
                .await;
            assert_eq!(browser.text("h1").await, title);
            browser.reload().await;
            assert_eq!(browser.text("h1").await, title);
            assert_eq!(browser.text(".request-id").await, id);
        }
        browser.click(".brand").await;
        browser.see("#as-kim").await;
    }
}

pub async fn other_languages_fall_back_to_english(visit: Arc<Visit>) {
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
