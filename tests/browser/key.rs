//! A key's own page: its settings, its rotation, its use and its history.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    browser::{Browser, DOWN, ENTER, ESCAPE, Profile},
    failures::block,
    keyboard::focus_stays_in,
    keys::{self, are_nowhere},
    visit::Visit,
};

/// Opens the page of a new key. Returns what the API answered, too.
async fn opened(visit: &Visit, settings: Value) -> (Browser, Value) {
    let key = visit.api.create_with(&visit.workspace, settings).await;
    let browser = visit.signed_in().await;
    browser.click(".key-name a").await;
    browser.see("#facts").await;
    (browser, key)
}

fn secret(key: &Value) -> &str {
    key["key"].as_str().unwrap()
}

/// The facts that the page shows, as text.
async fn facts(browser: &Browser) -> String {
    browser.text("#facts").await
}

pub async fn a_key_is_created_with_settings(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    browser.click("#create").await;
    browser.fill("#name", "Till").await;
    browser.see_no("#scopes").await;
    browser.click("#more summary").await;
    browser.see_no("#areas").await;
    browser.click("#chosen").await;
    // Of no area.
    browser.click("#create-submit").await;
    browser
        .read("#create-problem", "Choose at least one area")
        .await;
    browser.await_focus("#chosen").await;
    browser.choose("[name=tickets]", "write").await;
    browser.choose("[name=webhooks]", "read").await;
    browser.see_no("#expires-date").await;
    browser.choose("#expires", "date").await;
    browser.click("#create-submit").await;
    browser.read("#create-problem", "at least 1 hour").await;
    browser.choose("#expires", "30").await;
    browser.fill("#addresses", "203.0.113.7/24").await;
    browser.click("#create-submit").await;
    browser.read("#create-problem", "203.0.113.0/24").await;
    browser.expect_in_console("status of 400").await;
    browser.await_focus("#addresses[aria-invalid]").await;
    browser
        .fill("#addresses", "203.0.113.7 2001:db8::/32")
        .await;
    browser.click("#create-submit").await;
    browser.see("#new-key").await;
    keys::close_unsaved(&browser).await;

    browser.read("#status", "Till").await;
    browser
        .read("#keys th[scope=row]", "Tickets, Webhooks (only reads)")
        .await;
    browser.read("#keys th[scope=row]", "Expires on").await;
    browser.read("#keys .created", "by you").await;
    let listed = visit.api.keys(&visit.workspace).await;
    assert_eq!(
        listed[0]["scopes"],
        json!(["tickets:write", "webhooks:read"])
    );
    assert_eq!(
        listed[0]["allowedIps"],
        json!(["203.0.113.7/32", "2001:db8::/32"])
    );
    assert!(listed[0]["expiresAt"].is_string());
}

pub async fn a_key_is_renamed_and_its_settings_are_changed(visit: Arc<Visit>) {
    let (browser, key) = opened(&visit, json!({ "name": "Till" })).await;
    assert!(facts(&browser).await.contains("Everything"));
    browser.click("#save").await;
    browser.read("#save-status", "already like this").await;
    browser.fill("#name", "Till 2").await;
    browser.click("[name=scopes][value='*:read']").await;
    browser.fill("#limit", "60").await;
    browser.click("#save").await;
    browser
        .read("#save-status", "Changes to Till 2 saved")
        .await;
    browser.read("#title", "Till 2").await;
    browser.read("#facts", "Reads everything").await;
    let changed = browser.text("#history li").await;
    assert!(changed.contains("Name: Till → Till 2"), "{changed}");
    assert!(changed.contains("Calls a minute: As many as Suppuo allows → 60"));
    assert!(changed.contains("by you"));

    browser.fill("#limit", "0").await;
    browser.click("#save").await;
    browser.read("#settings-problem", "whole number").await;
    browser.await_focus("#limit").await;
    browser.expect_in_console("status of 400").await;
    browser.fill("#limit", "60").await;
    // The browser's own address is not in the list.
    browser.fill("#addresses", "203.0.113.0/24").await;
    browser.click("#save").await;
    browser.read("#settings-problem", "Save again").await;
    browser.expect_in_console("status of 409").await;
    browser.click("#save").await;
    browser.read("#save-status", "saved").await;
    assert_eq!(visit.api.status_with(secret(&key)).await, 403);
    browser.fill("#addresses", "").await;
    browser.click("#save").await;
    browser.read("#facts", "All").await;
    assert_eq!(visit.api.status_with(secret(&key)).await, 200);
    browser.reload().await;
    assert_eq!(browser.value("#name").await, "Till 2");
    assert_eq!(browser.value("#limit").await, "60");
}

/// Another change of the settings does not move the expiry that was chosen by a number of days.
pub async fn an_expiry_stays_where_it_was_set(visit: Arc<Visit>) {
    let (browser, _) = opened(&visit, json!({ "name": "Till" })).await;
    let expiry = async || visit.api.keys(&visit.workspace).await[0]["expiresAt"].clone();
    browser.choose("#expires", "30").await;
    browser.click("#save").await;
    browser.read("#save-status", "saved").await;
    let first = expiry().await;
    assert!(first.is_string());
    browser.fill("#name", "Till 2").await;
    browser.click("#save").await;
    browser.read("#save-status", "Till 2 saved").await;
    assert_eq!(expiry().await, first);
    // What somebody else changes is in the fields after the next refresh, and what is typed stays.
    let id = visit.api.keys(&visit.workspace).await[0]["id"].clone();
    let id = id.as_str().unwrap();
    let limited = json!({ "limit": 60 });
    visit.api.change(&visit.workspace, id, &limited).await;
    browser.click("#switch-off").await;
    browser.await_focus("#switch-on").await;
    assert_eq!(browser.value("#limit").await, "60");
    browser.fill("#name", "Till 3").await;
    browser.click("#switch-on").await;
    browser.await_focus("#switch-off").await;
    assert_eq!(browser.value("#name").await, "Till 3");
}

pub async fn a_rotation_without_an_answer_is_looked_up(visit: Arc<Visit>) {
    let (browser, key) = opened(&visit, json!({ "name": "Till" })).await;
    browser.devtools("Network.enable", json!({})).await;
    block(&browser, &["*/rotate*"]).await;
    browser.click("#rotate").await;
    browser.click("#rotate-confirm").await;
    browser.read("#rotate-problem", "was not rotated").await;
    // Somebody else rotates it.
    let id = key["id"].as_str().unwrap();
    visit.api.rotate(&visit.workspace, id).await;
    browser.click("#rotate-confirm").await;
    browser.read("#rotate-problem", "cannot be shown").await;
}

pub async fn a_key_is_switched_off_and_on(visit: Arc<Visit>) {
    let (browser, key) = opened(&visit, json!({ "name": "Till" })).await;
    browser.see_no("#switch-on").await;
    browser.click("#switch-off").await;
    browser.await_focus("#switch-on").await;
    browser.read("#state", "Switched off").await;
    browser.read("#status", "Calls with it are refused").await;
    assert_eq!(visit.api.status_with(secret(&key)).await, 401);
    browser.go("/dashboard/api-keys").await;
    browser.read("#keys th[scope=row]", "Switched off").await;
    browser.click(".key-name a").await;
    browser.click("#switch-on").await;
    browser.await_focus("#switch-off").await;
    browser.read("#state", "Active").await;
    assert_eq!(visit.api.status_with(secret(&key)).await, 200);
}

pub async fn a_key_is_rotated_and_its_old_key_ended(visit: Arc<Visit>) {
    let (browser, key) = opened(&visit, json!({ "name": "Till" })).await;
    let old = secret(&key);
    browser.see_no("#end").await;
    browser.click("#rotate").await;
    browser.await_focus("#overlap").await;
    browser.see_no("#supersedes").await;
    assert!(browser.text("#rotate-what").await.contains(&old[..12]));
    browser.click("#rotate-confirm").await;
    let new = browser.text("#new-key").await;
    assert!(new.starts_with("sk_live_") && new != old);
    keys::close_unsaved(&browser).await;
    browser.read("#status", "Key Till rotated").await;
    are_nowhere(&browser, std::slice::from_ref(&new)).await;
    browser.read("#prefix", &new[..12]).await;
    browser.read("#old-key", &old[..12]).await;
    browser.read("#old-use", "not used since").await;
    assert_eq!(visit.api.status_with(old).await, 200);
    assert_eq!(visit.api.status_with(&new).await, 200);
    browser.reload().await;
    browser.read("#old-use", "last used just now").await;

    // Rotating again ends the first one.
    browser.click("#rotate").await;
    browser.see("#supersedes").await;
    browser.click("#rotate-confirm").await;
    let newest = browser.text("#new-key").await;
    keys::close_unsaved(&browser).await;
    browser.read("#old-key", &new[..12]).await;
    assert_eq!(visit.api.status_with(old).await, 401);

    browser.click("#end").await;
    browser.await_focus("#end-cancel").await;
    assert!(browser.text("#end-what").await.contains(&new[..12]));
    browser.click("#end-confirm").await;
    browser.await_focus("#rotate").await;
    browser.see_no("#old-key").await;
    browser.see_no("#end").await;
    browser.read("#status", "no longer works").await;
    assert_eq!(visit.api.status_with(&new).await, 401);
    assert_eq!(visit.api.status_with(&newest).await, 200);
    browser.read("#history", "Old key ended").await;
}

pub async fn a_keys_calls_are_drawn_and_counted(visit: Arc<Visit>) {
    let (browser, key) = opened(&visit, json!({ "name": "Till" })).await;
    browser.see_no("#chart").await;
    for _ in 0..3 {
        assert_eq!(visit.api.status_with(secret(&key)).await, 200);
    }
    browser.reload().await;
    browser.see("#chart").await;
    assert_eq!(browser.text("#together").await, "3");
    let heights =
        "return [...document.querySelectorAll('#chart rect')].map(bar => bar.getBBox().height)";
    let heights = browser.run(heights, Vec::new()).await;
    let heights = heights.as_array().unwrap();
    assert_eq!((heights.len(), &heights[29]), (30, &json!(60)));
    browser.click("#numbers summary").await;
    assert_eq!(browser.count("#numbers tbody tr").await, 30);
    assert!(
        browser
            .text("#numbers tbody tr:last-child")
            .await
            .ends_with('3')
    );
}

pub async fn a_key_that_is_gone_leads_back_to_the_list(visit: Arc<Visit>) {
    let (browser, key) = opened(&visit, json!({ "name": "Till" })).await;
    let page = browser.place().await;
    browser.click("#revoke").await;
    assert_eq!(browser.text("#revoke-name").await, "Till");
    browser.click("#revoke-confirm").await;
    browser.see("#empty").await;
    browser.read("#status", "Key Till revoked").await;
    assert_eq!(visit.api.status_with(secret(&key)).await, 401);
    browser.go(&page).await;
    browser.read("h1", "There is no such page").await;
    browser.expect_in_console("status of 404").await;

    let (browser, key) = opened(&visit, json!({ "name": "Till" })).await;
    let id = key["id"].as_str().unwrap();
    visit.api.revoke(&visit.workspace, id).await;
    browser.click("#switch-off").await;
    browser.see("#empty").await;
    browser
        .read("#status", "Key Till was already revoked")
        .await;
    browser.expect_in_console("status of 404").await;
}

pub async fn everything_on_a_keys_page_can_be_done_with_the_keyboard_alone(visit: Arc<Visit>) {
    let press = async |browser: &Browser, key: char| browser.press(&key.to_string()).await;
    let (browser, _) = opened(&visit, json!({ "name": "Till" })).await;
    browser.tab_to("#rotate").await;
    press(&browser, ENTER).await;
    browser.await_focus("#overlap").await;
    focus_stays_in(&browser, "#rotate-dialog").await;
    browser.tab_to("#rotate-confirm").await;
    press(&browser, ENTER).await;
    browser.await_focus("#copy").await;
    press(&browser, ESCAPE).await;
    browser.tab_to("#created-saved").await;
    press(&browser, ENTER).await;
    browser.await_focus("#rotate").await;
    browser.tab_to("#end").await;
    press(&browser, ENTER).await;
    browser.await_focus("#end-cancel").await;
    focus_stays_in(&browser, "#end-dialog").await;
    press(&browser, ESCAPE).await;
    browser.await_focus("#end").await;
    browser.tab_to("#switch-off").await;
    press(&browser, ' ').await;
    browser.await_focus("#switch-on").await;

    browser.tab_to("[name=scopes]").await;
    press(&browser, DOWN).await;
    browser.tab_to("#addresses").await;
    browser.press("127.0.0.1/32").await;
    browser.tab_to("#save").await;
    press(&browser, ENTER).await;
    browser.read("#facts", "127.0.0.1/32").await;
    browser.read("#facts", "Reads everything").await;
    browser.await_focus("#save").await;
    browser.tab_back_to("#revoke").await;
    press(&browser, ENTER).await;
    // An extra Enter revokes nothing.
    browser.await_focus("#revoke-cancel").await;
    press(&browser, ENTER).await;
    browser.see_no("#revoke-dialog").await;
    browser.await_focus("#revoke").await;
}

pub async fn without_a_script_a_keys_page_says_everything(visit: Arc<Visit>) {
    let settings = json!({ "name": "Till", "scopes": ["tickets:read"] });
    let key = visit.api.create_with(&visit.workspace, settings).await;
    assert_eq!(visit.api.status_with(secret(&key)).await, 403);
    let no_script = Profile {
        scripts: false,
        ..Profile::default()
    };
    let browser = visit.browser_with(no_script).await;
    browser.sign_in(&visit.workspace).await;
    browser.click(".key-name a").await;
    assert!(facts(&browser).await.contains("Tickets (only reads)"));
    browser.see("#chart").await;
    browser.read("#history", "Created").await;
    for control in ["#rotate", "#switch-off", "#settings", "#revoke"] {
        browser.see_no(control).await;
    }
    let told =
        "return [...document.querySelectorAll('noscript *')].filter(e => e.checkVisibility())
        .map(e => e.innerText).join()";
    let told = browser.run(told, Vec::new()).await.to_string();
    assert!(told.contains("curl -X POST $KEY/rotate"), "{told}");
    browser.click("#back a").await;
    browser.see("#keys").await;
    // The search needs the script.
    browser.see_no("#search").await;
}

pub async fn keys_are_searched_and_sorted_from_ten_on(visit: Arc<Visit>) {
    let names = (1..10).map(|number| format!("Key {number}"));
    visit.api.create_all(&visit.workspace, names).await;
    let browser = visit.signed_in().await;
    browser.see_no("#search").await;
    let in_30_hours = "return new Date(Date.now() + 30 * 3_600_000).toISOString()";
    let in_30_hours = browser.run(in_30_hours, Vec::new()).await;
    let soon = json!({ "name": "A till", "expiresAt": in_30_hours });
    let soon = visit.api.create_with(&visit.workspace, soon).await;
    assert_eq!(visit.api.status_with(secret(&soon)).await, 200);
    visit.api.create(&visit.workspace, "Émile's laptop").await;
    browser.reload().await;
    let shown = "return [...document.querySelectorAll('#keys .key-name')]
        .filter(e => e.checkVisibility()).map(e => e.innerText)";
    let shown = async || {
        let shown = browser.run(shown, Vec::new()).await;
        let names = shown.as_array().unwrap().iter();
        let names: Vec<_> = names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        names
    };
    browser.fill("#search", " émile").await;
    browser.read("#found", "1 of 11 keys").await;
    assert_eq!(shown().await, ["Émile's laptop"]);
    browser.fill("#search", &secret(&soon)[..12]).await;
    let few = "return document.querySelectorAll('#key-rows tr:not([hidden])').length < 11";
    browser.until("few keys have these characters", few).await;
    assert!(shown().await.contains(&"A till".to_owned()));
    browser.fill("#search", "nothing is called so").await;
    browser.read("#found", "0 of 11 keys").await;
    browser.fill("#search", "Key").await;
    browser.read("#found", "9 of 11 keys").await;
    browser.choose("#sort", "name").await;
    let sorted = shown().await;
    assert_eq!((sorted[0].as_str(), sorted.len()), ("Key 1", 9));
    let clear = "const search = document.getElementById('search');
        search.value = '';
        search.dispatchEvent(new Event('input'))";
    browser.run(clear, Vec::new()).await;
    for (order, first) in [
        ("name", "A till"),
        ("used", "A till"),
        ("expiry", "A till"),
        ("newest", "Émile's laptop"),
    ] {
        browser.choose("#sort", order).await;
        assert_eq!(shown().await[0], first, "{order}");
    }
    browser.see(".near").await;
    browser.read(".near", "Expires soon, on").await;
}
