//! A run of a scenario, with its workspace and its browsers.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use futures_util::FutureExt;
use tokio::sync::Mutex;

use crate::{
    Scenario,
    api::Api,
    browser::{Browser, Profile},
    environment::{Environment, Services},
};

pub struct Visit {
    /// The scenario's name.
    pub name: &'static str,
    /// A workspace that no other scenario uses.
    pub workspace: String,
    /// The API, without the browser.
    pub api: Api,
    environment: Arc<Environment>,
    opened: Mutex<Vec<Browser>>,
}

static VISITS: AtomicUsize = AtomicUsize::new(1);

impl Visit {
    /// Opens a browser with a new profile in English.
    pub async fn browser(&self) -> Browser {
        self.browser_with(Profile::default()).await
    }

    /// Opens a browser with this profile.
    pub async fn browser_with(&self, profile: Profile) -> Browser {
        let services = self.services().await;
        let browser = Browser::open(services, &self.environment.tools.chromium, profile).await;
        self.opened.lock().await.push(browser.clone());
        browser
    }

    /// Opens a browser that is signed in to the workspace.
    pub async fn signed_in(&self) -> Browser {
        let browser = self.browser().await;
        browser.sign_in(&self.workspace).await;
        browser
    }

    /// The running processes.
    pub async fn services(&self) -> &Services {
        self.environment.services().await
    }

    /// The text of axe-core's script.
    pub fn axe(&self) -> &str {
        &self.environment.tools.axe
    }

    /// Another workspace that no other scenario uses.
    pub fn another_workspace() -> String {
        format!("acc_browser{}", VISITS.fetch_add(1, Relaxed))
    }
}

/// Runs a scenario.
///
/// # Errors
/// Says which check failed, or which message was unexpected or missing in the console.
pub async fn play(
    environment: &Arc<Environment>,
    name: &'static str,
    scenario: Scenario,
) -> Result<(), String> {
    let visit = Visit {
        name,
        workspace: Visit::another_workspace(),
        api: Api::of(environment.services().await),
        environment: Arc::clone(environment),
        opened: Mutex::default(),
    };
    let visit = Arc::new(visit);
    let played = AssertUnwindSafe(scenario(Arc::clone(&visit)))
        .catch_unwind()
        .await;
    let mut outcome = played.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref().copied());
        text.unwrap_or("it panicked").to_owned()
    });
    for browser in visit.opened.lock().await.drain(..) {
        if outcome.is_err() {
            browser
                .screenshot(&format!("failed-{}", name.replace("::", "-")))
                .await;
        }
        let console = browser.console_is_as_expected().await;
        outcome = match (outcome, console) {
            (Ok(()), console) => console,
            (Err(error), Ok(())) => Err(error),
            (Err(error), Err(console)) => Err(format!("{error}\n{console}")),
        };
        browser.close().await;
    }
    outcome
}
