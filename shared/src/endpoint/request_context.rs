//! What is learned about a request on its way, kept outside the handler: it is still there when the
//! handler panics or is cut off, for the headers of the answer and for the log.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Instant,
};

use crate::{
    auth::scheme::Authenticated,
    domain::{
        caller::Caller,
        rate_limit::{Decision, RateLimitStatus},
    },
    endpoint::platform::Platform,
    error::ApiError,
    http::language::Language,
    ids::WorkspaceId,
    store::{capacity_meter::CapacityMeter, database::Database, submissions::Submission},
    time::Timestamp,
};

/// One request's record. It has no `Debug`: of cookies nothing may be shown.
pub struct RequestContext {
    meter: Arc<CapacityMeter>,
    /// When the pipeline answers in the handler's stead.
    deadline: Instant,
    caller: OnceLock<(Caller, WorkspaceId)>,
    rate_limit: Mutex<Option<RateLimitStatus>>,
    submission: Mutex<Option<(Submission, Database)>>,
    cookies: Mutex<Vec<String>>,
    errors_language: OnceLock<Language>,
    language_cookie: OnceLock<String>,
}

impl RequestContext {
    pub(crate) fn new(deadline: Instant) -> Self {
        Self {
            meter: Arc::default(),
            deadline,
            caller: OnceLock::new(),
            rate_limit: Mutex::default(),
            submission: Mutex::default(),
            cookies: Mutex::default(),
            errors_language: OnceLock::new(),
            language_cookie: OnceLock::new(),
        }
    }

    pub(crate) fn meter(&self) -> &Arc<CapacityMeter> {
        &self.meter
    }

    /// The table, for this request.
    pub(crate) fn database(&self, platform: &Platform) -> Database {
        platform.database.of_request(&self.meter, self.deadline)
    }

    /// Keeps a submission that was counted, until it is known what came of it.
    pub(crate) fn set_submission(&self, submission: Submission, database: Database) {
        let mut kept = self
            .submission
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *kept = Some((submission, database));
    }

    pub(crate) fn take_submission(&self) -> Option<(Submission, Database)> {
        let mut kept = self
            .submission
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.take()
    }

    // A request has one caller, speaks one language and repeats one answer: no `OnceLock` has anything to replace.

    /// Takes down who calls, and how they stand against their limit.
    ///
    /// # Errors
    ///
    /// `429` where they are over it. It is taken down even so, for a caller who is let in all the same.
    pub(crate) fn set_authenticated(&self, authenticated: &Authenticated) -> Result<(), ApiError> {
        let caller = (
            authenticated.caller.clone(),
            authenticated.workspace.clone(),
        );
        let _ = self.caller.set(caller);
        self.set_decision(&authenticated.decision)
    }

    /// Takes down how the call stands against its limit.
    ///
    /// # Errors
    ///
    /// `429` where it is over it.
    pub(crate) fn set_decision(&self, decision: &Decision) -> Result<(), ApiError> {
        let (Decision::Allowed(status) | Decision::Limited(status)) = decision;
        self.set_rate_limit(*status);
        match decision {
            Decision::Allowed(_) => Ok(()),
            Decision::Limited(status) => Err(status.error(Timestamp::now())),
        }
    }

    /// Takes down how the caller stands, in the place of what was taken down before.
    pub(crate) fn set_rate_limit(&self, status: RateLimitStatus) {
        *self
            .rate_limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(status);
    }

    /// Has the answer set a cookie, whatever it is: with a `Set-Cookie` of [`crate::http::cookies`].
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

    pub(crate) fn rate_limit(&self) -> Option<RateLimitStatus> {
        *self
            .rate_limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
