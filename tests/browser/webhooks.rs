//! Webhooks in the page: endpoints and their secrets.

use std::sync::Arc;

use crate::{
    browser::{Browser, DOWN, ENTER, ESCAPE, Profile},
    keyboard::focus_stays_in,
    keys::{are_nowhere, close_unsaved},
    receiver::Receiver,
    visit::Visit,
};

pub const PAGE: &str = "/dashboard/webhooks";

/// An endpoint that does not exist.
pub const UNUSED: &str = "https://shop.example/hooks/suppuo";

/// Opens the page of webhooks in a new browser.
pub async fn opened(visit: &Visit) -> Browser {
    let browser = visit.signed_in().await;
    browser.go(PAGE).await;
    browser.see("#create").await;
    browser
}

/// Adds an endpoint in the page. The dialog that shows the secret stays open.
pub async fn add(browser: &Browser, url: &str) -> String {
    browser.click("#create").await;
    browser.fill("#url", url).await;
    browser.click("#create-submit").await;
    shown_secret(browser).await
}

async fn shown_secret(browser: &Browser) -> String {
    let secret = browser.text("#new-secret").await;
    assert!(
        secret.starts_with("whsec_") && secret.len() == 54,
        "{secret}"
    );
    secret
}

/// The selector of a button of the first endpoint.
pub fn button(action: &str) -> String {
    format!(".endpoint [data-action={action}]")
}

/// The state of the first endpoint.
pub async fn state(browser: &Browser) -> String {
    let state = browser.attribute(".endpoint", "data-state").await;
    state.expect("an endpoint has a state")
}

pub async fn an_endpoint_is_added_tested_paused_and_deleted_with_the_keyboard_alone(
    visit: Arc<Visit>,
) {
    let press = async |browser: &Browser, key: char| browser.press(&key.to_string()).await;
    let receiver = Receiver::start(204).await;
    let browser = opened(&visit).await;
    browser.allow_clipboard().await;
    browser.tab_to("#create").await;
    press(&browser, ENTER).await;
    browser.await_focus("#url").await;
    focus_stays_in(&browser, "#create-dialog").await;
    browser.tab_to("#url").await;
    browser.press(&receiver.url).await;
    browser.see_no("#event-types").await;
    browser.tab_to("#every-event").await;
    press(&browser, DOWN).await;
    browser.await_focus("#only-these").await;
    browser.tab_to("[value='suppuo.api_key.created.v1']").await;
    press(&browser, ' ').await;
    browser.tab_to("#create-submit").await;
    press(&browser, ENTER).await;

    let secret = shown_secret(&browser).await;
    browser.await_focus("#copy").await;
    focus_stays_in(&browser, "#created-dialog").await;
    browser.tab_to("#copy").await;
    press(&browser, ENTER).await;
    browser.read("#copy", "Copied").await;
    assert_eq!(browser.clipboard().await, secret);
    browser.tab_to("#created-dialog [name=receiver]").await;
    press(&browser, DOWN).await;
    browser.see("#created-dialog [data-receiver=node]").await;
    press(&browser, ESCAPE).await;
    browser.see_no("#created-dialog").await;
    browser.await_focus("#create").await;
    browser.read("#status", &receiver.url).await;
    assert_eq!(browser.text(".url").await, receiver.url);
    assert_eq!(browser.text(".events").await, "suppuo.api_key.created.v1");

    browser.tab_to(&button("test")).await;
    press(&browser, ' ').await;
    browser.read(".result", "The test arrived.").await;
    assert!(browser.has_focus(&button("test")).await);
    browser.tab_to(&button("pause")).await;
    press(&browser, ENTER).await;
    browser.await_focus(&button("resume")).await;
    browser.tab_to(&button("deliveries")).await;
    press(&browser, ENTER).await;
    browser.see(".delivery").await;
    browser.tab_to(".delivery summary").await;
    press(&browser, ENTER).await;
    browser.see(".attempts li").await;

    browser.tab_back_to(&button("delete")).await;
    press(&browser, ENTER).await;
    browser.see("#delete-dialog").await;
    // An extra Enter deletes nothing.
    browser.await_focus("#delete-cancel").await;
    focus_stays_in(&browser, "#delete-dialog").await;
    press(&browser, ESCAPE).await;
    browser.see_no("#delete-dialog").await;
    browser.await_focus(&button("delete")).await;
    press(&browser, ENTER).await;
    browser.tab_to("#delete-confirm").await;
    press(&browser, ENTER).await;
    browser.read("#empty", "No endpoints left").await;
    browser.await_focus("#create").await;
}

pub async fn a_secret_is_shown_once_with_code_that_verifies(visit: Arc<Visit>) {
    let browser = opened(&visit).await;
    browser.allow_clipboard().await;
    browser
        .read("#empty", "This workspace has no endpoints")
        .await;
    let secret = add(&browser, UNUSED).await;
    let dialog = browser.text("#created-dialog").await;
    assert!(dialog.contains("not be shown again"), "{dialog}");
    // Code alone is not enough: the dialog asks about the secret.
    for (language, part) in [
        ("python", "hmac.new"),
        ("node", "node:crypto"),
        ("php", "hash_hmac"),
    ] {
        let choice = format!("#created-dialog [name=receiver][value={language}]");
        browser.click(&choice).await;
        // The buttons below do not cover what has the focus.
        browser.tab_to("#copy-code").await;
        browser.click("#copy-code").await;
        browser.read("#copied", "Code copied").await;
        let code = browser.clipboard().await;
        assert!(code.contains(part), "{code}");
        assert!(code.contains("SUPPUO_WEBHOOK_SECRET") && !code.contains(&secret));
        let shown = "return [...document.querySelectorAll('#created-dialog pre[data-receiver]')]
            .filter(e => e.checkVisibility()).length";
        assert_eq!(browser.run(shown, Vec::new()).await, 1);
    }
    browser.click("#created-done").await;
    browser
        .read("#not-saved", "have not copied the secret")
        .await;
    browser.click("#copy").await;
    browser.read("#copied", "Secret copied").await;
    assert_eq!(browser.clipboard().await, secret);
    browser.see_no("#created-saved").await;
    browser.click("#created-done").await;
    browser.see_no("#created-dialog").await;
    browser.read("#status", "added").await;
    browser.see_no("#empty").await;
    assert_eq!(browser.text(".events").await, "all");

    let mut secrets = vec![secret];
    are_nowhere(&browser, &secrets).await;
    secrets.push(add(&browser, UNUSED).await);
    close_unsaved(&browser).await;
    are_nowhere(&browser, &secrets).await;
    secrets.push(add(&browser, UNUSED).await);
    browser.reload().await;
    browser.see("#endpoints").await;
    are_nowhere(&browser, &secrets).await;
    assert_eq!(browser.count(".endpoint").await, 3);
    // The code is also in the page, for later.
    browser.click("#verify > summary").await;
    browser.see("#verify [data-receiver=python]").await;
}

pub async fn an_endpoint_is_paused_and_resumed(visit: Arc<Visit>) {
    let receiver = Receiver::start(200).await;
    visit
        .api
        .add_endpoint(&visit.workspace, &receiver.url)
        .await;
    let browser = opened(&visit).await;
    browser.see_no(&button("resume")).await;
    browser.click(&button("pause")).await;
    browser
        .read(".result", "Events from now on are not sent here")
        .await;
    assert_eq!(browser.text(".badge").await, "Paused");
    browser.reload().await;
    browser.see(&button("resume")).await;
    assert_eq!(state(&browser).await, "paused");
    browser.see_no(&button("pause")).await;
    // A test is sent nevertheless.
    browser.click(&button("test")).await;
    browser.read(".result", "The test arrived.").await;
    receiver.next().await;
    browser.click(&button("resume")).await;
    browser
        .read(".result", "Events from now on are sent here")
        .await;
    assert_eq!(browser.text(".badge").await, "Active");
    visit.api.create(&visit.workspace, "Raises an event").await;
    let event = receiver.next().await.body;
    assert_eq!(event["type"], "suppuo.api_key.created.v1");
}

pub async fn a_secret_is_rotated(visit: Arc<Visit>) {
    let receiver = Receiver::start(200).await;
    let browser = opened(&visit).await;
    let mut secrets = vec![add(&browser, &receiver.url).await];
    close_unsaved(&browser).await;
    for (overlap, signatures) in [("86400", 2), ("0", 1)] {
        browser.click(&button("rotate")).await;
        assert_eq!(browser.text("#rotate-url").await, receiver.url);
        assert_eq!(browser.value("#overlap").await, "86400");
        let choose = "document.getElementById('overlap').value = arguments[0]";
        browser.run(choose, vec![overlap.into()]).await;
        browser.click("#rotate-confirm").await;
        let secret = shown_secret(&browser).await;
        assert!(!secrets.contains(&secret));
        secrets.push(secret);
        let note = "return document.getElementById('both-sign').innerText.includes('old secret')";
        assert_eq!(browser.run(note, Vec::new()).await, signatures == 2);
        close_unsaved(&browser).await;
        browser.read("#status", "has a new secret").await;
        browser.await_focus(&button("rotate")).await;
        are_nowhere(&browser, &secrets).await;
        browser.click(&button("test")).await;
        assert_eq!(receiver.next().await.signatures(), signatures);
        browser.read(".result", "The test arrived.").await;
    }
}

pub async fn the_focus_moves_to_the_next_endpoint_after_a_deletion(visit: Arc<Visit>) {
    let urls = ["first", "second", "third"].map(|name| format!("{UNUSED}/{name}"));
    for url in &urls {
        visit.api.add_endpoint(&visit.workspace, url).await;
    }
    let browser = opened(&visit).await;
    // Newest first.
    for (place, url, next) in [(2, 1, 2), (2, 0, 1), (1, 2, 0)] {
        let delete = |place| format!(".endpoint:nth-child({place}) [data-action=delete]");
        browser.click(&delete(place)).await;
        assert_eq!(browser.text("#delete-url").await, urls[url]);
        browser.click("#delete-confirm").await;
        browser.see_no("#delete-dialog").await;
        match next {
            0 => browser.await_focus("#create").await,
            next => browser.await_focus(&delete(next)).await,
        }
        browser.read("#status", &urls[url]).await;
    }
    browser.read("#empty", "No endpoints left").await;
    browser.reload().await;
    browser
        .read("#empty", "This workspace has no endpoints")
        .await;

    // Somebody else has deleted an endpoint meanwhile.
    let id = visit.api.add_endpoint(&visit.workspace, UNUSED).await;
    browser.reload().await;
    browser.see(".endpoint").await;
    visit.api.delete_endpoint(&visit.workspace, &id).await;
    browser.expect_in_console("status of 404").await;
    browser.click(&button("test")).await;
    browser.read("#status", "was already deleted").await;
    browser.see("#empty").await;
}

pub async fn what_cannot_be_an_endpoint_is_refused(visit: Arc<Visit>) {
    let browser = opened(&visit).await;
    browser.click("#create").await;
    browser.click("#create-submit").await;
    browser
        .read("#create-problem", "Enter an https address")
        .await;
    browser.await_focus("#url[aria-invalid=true]").await;
    for url in [
        "ftp://shop.example/",
        "https://name:word@shop.example/",
        "https://192.168.0.1/",
    ] {
        browser.fill("#url", url).await;
        browser.expect_in_console("status of 400").await;
        browser.click("#create-submit").await;
        browser.await_focus("#url[aria-invalid=true]").await;
        browser
            .read("#create-problem", "Enter an https address")
            .await;
        browser.read("#create-problem", "req_").await;
    }
    browser.fill("#url", UNUSED).await;
    browser.click("#only-these").await;
    browser.click("#create-submit").await;
    browser.read("#create-problem", "at least one event").await;
    browser.await_focus("#event-types input").await;
    browser.click("#create-cancel").await;
    browser.see("#empty").await;
}

pub async fn the_pages_lead_to_each_other(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    for (path, title, other) in [
        (PAGE, "Webhooks", "/dashboard/api-keys"),
        ("/dashboard/api-keys", "API keys", PAGE),
    ] {
        browser.click(&format!("#pages a[href='{path}']")).await;
        browser.read("h1", title).await;
        assert_eq!(browser.place().await, path);
        assert_eq!(browser.text("#pages [aria-current=page]").await, title);
        browser.see(&format!("#pages a[href='{other}']")).await;
    }
    browser.back().await;
    browser.read("h1", "Webhooks").await;
    // The language stays, and so does the page in another language.
    browser.click("a[hreflang=id]").await;
    browser.read("h1", "Webhook").await;
    browser.see("html[lang=id] #create").await;
    assert!(browser.place().await.starts_with(PAGE));
    // Who is not signed in comes back here afterwards.
    browser.click("#sign-out-button").await;
    browser.see("#sign-in-again").await;
    browser.go(PAGE).await;
    browser.sign_in_here("usr_dewi", &visit.workspace).await;
    browser.see("#who").await;
    assert!(browser.place().await.starts_with(PAGE));
}

pub async fn without_a_script_the_page_lists_the_endpoints_and_explains_the_rest(
    visit: Arc<Visit>,
) {
    visit.api.add_endpoint(&visit.workspace, UNUSED).await;
    let no_script = Profile {
        scripts: false,
        ..Profile::default()
    };
    let browser = visit.browser_with(no_script).await;
    browser.sign_in(&visit.workspace).await;
    browser.click(&format!("#pages a[href='{PAGE}']")).await;
    assert_eq!(browser.text(".url").await, UNUSED);
    assert_eq!(browser.text(".badge").await, "Active");
    let told =
        "return [...document.querySelectorAll('noscript *')].filter(e => e.checkVisibility())
        .map(e => e.innerText).join()";
    let told = browser.run(told, Vec::new()).await.to_string();
    for part in [
        "JavaScript is off",
        "curl",
        "/api/v1/webhook-subscriptions",
        "/test",
        "DELETE",
    ] {
        assert!(told.contains(part), "{told}");
    }
    browser.see_no("#create").await;
    browser.see_no(&button("test")).await;
    // The code that verifies needs no script.
    browser.click("#verify > summary").await;
    browser.click("#verify [value=php]").await;
    browser.see("#verify [data-receiver=php]").await;
    browser.see_no("#verify [data-receiver=python]").await;
}
