//! Every view, once in each language and each colour scheme: axe-core finds no fault, the view fits a narrow window,
//! and its screenshot is in `target/screenshots`.

use std::{sync::Arc, time::Duration};

use crate::{
    accessibility::check,
    browser::{Browser, Profile},
    keys,
    layout::fits,
    visit::Visit,
};

const WIDE: u32 = 1280;
const NARROW: u32 = 320;
/// From this width on, the list is a table.
const TABLE: u32 = 720;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Realistic keys: name, time since creation, and time since the last use.
const A_HANDFUL: [(&str, Duration, Option<Duration>); 6] = [
    (
        "Old storefront",
        Duration::from_hours(24 * 411),
        Some(Duration::from_hours(24 * 163)),
    ),
    (
        "Zapier",
        Duration::from_hours(24 * 260),
        Some(Duration::from_hours(24 * 9)),
    ),
    (
        "Nightly export to the data warehouse",
        Duration::from_hours(24 * 122),
        Some(Duration::from_hours(7)),
    ),
    (
        "Warehouse sync",
        Duration::from_hours(24 * 48),
        Some(Duration::from_mins(3)),
    ),
    (
        "WhatsApp bridge",
        Duration::from_hours(24 * 12),
        Some(Duration::from_secs(30)),
    ),
    ("Dewi's laptop", Duration::from_hours(2), None),
];

/// The name of the view of the local issuer's page.
const ISSUER: &str = "issuer";

/// A browser with a language and a colour scheme.
pub struct View<'a> {
    pub visit: &'a Visit,
    pub browser: Browser,
    /// What the screenshots' names end with.
    pub named: String,
}

impl<'a> View<'a> {
    /// Opens a browser, which is not signed in yet.
    pub async fn open(visit: &'a Visit, language: &'static str, dark: bool) -> Self {
        let profile = Profile {
            languages: language,
            ..Profile::default()
        };
        let browser = visit.browser_with(profile).await;
        browser.set_dark(dark).await;
        let named = format!("{language}-{}", if dark { "dark" } else { "light" });
        Self {
            visit,
            browser,
            named,
        }
    }

    /// Checks the current view and takes its screenshots, wide and narrow.
    pub async fn take(&self, what: &str) {
        let Self {
            visit,
            browser,
            named,
        } = self;
        for width in [NARROW, WIDE] {
            browser.set_width(width).await;
            check(visit, browser, what).await;
            fits(browser, what).await;
            // The local issuer's page has another header.
            if what != ISSUER {
                header_is_low(browser, what).await;
            }
            browser.screenshot(&format!("{what}-{named}-{width}")).await;
        }
    }
}

/// Checks that the page's header stays low, even in a narrow window.
async fn header_is_low(browser: &Browser, what: &str) {
    let height = "return document.querySelector('body > header').offsetHeight";
    let height = browser.run(height, Vec::new()).await;
    assert!(
        height
            .as_u64()
            .is_some_and(|height| (1..=64).contains(&height)),
        "{what}: {height}"
    );
}

pub async fn in_english_light_every_view_is_accessible(visit: Arc<Visit>) {
    take_all(&visit, "en", false, "acc_tokodewi").await;
}

pub async fn in_indonesian_dark_every_view_is_accessible(visit: Arc<Visit>) {
    take_all(&visit, "id", true, "acc_tokobudi").await;
}

/// `shop` is a workspace with the name of a shop, for the screenshot in the README.
async fn take_all(visit: &Visit, language: &'static str, dark: bool, shop: &str) {
    let view = View::open(visit, language, dark).await;
    let browser = &view.browser;
    browser.sign_in(&visit.workspace).await;
    browser.see(&format!("html[lang={language}] #empty")).await;
    view.take("no-keys").await;

    browser.click("#create").await;
    view.take("create-dialog").await;
    browser.click("#more summary").await;
    browser.click("#chosen").await;
    browser.choose("#expires", "date").await;
    view.take("create-dialog-open").await;
    browser.fill("#name", " ").await;
    browser.click("#create-submit").await;
    browser.see("#create-problem *").await;
    view.take("create-problem").await;
    browser.click("#create-cancel").await;
    browser.allow_clipboard().await;
    keys::create(browser, "Warehouse sync").await;
    browser.click("#copy").await;
    browser.see("#copied").await;
    view.take("created-dialog").await;
    browser.click("#created-done").await;
    browser.see_no("#created-dialog").await;
    browser.see_no("#filter").await;
    view.take("one-key").await;
    keys::create(browser, "Not copied").await;
    browser.click("#created-done").await;
    browser.see("#created-saved").await;
    view.take("not-copied").await;
    browser.click("#created-saved").await;
    browser.see_no("#created-dialog").await;

    let longest = "Integration between the point of sale in Yogyakarta and the warehouse’s stock list, ordered by \
                   whoever was there first.";
    let many = [longest.chars().take(120).collect(), "W".repeat(120)];
    visit.api.create_all(&visit.workspace, many).await;
    browser.reload().await;
    browser.see("#keys").await;
    browser.see("#filter").await;
    view.take("longest-names").await;
    browser.click("button.revoke").await;
    view.take("revoke-dialog").await;
    browser.click("#revoke-cancel").await;
    browser.see_no("#revoke-dialog").await;

    for (name, created, used) in A_HANDFUL {
        let key = visit.api.create(shop, name).await;
        let id = key["id"].as_str().unwrap();
        visit.api.backdate(shop, id, created, used).await;
    }
    sign_in_to(browser, shop).await;
    view.take("a-handful").await;
    browser.set_width(TABLE).await;
    fits(browser, "a-handful").await;
    header_is_low(browser, "a-handful").await;
    browser
        .screenshot(&format!("a-handful-{}-{TABLE}", view.named))
        .await;
    browser.click("#filter-unused").await;
    view.take("filtered").await;
    take_a_keys_page(&view, shop).await;

    let workspace = Visit::another_workspace();
    for number in 1..=100 {
        let (name, _, _) = A_HANDFUL[number % A_HANDFUL.len()];
        let key = visit
            .api
            .create(&workspace, &format!("{name} {number}"))
            .await;
        if number % 4 == 0 {
            let ago = DAY * u32::try_from(number).unwrap();
            let id = key["id"].as_str().unwrap();
            visit
                .api
                .backdate(&workspace, id, DAY * 400, Some(ago + HOUR))
                .await;
        }
    }
    sign_in_to(browser, &workspace).await;
    view.take("a-hundred-keys").await;

    browser.click("#sign-out-button").await;
    browser.see("#sign-in-again").await;
    view.take("signed-out").await;
    browser.click("#sign-in-again").await;
    browser.click("#refuse").await;
    browser
        .see(&format!("html[lang={language}] #try-again"))
        .await;
    browser.expect_in_console("status of 4").await;
    view.take("problem").await;
}

/// The page of the newest key, which was rotated, limited, used and switched off.
async fn take_a_keys_page(view: &View<'_>, shop: &str) {
    let View { visit, browser, .. } = view;
    let listed = visit.api.keys(shop).await;
    let id = listed[0]["id"].as_str().unwrap();
    let rotated = visit.api.rotate(shop, id).await;
    let secret = rotated["key"].as_str().unwrap();
    assert_eq!(visit.api.status_with(secret).await, 200);
    browser.go(&format!("/dashboard/api-keys/{id}")).await;
    browser.click("#chosen").await;
    browser.choose("[name=api_keys]", "write").await;
    browser.choose("#expires", "30").await;
    browser
        .fill("#addresses", "127.0.0.1/32 2001:db8::/32")
        .await;
    browser.click("#save").await;
    browser.see("#save-status:not(:empty)").await;
    browser.click("#numbers summary").await;
    view.take("a-key").await;
    browser.click("#rotate").await;
    view.take("rotate-dialog").await;
    browser.click("#rotate-cancel").await;
    browser.click("#end").await;
    view.take("end-dialog").await;
    browser.click("#end-cancel").await;
    browser.click("#switch-off").await;
    browser.see("#switch-on").await;
    browser.fill("#limit", "0").await;
    browser.click("#save").await;
    browser.see("#settings-problem *").await;
    browser.expect_in_console("status of 400").await;
    view.take("a-key-off").await;
    browser.click("#back a").await;
    browser.see("#keys").await;
}

async fn sign_in_to(browser: &Browser, workspace: &str) {
    browser.click("#sign-out-button").await;
    browser.click("#sign-in-again").await;
    browser.sign_in_here("usr_dewi", workspace).await;
    browser.see("#keys").await;
}

/// The local issuer's page is English only.
pub async fn the_local_issuers_page_is_accessible(visit: Arc<Visit>) {
    take_english_only(&visit, "/dashboard", "#as-kim", ISSUER).await;
}

/// So is the API reference.
pub async fn the_api_reference_is_accessible_and_fits(visit: Arc<Visit>) {
    take_english_only(&visit, "/docs", "#rate-limits", "docs").await;
}

/// Takes a page that has no other language, light and dark, once this element is there.
async fn take_english_only(visit: &Visit, path: &str, element: &str, what: &str) {
    let browser = visit.browser().await;
    browser.go(path).await;
    for dark in [false, true] {
        let view = View {
            visit,
            browser: browser.clone(),
            named: format!("en-{}", if dark { "dark" } else { "light" }),
        };
        view.browser.set_dark(dark).await;
        view.browser.see(element).await;
        view.take(what).await;
    }
}
