//! The life of a key: created, copied, used, revoked.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    browser::{Browser, ESCAPE},
    visit::Visit,
};

/// Creates a key in the page, and leaves the dialog that shows it open.
pub async fn create(browser: &Browser, name: &str) -> String {
    browser.click("#create").await;
    browser.fill("#name", name).await;
    browser.click("#create-submit").await;
    let key = browser.text("#new-key").await;
    assert!(key.starts_with("sk_live_") && key.len() == 56, "{key}");
    key
}

pub async fn are_created_copied_used_and_revoked(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    browser.allow_clipboard().await;
    browser.see("#empty").await;
    assert!(browser.text("#empty").await.contains("curl"));
    browser.see_no("#keys").await;
    browser.see_no("#filter").await;

    let key = create(&browser, "  Warehouse sync ").await;
    assert!(
        browser
            .text("#created-dialog")
            .await
            .contains("not be shown again")
    );
    let curl = browser.text("#new-key-curl").await;
    assert!(curl.contains("curl") && curl.contains(&key), "{curl}");
    browser.click("#copy").await;
    browser.read("#copied", "Key copied").await;
    assert_eq!(browser.clipboard().await, key);
    browser.click("#copy-curl").await;
    browser.read("#copied", "Command copied").await;
    assert_eq!(browser.clipboard().await, curl);
    browser.click("#created-done").await;
    browser.see_no("#created-dialog").await;

    browser.read("#status", "Warehouse sync").await;
    browser.see_no("#empty").await;
    assert_eq!(browser.count("#keys tbody tr").await, 1);
    assert_eq!(browser.text(".key-name").await, "Warehouse sync");
    assert!(browser.text(".key-prefix").await.contains(&key[..12]));
    assert!(
        browser
            .attribute(".created time", "datetime")
            .await
            .is_some()
    );
    assert_eq!(browser.text(".last-used").await.to_lowercase(), "never");

    // The command that is shown is one that works.
    assert!(curl.contains(&format!("{}/api/v1/", browser.api)), "{curl}");
    assert_eq!(visit.api.status_with(&key).await, 200);
    browser.reload().await;
    browser.see(".last-used time").await;
    let exact = browser.attribute(".last-used time", "title").await;
    assert!(exact.is_some_and(|exact| !exact.is_empty()));

    browser.click("button.revoke").await;
    assert_eq!(browser.text("#revoke-name").await, "Warehouse sync");
    browser.click("#revoke-confirm").await;
    browser.see_no("#revoke-dialog").await;
    browser.see_no("#keys tbody tr").await;
    browser.read("#status", "Warehouse sync").await;
    browser.see("#empty").await;
    browser.see_no("#keys").await;
    assert_eq!(visit.api.status_with(&key).await, 401);
    browser.reload().await;
    browser.see("#empty").await;
}

pub async fn are_nowhere_once_the_dialog_is_closed(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    let mut keys = Vec::new();
    keys.push(create(&browser, "Closed with the button").await);
    browser.click("#created-done").await;
    browser.see_no("#created-dialog").await;
    are_nowhere(&browser, &keys).await;

    keys.push(create(&browser, "Closed with Escape").await);
    browser.press(&ESCAPE.to_string()).await;
    browser.see_no("#created-dialog").await;
    are_nowhere(&browser, &keys).await;

    // Left open, as it is when the page is left.
    keys.push(create(&browser, "Left open").await);
    browser.go("/dashboard/api-keys?lang=id").await;
    browser.see("#keys").await;
    are_nowhere(&browser, &keys).await;
    browser.back().await;
    browser.see("#keys").await;
    browser.see_no("#created-dialog").await;
    are_nowhere(&browser, &keys).await;
    browser.forward().await;
    browser.see("#keys").await;
    are_nowhere(&browser, &keys).await;
    browser.reload().await;
    browser.see("#keys").await;
    are_nowhere(&browser, &keys).await;
    assert_eq!(browser.count("#keys tbody tr").await, 3);
}

async fn are_nowhere(browser: &Browser, keys: &[String]) {
    let everything = r"
        const stored = storage => JSON.stringify(Object.entries(storage));
        return [
            document.documentElement.outerHTML,
            ...[...document.querySelectorAll('template')].map(one => one.innerHTML),
            ...[...document.querySelectorAll('input, textarea')].map(one => one.value),
            location.href, document.referrer, document.title, document.cookie, window.name,
            JSON.stringify(history.state), stored(localStorage), stored(sessionStorage),
            ...performance.getEntries().map(one => one.name),
            String(getSelection()),
        ].join('\n')";
    let everything = browser.run(everything, Vec::new()).await;
    let everything = everything.as_str().unwrap();
    for key in keys {
        // The page shows the first twelve characters.
        assert!(!everything.contains(&key[12..]), "a key is left");
    }
}

pub async fn leave_the_focus_beside_them_when_they_are_revoked(visit: Arc<Visit>) {
    let names = ["Third", "Second", "First"].map(str::to_owned);
    visit.api.create_all(&visit.workspace, names).await;
    let browser = visit.signed_in().await;
    for (row, next) in [(2, 2), (2, 1), (1, 0)] {
        let button = |row| format!("#keys tbody tr:nth-child({row}) button.revoke");
        browser.click(&button(row)).await;
        browser.click("#revoke-confirm").await;
        browser.see_no("#revoke-dialog").await;
        match next {
            0 => browser.await_focus("#create").await,
            next => browser.await_focus(&button(next)).await,
        }
    }
}

pub async fn that_were_used_meanwhile_are_shown_so_to_who_comes_back(visit: Arc<Visit>) {
    let created = visit.api.create(&visit.workspace, "Meanwhile").await;
    let browser = visit.signed_in().await;
    assert_eq!(browser.text(".last-used").await, "never");
    let key = created["key"].as_str().unwrap();
    assert_eq!(visit.api.status_with(key).await, 200);
    let go_and_come_back = "const [away] = arguments;
        const hide = (value) => {
            Object.defineProperty(document, 'hidden', { value, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        };
        hide(true);
        const now = Date.now;
        Date.now = () => now() + away;
        hide(false)";
    // Soon, the page is as it was left; so it is while a dialog is open; later, it is up to date.
    browser.run(go_and_come_back, vec![240_000.into()]).await;
    assert_eq!(browser.text(".last-used").await, "never");
    browser.click("button.revoke").await;
    browser.run(go_and_come_back, vec![360_000.into()]).await;
    browser.click("#revoke-cancel").await;
    assert_eq!(browser.text(".last-used").await, "never");
    browser.run(go_and_come_back, vec![360_000.into()]).await;
    browser.see(".last-used time").await;
}

pub async fn stay_when_revoking_is_called_off(visit: Arc<Visit>) {
    let created = visit.api.create(&visit.workspace, "Kept").await;
    let browser = visit.signed_in().await;
    browser.click("button.revoke").await;
    browser.click("#revoke-cancel").await;
    browser.see_no("#revoke-dialog").await;
    browser.await_focus("button.revoke").await;
    browser.click("button.revoke").await;
    browser.see("#revoke-confirm").await;
    browser.press(&ESCAPE.to_string()).await;
    browser.see_no("#revoke-dialog").await;
    browser.await_focus("button.revoke").await;

    browser.click("#create").await;
    browser.fill("#name", "Never created").await;
    browser.click("#create-cancel").await;
    browser.see_no("#create-dialog").await;
    browser.await_focus("#create").await;
    browser.click("#create").await;
    // What was typed before is not there the next time.
    let typed = browser
        .run("return document.getElementById('name').value", Vec::new())
        .await;
    assert_eq!(typed, json!(""));
    browser.press(&ESCAPE.to_string()).await;
    browser.see_no("#create-dialog").await;

    assert_eq!(browser.count("#keys tbody tr").await, 1);
    assert_eq!(
        visit
            .api
            .status_with(created["key"].as_str().unwrap())
            .await,
        200
    );
    let long_ago = Duration::from_hours(24 * 30);
    let id = created["id"].as_str().unwrap();
    visit
        .api
        .put_back(&visit.workspace, id, long_ago, None)
        .await;
    browser.reload().await;
    browser.see("#keys").await;
    assert_eq!(browser.count("#keys tbody tr").await, 1);
}
