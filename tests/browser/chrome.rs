//! What only Chrome can do: the Chrome DevTools Protocol and the console's log, through chromedriver.

use std::{fs, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use fantoccini::{error::CmdError, wd::WebDriverCompatibleCommand};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::{browser::Browser, environment::target};

impl Browser {
    /// Sets the width of the window's content in CSS pixels, and its height to that of a small phone or of a laptop.
    pub async fn set_width(&self, width: u32) {
        let height = if width < 600 { 568 } else { 720 };
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        )
        .await;
    }

    /// Sets whether the person prefers dark colours.
    pub async fn set_dark(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    /// Lets the portal read and write the clipboard.
    pub async fn allow_clipboard(&self) {
        let permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"];
        self.devtools(
            "Browser.grantPermissions",
            json!({ "origin": self.api, "permissions": permissions }),
        )
        .await;
    }

    /// The text in the clipboard.
    pub async fn clipboard(&self) -> String {
        let read = "const done = arguments[0]; navigator.clipboard.readText().then(done, e => done('' + e))";
        let text = self.run_async(read, Vec::new()).await;
        text.as_str().unwrap().to_owned()
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.issue("goog/cdp/execute", body).await.unwrap()
    }

    pub async fn issue(&self, path: &'static str, body: Value) -> Result<Value, CmdError> {
        let command = ChromeCommand {
            path,
            body: body.to_string(),
        };
        self.client.issue_cmd(command).await
    }

    /// Saves a screenshot in `target/screenshots`: of the whole page, or only of the visible part if a dialog is open,
    /// which covers just that part.
    pub async fn screenshot(&self, name: &str) {
        let parameters = "
            const height = Math.max(innerHeight, document.documentElement.scrollHeight);
            const clip = { x: 0, y: 0, width: innerWidth, height, scale: 1 };
            const open = document.querySelector('dialog[open]');
            return open ? {} : { clip, captureBeyondViewport: true }";
        let Ok(parameters) = self.client.execute(parameters, Vec::new()).await else {
            return;
        };
        let taken = json!({ "cmd": "Page.captureScreenshot", "params": parameters });
        let Ok(taken) = self.issue("goog/cdp/execute", taken).await else {
            return;
        };
        let folder = target().join("screenshots");
        fs::create_dir_all(&folder).unwrap();
        let picture = BASE64_STANDARD.decode(taken["data"].as_str().unwrap());
        fs::write(folder.join(format!("{name}.png")), picture.unwrap()).unwrap();
    }
}

/// A WebDriver command that only Chrome has.
#[derive(Debug)]
struct ChromeCommand {
    path: &'static str,
    body: String,
}

impl WebDriverCompatibleCommand for ChromeCommand {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.clone()))
    }
}
