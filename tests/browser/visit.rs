//! A scenario's visit: a workspace, and the browsers that are opened for it.

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
    stage::{Set, Stage},
};

/// See the module.
pub struct Visit {
    /// What the scenario is called.
    pub name: &'static str,
    /// A workspace that no other scenario has.
    pub workspace: String,
    /// The API, past the browser.
    pub api: Api,
    stage: Arc<Stage>,
    opened: Mutex<Vec<Browser>>,
}

static VISITS: AtomicUsize = AtomicUsize::new(1);

impl Visit {
    /// A browser with a new profile, which asks for English.
    pub async fn browser(&self) -> Browser {
        self.browser_with(Profile::default()).await
    }

    /// The same, otherwise.
    pub async fn browser_with(&self, profile: Profile) -> Browser {
        let set = self.set().await;
        let browser = Browser::open(set, &self.stage.equipment.chromium, profile).await;
        self.opened.lock().await.push(browser.clone());
        browser
    }

    /// A browser, signed in to the workspace.
    pub async fn signed_in(&self) -> Browser {
        let browser = self.browser().await;
        browser.sign_in(&self.workspace).await;
        browser
    }

    /// Where everything answers.
    pub async fn set(&self) -> &Set {
        self.stage.set().await
    }

    /// The script of axe-core.
    pub fn axe(&self) -> &str {
        &self.stage.equipment.axe
    }

    /// Another workspace that no other scenario has.
    pub fn another_workspace() -> String {
        format!("acc_browser{}", VISITS.fetch_add(1, Relaxed))
    }
}

/// Plays a scenario: what went wrong, if it did.
pub async fn play(
    stage: &Arc<Stage>,
    name: &'static str,
    scenario: Scenario,
) -> Result<(), String> {
    let visit = Visit {
        name,
        workspace: Visit::another_workspace(),
        api: Api::of(stage.set().await),
        stage: Arc::clone(stage),
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
                .keep_as(&format!("failed-{}", name.replace("::", "-")))
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
