//! What is learned about a request on its way, kept outside the handler: it is still there when the
//! handler panics or is cut off, for the headers of the answer and for the log.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Instant,
};

use crate::{
    credentials::{Caller, Recognised},
    error::ApiError,
    ids::WorkspaceId,
    limits::{Standing, Verdict},
    meter::Meter,
    portal::language::Language,
    time::Timestamp,
};

/// One request's record. It has no `Debug`: of cookies nothing may be shown.
pub struct Exchange {
    meter: Arc<Meter>,
    /// When the pipeline answers in the handler's stead.
    deadline: Instant,
    caller: OnceLock<(Caller, WorkspaceId)>,
    standing: OnceLock<Standing>,
    /// In the other's place, where what was counted turned out to be something else.
    standing_after_all: OnceLock<Standing>,
    for_every_page: OnceLock<()>,
    cookies: Mutex<Vec<String>>,
    errors_language: OnceLock<Language>,
    language_cookie: OnceLock<String>,
}

impl Exchange {
    pub(crate) fn new(deadline: Instant) -> Self {
        Self {
            meter: Arc::default(),
            deadline,
            caller: OnceLock::new(),
            standing: OnceLock::new(),
            standing_after_all: OnceLock::new(),
            for_every_page: OnceLock::new(),
            cookies: Mutex::default(),
            errors_language: OnceLock::new(),
            language_cookie: OnceLock::new(),
        }
    }

    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    // A request has one caller, is counted once and speaks one language: in none of these is there anything to replace.

    /// Takes down who calls, and how they stand against their limit.
    ///
    /// # Errors
    ///
    /// `429` where they are over it. It is taken down all the same, for who is let in nevertheless.
    pub(crate) fn recognised(&self, recognised: &Recognised) -> Result<(), ApiError> {
        let caller = (recognised.caller.clone(), recognised.workspace.clone());
        let _ = self.caller.set(caller);
        self.counted(&recognised.verdict)
    }

    /// Takes down how the call stands against its limit.
    ///
    /// # Errors
    ///
    /// `429` where it is over it.
    pub(crate) fn counted(&self, verdict: &Verdict) -> Result<(), ApiError> {
        let (Verdict::Admitted(standing) | Verdict::Exceeded(standing)) = verdict;
        let _ = self.standing.set(*standing);
        match verdict {
            Verdict::Admitted(_) => Ok(()),
            Verdict::Exceeded(standing) => Err(ApiError::rate_limited(standing, Timestamp::now())),
        }
    }

    /// Takes down how the caller stands now that what was counted was given back.
    pub(crate) fn gave_back(&self, standing: Standing) {
        let _ = self.standing_after_all.set(standing);
    }

    /// Lets pages of every origin read the answer, whatever it is.
    pub(crate) fn answer_every_page(&self) {
        let _ = self.for_every_page.set(());
    }

    pub(crate) fn is_for_every_page(&self) -> bool {
        self.for_every_page.get().is_some()
    }

    /// Has the answer set a cookie, whatever it is: with a `Set-Cookie` of [`crate::cookies`].
    pub(crate) fn set_cookie(&self, set_cookie: String) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.push(set_cookie);
    }

    pub(crate) fn cookies(&self) -> Vec<String> {
        let cookies = self.cookies.lock();
        cookies.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has an error told on a page in this language; without one, in the envelope.
    pub(crate) fn tell_errors_in(&self, language: Option<Language>) {
        if let Some(language) = language {
            let _ = self.errors_language.set(language);
        }
    }

    pub(crate) fn errors_language(&self) -> Option<Language> {
        self.errors_language.get().copied()
    }

    /// Takes down the `Set-Cookie` of the language that was asked for, if one was.
    pub(crate) fn language_asked(&self, set_cookie: Option<String>) {
        if let Some(set_cookie) = set_cookie {
            let _ = self.language_cookie.set(set_cookie);
        }
    }

    /// Has the answer remember the language that was asked for.
    pub(crate) fn remember_language(&self) {
        if let Some(set_cookie) = self.language_cookie.get() {
            self.set_cookie(set_cookie.clone());
        }
    }

    pub(crate) fn caller(&self) -> Option<(&Caller, &WorkspaceId)> {
        self.caller
            .get()
            .map(|(caller, workspace)| (caller, workspace))
    }

    pub(crate) fn standing(&self) -> Option<&Standing> {
        self.standing_after_all.get().or(self.standing.get())
    }
}
