//! The page in a browser without scripts.

use std::sync::Arc;

use crate::{browser::Profile, visit::Visit};

pub async fn without_a_script_the_page_lists_the_keys_and_explains_the_rest(visit: Arc<Visit>) {
    let names = ["First", "Second"].map(str::to_owned);
    visit.api.create_all(&visit.workspace, names).await;
    let no_script = Profile {
        scripts: false,
        ..Profile::default()
    };
    let browser = visit.browser_with(no_script).await;
    browser.sign_in(&visit.workspace).await;
    assert_eq!(browser.count("#keys tbody tr").await, 2);
    assert_eq!(browser.text("#keys .key-name").await, "Second");
    // WebDriver reports everything in a `noscript` as hidden.
    let told =
        "return [...document.querySelectorAll('noscript *')].filter(e => e.checkVisibility())
        .map(e => e.innerText).join()";
    let told = browser.run(told, Vec::new()).await.to_string();
    assert!(
        told.contains("curl") && told.contains("/api/v1/api-keys"),
        "{told}"
    );
    assert!(told.contains("export SUPPUO_TOKEN=") && told.contains("Bearer $SUPPUO_TOKEN"));
    // Controls that need the script are hidden.
    browser.see_no("#create").await;
    browser.see_no("button.revoke").await;

    // The filter and the sign-out need no script.
    browser.click("#filter-unused").await;
    browser.see("#none-match").await;
    let session = browser.session_cookie().await;
    browser.click("#sign-out-button").await;
    browser.see("#sign-in-again").await;
    assert_eq!(browser.cookie(session.name()).await, None);
    let cookie = format!("{}={}", session.name(), session.value());
    let me = visit.api.get("/api/v1/auth/me", ("cookie", &cookie)).await;
    assert_eq!(me.status(), 401);
    browser.click("#sign-in-again").await;
    browser.see("#as-kim").await;
}
