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
    standing: Mutex<Option<Standing>>,
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
            standing: Mutex::default(),
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

    // A request has one caller, speaks one language and repeats one answer: no `OnceLock` has anything to replace.

    /// Takes down who calls, and how they stand against their limit.
    ///
    /// # Errors
    ///
    /// `429` where they are over it. It is taken down even so, for a caller who is let in all the same.
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
        self.set_standing(*standing);
        match verdict {
            Verdict::Admitted(_) => Ok(()),
            Verdict::Exceeded(standing) => Err(ApiError::rate_limited(standing, Timestamp::now())),
        }
    }

    /// Takes down how the caller stands, in the place of what was taken down before.
    pub(crate) fn set_standing(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
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

    pub(crate) fn standing(&self) -> Option<Standing> {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
