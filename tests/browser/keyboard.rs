//! Use with the keyboard alone: Tab reaches every control, and the focus stays in an open dialog and returns after it.

use std::{sync::Arc, time::Duration};

use crate::{
    browser::{Browser, DOWN, ENTER, ESCAPE, TAB},
    visit::Visit,
};

pub async fn everything_can_be_done_with_the_keyboard_alone(visit: Arc<Visit>) {
    let press = async |browser: &Browser, key: char| browser.press(&key.to_string()).await;
    let browser = visit.browser().await;
    browser.go("/dashboard").await;
    browser.see("#account").await;
    browser.tab_to("#account").await;
    // Tab selects the field's text, so typing replaces it.
    browser.press(&visit.workspace).await;
    browser.tab_to("#continue").await;
    press(&browser, ENTER).await;

    browser.see("#empty").await;
    press(&browser, TAB).await;
    browser.await_focus(".skip").await;
    press(&browser, ENTER).await;
    browser
        .until("the main part is next", "return location.hash == '#main'")
        .await;

    browser.tab_to("#create").await;
    press(&browser, ENTER).await;
    browser.await_focus("#name").await;
    focus_stays_in(&browser, "#create-dialog").await;
    browser.tab_to("#name").await;
    browser.press("Point of sale").await;
    press(&browser, ENTER).await;

    browser.see("#new-key").await;
    browser
        .await_focus("#created-dialog, #created-dialog *")
        .await;
    focus_stays_in(&browser, "#created-dialog").await;
    browser.allow_clipboard().await;
    // With the keyboard, too, the dialog asks before it closes, and an extra Enter does not answer the question.
    press(&browser, ESCAPE).await;
    browser.see("#created-saved").await;
    focus_stays_in(&browser, "#created-dialog").await;
    browser.tab_to("#copy").await;
    press(&browser, ' ').await;
    browser.read("#copy", "Copied").await;
    browser
        .until(
            "who listens is told",
            "return !!document.getElementById('copied').innerText",
        )
        .await;
    press(&browser, ESCAPE).await;
    browser.see_no("#created-dialog").await;
    browser.await_focus("#create").await;

    browser.tab_to("button.revoke").await;
    press(&browser, ' ').await;
    browser.see("#revoke-dialog").await;
    browser
        .await_focus("#revoke-dialog, #revoke-dialog *")
        .await;
    // An extra Enter revokes nothing.
    assert!(!browser.has_focus("#revoke-confirm").await);
    focus_stays_in(&browser, "#revoke-dialog").await;
    press(&browser, ESCAPE).await;
    browser.see_no("#revoke-dialog").await;
    browser.await_focus("button.revoke").await;
    press(&browser, ENTER).await;
    browser.see("#revoke-dialog").await;
    browser.tab_to("#revoke-confirm").await;
    press(&browser, ENTER).await;
    browser.see("#empty").await;
    // The button that had the focus is gone; the focus is still in the main part.
    browser.await_focus("main *").await;

    browser.tab_back_to("#sign-out-button").await;
    press(&browser, ENTER).await;
    browser.see("#sign-in-again").await;
    browser.tab_to("#sign-in-again").await;
    press(&browser, ENTER).await;
    browser.see("#as-kim").await;
}

/// Checks that nine presses of Tab, about one and a half rounds, never reach an element behind the dialog. The focus
/// may leave the page for the browser's own controls.
pub async fn focus_stays_in(browser: &Browser, dialog: &str) {
    let outside = "return !document.activeElement.closest(arguments[0]) && document.activeElement != document.body";
    for _ in 0..9 {
        browser.press(&TAB.to_string()).await;
        let outside = browser.run(outside, vec![dialog.into()]).await;
        assert_eq!(outside, false, "the focus has left `{dialog}`");
    }
}

pub async fn the_filter_is_a_group_of_radio_buttons(visit: Arc<Visit>) {
    let created = visit.api.create(&visit.workspace, "Forgotten").await;
    visit.api.create(&visit.workspace, "Fresh").await;
    let long_ago = Duration::from_hours(24 * 200);
    let id = created["id"].as_str().unwrap();
    visit
        .api
        .backdate(&visit.workspace, id, long_ago, None)
        .await;

    let browser = visit.signed_in().await;
    browser.tab_to("#filter-all").await;
    browser.press(&DOWN.to_string()).await;
    browser.await_focus("#filter-unused").await;
    let one = "return [...document.querySelectorAll('#keys tbody tr')].filter(e => e.checkVisibility()).length == 1";
    browser.until("one is left", one).await;
    assert_eq!(browser.text("#keys .key-name").await, "Forgotten");
}
