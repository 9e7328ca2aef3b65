//! A browser, and what a person does with it.

use std::{path::Path, sync::Arc, time::Duration};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    cookies::Cookie,
    elements::Element,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use crate::{
    console::{self, ConsoleMessages},
    environment::Services,
};

/// How long to wait for something to appear.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Code points for keys without a character (WebDriver, section 17.4.2).
pub const TAB: char = '\u{e004}';
/// See [`TAB`].
pub const ENTER: char = '\u{e007}';
/// See [`TAB`].
pub const ESCAPE: char = '\u{e00c}';
/// See [`TAB`].
pub const DOWN: char = '\u{e015}';
const SHIFT: char = '\u{e008}';

pub struct Profile {
    /// The languages in `Accept-Language`.
    pub languages: &'static str,
    pub scripts: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            languages: "en",
            scripts: true,
        }
    }
}

#[derive(Clone)]
pub struct Browser {
    pub client: Client,
    /// The base URL of the API and the portal.
    pub api: String,
    /// The base URL of the local issuer.
    pub issuer: String,
    named: Arc<Mutex<ConsoleMessages>>,
}

impl Browser {
    pub async fn open(services: &Services, chromium: &Path, profile: Profile) -> Self {
        let scripts = if profile.scripts { 1 } else { 2 };
        let capabilities = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless=new",
                    // Chromium's sandbox works neither for root nor in most containers.
                    "--no-sandbox",
                    "--disable-dev-shm-usage",
                    "--disable-gpu",
                    "--force-device-scale-factor=1",
                    "--window-size=1280,720",
                ],
                "prefs": {
                    "intl.accept_languages": profile.languages,
                    "profile.managed_default_content_settings.javascript": scripts,
                },
            },
        });
        let Value::Object(capabilities) = capabilities else {
            unreachable!()
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&services.driver)
            .await
            .unwrap();
        let browser = Self {
            client,
            api: services.api.clone(),
            issuer: services.issuer.clone(),
            named: Arc::default(),
        };
        browser.set_width(1280).await;
        browser
    }

    pub async fn close(self) {
        // The browser may have exited by itself.
        let _ = self.client.close().await;
    }

    /// Goes to a path of the portal.
    pub async fn go(&self, path: &str) {
        self.go_to(&format!("{}{path}", self.api)).await;
    }

    /// Goes to a URL.
    pub async fn go_to(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Goes one page back.
    pub async fn back(&self) {
        self.client.back().await.unwrap();
    }

    /// Goes one page forward.
    pub async fn forward(&self) {
        self.client.forward().await.unwrap();
    }

    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// The path and the query of the page; the whole URL for a page outside the portal.
    pub async fn place(&self) -> String {
        let url = self.client.current_url().await.unwrap().to_string();
        url.strip_prefix(&self.api).unwrap_or(&url).to_owned()
    }

    /// Opens the page of API keys by signing in.
    pub async fn sign_in(&self, workspace: &str) {
        self.go("/dashboard").await;
        self.sign_in_here("usr_dewi", workspace).await;
        self.see("#who").await;
    }

    /// Fills in and submits the form of the issuer's page.
    pub async fn sign_in_here(&self, sub: &str, workspace: &str) {
        for (field, value) in [
            ("#sub", sub),
            ("#email", "dewi@example.com"),
            ("#name", "Dewi Lestari"),
            ("#account", workspace),
        ] {
            self.fill(field, value).await;
        }
        self.click("#continue").await;
    }

    /// Waits for an element of this CSS selector to be visible, and returns the first one.
    pub async fn see(&self, css: &str) -> Element {
        let until = Instant::now() + TIMEOUT;
        loop {
            // The command fails while another page loads.
            let found = self.client.find_all(Locator::Css(css)).await;
            let found = found.unwrap_or_default();
            let there = found.len();
            for element in found {
                if matches!(element.is_displayed().await, Ok(true)) {
                    return element;
                }
            }
            if Instant::now() > until {
                let place = self.place().await;
                panic!("of {there} `{css}` none can be seen at {place}");
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until no element of the selector is visible.
    pub async fn see_no(&self, css: &str) {
        let hidden = "return [...document.querySelectorAll(arguments[0])] \
                      .every(e => !e.checkVisibility({ visibilityProperty: true }))";
        self.until_with(&format!("`{css}` is gone"), hidden, vec![css.into()])
            .await;
    }

    /// The visible text of an element.
    pub async fn text(&self, css: &str) -> String {
        self.see(css).await.text().await.unwrap()
    }

    /// Waits until the element's visible text contains this text.
    pub async fn read(&self, css: &str, text: &str) {
        let reads = "return document.querySelector(arguments[0])?.innerText.includes(arguments[1])";
        let what = format!("`{css}` reads `{text}`");
        self.until_with(&what, reads, vec![css.into(), text.into()])
            .await;
    }

    /// An attribute of an element.
    pub async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let found = self.client.find(Locator::Css(css)).await.unwrap();
        found.attr(name).await.unwrap()
    }

    /// The number of elements of the selector.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// Waits for an element and clicks it.
    pub async fn click(&self, css: &str) {
        let until = Instant::now() + TIMEOUT;
        loop {
            match self.see(css).await.click().await {
                Ok(()) => return,
                // Another element still covers it.
                Err(_) if Instant::now() < until => sleep(Duration::from_millis(50)).await,
                Err(error) => panic!("`{css}` cannot be clicked: {error}"),
            }
        }
    }

    /// Clicks at a position in the window, several times in a row.
    pub async fn click_at(&self, x: u32, y: u32, times: u32) {
        for count in 1..=times {
            for kind in ["mousePressed", "mouseReleased"] {
                let event =
                    json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": count });
                self.devtools("Input.dispatchMouseEvent", event).await;
            }
        }
    }

    /// The position of an element's middle in the window.
    pub async fn middle_of(&self, css: &str) -> (u32, u32) {
        self.see(css).await;
        let middle = "const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();
            return [Math.round(x + width / 2), Math.round(y + height / 2)]";
        let middle = self.run(middle, vec![css.into()]).await;
        let at = |index: usize| u32::try_from(middle[index].as_u64().unwrap()).unwrap();
        (at(0), at(1))
    }

    /// The API paths that the page has called since it was loaded.
    pub async fn called(&self) -> Vec<String> {
        let called = "return performance.getEntriesByType('resource')
            .map(e => new URL(e.name).pathname).filter(path => path.startsWith('/api/'))";
        let called = self.run(called, Vec::new()).await;
        let called = called.as_array().unwrap().iter();
        called
            .map(|path| path.as_str().unwrap().to_owned())
            .collect()
    }

    /// Presses keys one after the other.
    pub async fn press(&self, keys: &str) {
        let pressed = |keys: KeyActions, value| {
            keys.then(KeyAction::Down { value })
                .then(KeyAction::Up { value })
        };
        let keys = keys
            .chars()
            .fold(KeyActions::new("keyboard".to_owned()), pressed);
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Presses Tab until this element has the focus.
    pub async fn tab_to(&self, css: &str) {
        self.tab(css, &TAB.to_string()).await;
    }

    /// Presses Shift+Tab until this element has the focus.
    pub async fn tab_back_to(&self, css: &str) {
        self.tab(css, &format!("{SHIFT}{TAB}")).await;
    }

    async fn tab(&self, css: &str, chord: &str) {
        for _ in 0..60 {
            if self.has_focus(css).await {
                return;
            }
            let mut keys = KeyActions::new("keyboard".to_owned());
            for value in chord.chars() {
                keys = keys.then(KeyAction::Down { value });
            }
            for value in chord.chars().rev() {
                keys = keys.then(KeyAction::Up { value });
            }
            self.client.perform_actions(keys).await.unwrap();
        }
        panic!("the tabulator does not lead to `{css}`");
    }

    /// Whether the element has the focus.
    pub async fn has_focus(&self, css: &str) -> bool {
        let matches = "return !!document.activeElement?.matches(arguments[0])";
        self.run(matches, vec![css.into()]).await == true
    }

    /// Waits until the element has the focus.
    pub async fn await_focus(&self, css: &str) {
        let matches = "return !!document.activeElement?.matches(arguments[0])";
        let focus = "return document.activeElement?.outerHTML.slice(0, 120)";
        if !self.comes_true(matches, vec![css.into()]).await {
            let focus = self.run(focus, Vec::new()).await;
            panic!("`{css}` has not the focus, but {focus}");
        }
    }

    /// Runs a script in the page and returns its result.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    /// Runs a script that passes its result to the function in its last argument.
    pub async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        let answer = self.client.execute_async(script, arguments).await;
        answer.unwrap()
    }

    /// Waits until a script returns true.
    pub async fn until(&self, what: &str, script: &str) {
        self.until_with(what, script, Vec::new()).await;
    }

    async fn until_with(&self, what: &str, script: &str, arguments: Vec<Value>) {
        let came = self.comes_true(script, arguments).await;
        let place = self.place().await;
        assert!(came, "it does not come true at {place} that {what}");
    }

    async fn comes_true(&self, script: &str, arguments: Vec<Value>) -> bool {
        let until = Instant::now() + TIMEOUT;
        while Instant::now() < until {
            // The command fails while another page loads.
            if let Ok(Value::Bool(true)) = self.client.execute(script, arguments.clone()).await {
                return true;
            }
            sleep(Duration::from_millis(20)).await;
        }
        false
    }

    /// The cookie of this name, if there is one.
    pub async fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        self.client.get_named_cookie(name).await.ok()
    }

    pub async fn session_cookie(&self) -> Cookie<'static> {
        let cookie = self.cookie("suppuo_session").await;
        cookie.expect("there is a session")
    }

    /// Opens a tab and switches to it.
    pub async fn open_tab(&self) {
        let opened = self.client.new_window(true).await.unwrap();
        self.client.switch_to_window(opened.handle).await.unwrap();
    }

    /// Closes the current tab and switches to the other one.
    pub async fn close_tab(&self) {
        self.client.close_window().await.unwrap();
        let left = self.client.windows().await.unwrap();
        let left = left.into_iter().next().unwrap();
        self.client.switch_to_window(left).await.unwrap();
    }

    /// Expects exactly one message that contains this text in the console at the end of the scenario.
    pub async fn expect_in_console(&self, message: &str) {
        let mut named = self.named.lock().await;
        named.expected.push(message.to_owned());
    }

    /// Allows any number of messages that contain this text in the console.
    pub async fn allow_in_console(&self, message: &str) {
        let mut named = self.named.lock().await;
        named.allowed.push(message.to_owned());
    }

    /// # Errors
    /// Says which message is unexpected or missing in the console.
    pub async fn console_is_as_expected(&self) -> Result<(), String> {
        let log = self.issue("se/log", json!({ "type": "browser" })).await;
        let log = log.map_err(|error| format!("the console cannot be read: {error}"))?;
        console::compare(&log, &*self.named.lock().await)
    }
}
