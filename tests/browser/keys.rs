//! API keys in the page: create, copy, use and revoke.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    browser::{Browser, ESCAPE},
    visit::Visit,
};

/// Creates a key in the page. The dialog that shows the key stays open.
pub async fn create(browser: &Browser, name: &str) -> String {
    browser.click("#create").await;
    browser.fill("#name", name).await;
    browser.click("#create-submit").await;
    let key = browser.text("#new-key").await;
    assert!(key.starts_with("sk_live_") && key.len() == 56, "{key}");
    key
}

/// Closes the dialog of a key that was not copied.
pub async fn close_unsaved(browser: &Browser) {
    browser.click("#created-done").await;
    browser.click("#created-saved").await;
    browser.see_no("#created-dialog").await;
}

pub async fn a_key_is_created_copied_used_and_revoked(visit: Arc<Visit>) {
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
    // The first command exports the key; the second refers to the variable.
    let commands = browser.text("#new-key-curl").await;
    let (export, curl) = commands.split_once('\n').unwrap();
    assert_eq!(export, format!("export SUPPUO_TOKEN={key}"));
    assert!(curl.starts_with("curl ") && curl.contains("Bearer $SUPPUO_TOKEN\""));
    assert!(!curl.contains("sk_live_"), "{curl}");
    // The button says that it has copied, and so does the status for screen readers.
    browser.click("#copy").await;
    browser.read("#copy", "Copied").await;
    browser.read("#copied", "Key copied").await;
    assert_eq!(browser.clipboard().await, key);
    browser.click("#copy-curl").await;
    browser.read("#copy-curl", "Copied").await;
    browser.read("#copied", "Commands copied").await;
    assert_eq!(browser.text("#copy").await, "Copy key");
    assert_eq!(browser.clipboard().await, commands);
    // The dialog does not ask about a copied key.
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

    // The command that the page shows works.
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
    browser.read("#empty", "No keys left").await;
    browser.see_no("#keys").await;
    assert_eq!(visit.api.status_with(&key).await, 401);
    // The revocation was one call.
    let called = browser.called().await;
    assert_eq!(called.len(), 1, "{called:?}");
    assert!(called[0].starts_with("/api/v1/api-keys/ak_"), "{called:?}");
    browser.reload().await;
    browser.read("#empty", "This workspace has no keys").await;
}

/// The dialog asks in every way of closing it, as long as the key was neither copied nor selected.
pub async fn closing_the_dialog_asks_about_a_key_that_was_not_copied(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    browser.allow_clipboard().await;
    create(&browser, "Asked about").await;
    let escape = ESCAPE.to_string();
    let asks = async || {
        browser
            .read("#not-saved", "You have not copied the key")
            .await;
        browser.read("#created-saved", "I have saved the key").await;
        browser.see("#new-key").await;
    };
    browser.see_no("#created-saved").await;
    browser.press(&escape).await;
    asks().await;
    browser.see_no("#created-done").await;
    // More presses of Escape do not close it.
    for _ in 0..3 {
        browser.press(&escape).await;
    }
    asks().await;
    browser.await_focus("#copy").await;
    browser.click("#created-saved").await;
    browser.see_no("#created-dialog").await;
    browser.read("#status", "Asked about").await;
    browser.await_focus("#create").await;

    create(&browser, "Left by the button").await;
    browser.see_no("#created-saved").await;
    // A double click does not close it either.
    let (x, y) = browser.middle_of("#created-done").await;
    browser.click_at(x, y, 2).await;
    asks().await;
    // The dialog does not ask about a copied key.
    browser.click("#copy").await;
    browser.see_no("#created-saved").await;
    browser.see_no("#not-saved:not(:empty)").await;
    browser.press(&escape).await;
    browser.see_no("#created-dialog").await;

    create(&browser, "Left beside").await;
    browser.click_at(4, 4, 1).await;
    asks().await;
    // A click on the key selects all of it.
    browser.click("#new-key").await;
    browser.see_no("#created-saved").await;
    browser.click_at(4, 4, 1).await;
    browser.see_no("#created-dialog").await;

    // If the browser does not let the page write to the clipboard, the page selects the key and says what to press.
    create(&browser, "Copied by hand").await;
    let refuse = "navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError'))";
    browser.run(refuse, Vec::new()).await;
    browser.click("#copy").await;
    browser.read("#copied", "Press Ctrl+C").await;
    assert_eq!(browser.text("#copy").await, "Copy key");
    browser.click("#created-done").await;
    browser.see_no("#created-dialog").await;

    // A selected part of the key is not enough, even when nothing in the dialog has the focus.
    create(&browser, "Selected in part").await;
    let select = "const text = document.getElementById('new-key').firstChild;
        document.activeElement.blur();
        getSelection().setBaseAndExtent(text, 0, text, arguments[0])";
    browser.run(select, vec![20.into()]).await;
    browser.press(&escape).await;
    asks().await;
    browser.run(select, vec![56.into()]).await;
    browser.see_no("#created-saved").await;
    browser.press(&escape).await;
    browser.see_no("#created-dialog").await;

    // On a small phone, the key and the button that copies it stay visible beside the question.
    browser.set_width(320).await;
    create(&browser, "On a phone").await;
    browser.press(&escape).await;
    asks().await;
    let seen = "const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();
        return [y + 1, y + height - 1].every((y) => document.elementFromPoint(x + width / 2, y).closest(arguments[0]))";
    for there in ["#new-key", "#copy", "#created-saved"] {
        assert_eq!(browser.run(seen, vec![there.into()]).await, true, "{there}");
    }
    browser.click("#created-saved").await;
    browser.see_no("#created-dialog").await;
}

pub async fn a_key_is_nowhere_once_its_dialog_is_closed(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    let mut keys = Vec::new();
    keys.push(create(&browser, "Closed with the button").await);
    close_unsaved(&browser).await;
    are_nowhere(&browser, &keys).await;

    keys.push(create(&browser, "Closed with Escape").await);
    browser.press(&ESCAPE.to_string()).await;
    browser.click("#created-saved").await;
    browser.see_no("#created-dialog").await;
    are_nowhere(&browser, &keys).await;

    // The page is left while the dialog is open.
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

/// Checks that these keys, or other secrets, are nowhere in the page.
pub async fn are_nowhere(browser: &Browser, keys: &[String]) {
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
        // The page may show the first twelve characters.
        assert!(!everything.contains(&key[12..]), "a key is left");
    }
}

pub async fn the_focus_moves_to_the_next_key_after_a_revocation(visit: Arc<Visit>) {
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

pub async fn the_list_is_refreshed_when_its_reader_comes_back(visit: Arc<Visit>) {
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
    // The list is not refreshed after a short absence or while a dialog is open. It is refreshed after a long absence.
    browser.run(go_and_come_back, vec![240_000.into()]).await;
    assert_eq!(browser.text(".last-used").await, "never");
    browser.click("button.revoke").await;
    // The dialogs' script comes with the first click.
    browser.see("#revoke-cancel").await;
    browser.run(go_and_come_back, vec![360_000.into()]).await;
    browser.click("#revoke-cancel").await;
    assert_eq!(browser.text(".last-used").await, "never");
    browser.run(go_and_come_back, vec![360_000.into()]).await;
    browser.see(".last-used time").await;
}

pub async fn a_key_stays_when_its_revocation_is_cancelled(visit: Arc<Visit>) {
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
    // The name that was typed before is gone.
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
        .backdate(&visit.workspace, id, long_ago, None)
        .await;
    browser.reload().await;
    browser.see("#keys").await;
    assert_eq!(browser.count("#keys tbody tr").await, 1);
}
