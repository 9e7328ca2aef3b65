//! What the response's headers and the log need to know about a request. It is kept outside the handler, so that it
//! outlives a panic and a timeout.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use crate::{
    auth::scheme::Authenticated,
    domain::{
        caller::Caller,
        rate_limit::{Decision, RateLimitStatus},
    },
    endpoint::platform::Services,
    error::ApiError,
    http::language::Language,
    ids::WorkspaceId,
    store::{capacity_meter::CapacityMeter, database::Database, submission_refund::Submission},
    time::Timestamp,
};

/// Has no `Debug`: cookies must not be logged.
pub struct RequestContext {
    meter: Arc<CapacityMeter>,
    /// When the pipeline gives up on the handler.
    deadline: Instant,
    caller: OnceLock<(Caller, WorkspaceId)>,
    rate_limit: Mutex<Option<RateLimitStatus>>,
    submission: Mutex<Option<(Submission, Database)>>,
    cookies: Mutex<Vec<String>>,
    error_page_language: OnceLock<Language>,
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
            error_page_language: OnceLock::new(),
            language_cookie: OnceLock::new(),
        }
    }

    pub(crate) fn meter(&self) -> &Arc<CapacityMeter> {
        &self.meter
    }

    /// The table, with this request's meter and deadline.
    pub(crate) fn database(&self, services: &Services) -> Database {
        services.database.of_request(&self.meter, self.deadline)
    }

    /// Keeps a counted submission until its outcome is known.
    pub(crate) fn set_submission(&self, submission: Submission, database: Database) {
        *locked(&self.submission) = Some((submission, database));
    }

    pub(crate) fn take_submission(&self) -> Option<(Submission, Database)> {
        locked(&self.submission).take()
    }

    // Each `OnceLock` is set at most once per request, so the results of `set` are ignored.

    /// Records the caller and their rate limit's status.
    ///
    /// # Errors
    ///
    /// `429` if they are over the limit. Both are recorded even then, because some callers are allowed over it.
    pub(crate) fn set_authenticated(&self, authenticated: &Authenticated) -> Result<(), ApiError> {
        let caller = (
            authenticated.caller.clone(),
            authenticated.workspace.clone(),
        );
        let _ = self.caller.set(caller);
        self.set_decision(&authenticated.decision)
    }

    /// Records the rate limit's status.
    ///
    /// # Errors
    ///
    /// `429` if the call is over the limit.
    pub(crate) fn set_decision(&self, decision: &Decision) -> Result<(), ApiError> {
        let (Decision::Allowed(status) | Decision::Limited(status)) = decision;
        self.set_rate_limit(*status);
        match decision {
            Decision::Allowed(_) => Ok(()),
            Decision::Limited(status) => Err(status.error(Timestamp::now())),
        }
    }

    /// Replaces the recorded status.
    pub(crate) fn set_rate_limit(&self, status: RateLimitStatus) {
        *locked(&self.rate_limit) = Some(status);
    }

    /// Adds a `Set-Cookie` of [`crate::http::cookies`] to the response, even if it is an error.
    pub(crate) fn set_cookie(&self, set_cookie: String) {
        locked(&self.cookies).push(set_cookie);
    }

    pub(crate) fn cookies(&self) -> Vec<String> {
        locked(&self.cookies).clone()
    }

    /// An error is shown on a page in this language; with `None`, it is in the envelope.
    pub(crate) fn set_error_page_language(&self, language: Option<Language>) {
        if let Some(language) = language {
            let _ = self.error_page_language.set(language);
        }
    }

    pub(crate) fn error_page_language(&self) -> Option<Language> {
        self.error_page_language.get().copied()
    }

    /// Records the `Set-Cookie` for [`Self::add_language_cookie`].
    pub(crate) fn set_language_cookie(&self, set_cookie: Option<String>) {
        if let Some(set_cookie) = set_cookie {
            let _ = self.language_cookie.set(set_cookie);
        }
    }

    /// Adds the language cookie to the response, if there is one.
    pub(crate) fn add_language_cookie(&self) {
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
        *locked(&self.rate_limit)
    }
}

/// What a panic of the handler left behind is still good: every write is one assignment or push.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
