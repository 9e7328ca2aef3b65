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
        scope::Scope,
    },
    endpoint::platform::Services,
    error::ApiError,
    http::language::Language,
    ids::{RequestId, WorkspaceId},
    store::{
        capacity_meter::CapacityMeter, database::Database, done_once::KeyedCall,
        submission_refund::Submission,
    },
    time::Timestamp,
};

/// Has no `Debug`: cookies must not be logged.
pub struct RequestContext {
    request_id: RequestId,
    /// What the endpoint requires of a key. `None`: nothing.
    scope: Option<Scope>,
    meter: Arc<CapacityMeter>,
    /// When the pipeline gives up on the handler.
    deadline: Instant,
    caller: OnceLock<(Caller, WorkspaceId)>,
    rate_limit: Mutex<Option<RateLimitStatus>>,
    submission: Mutex<Option<(Submission, Database)>>,
    keyed_call: OnceLock<(Arc<KeyedCall>, Database)>,
    cookies: Mutex<Vec<String>>,
    error_page_language: OnceLock<Language>,
    language_cookie: OnceLock<String>,
}

impl RequestContext {
    pub(crate) fn new(deadline: Instant, request_id: RequestId, scope: Option<Scope>) -> Self {
        Self {
            request_id,
            scope,
            meter: Arc::default(),
            deadline,
            caller: OnceLock::new(),
            rate_limit: Mutex::default(),
            submission: Mutex::default(),
            keyed_call: OnceLock::new(),
            cookies: Mutex::default(),
            error_page_language: OnceLock::new(),
            language_cookie: OnceLock::new(),
        }
    }

    pub(crate) fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// # Errors
    ///
    /// `403` if the caller's key lacks the scope that the endpoint requires. Users may do everything.
    pub(crate) fn check_scope(&self, caller: &Caller) -> Result<(), ApiError> {
        match (caller.key(), self.scope) {
            (Some(key), Some(scope)) if !key.settings.scopes.allow(scope) => {
                Err(ApiError::forbidden(
                    format!("This API key may not do that: it needs the scope `{scope}`."),
                    "missing_scope",
                ))
            }
            _ => Ok(()),
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

    /// Keeps a call with an idempotency key until its outcome is known.
    pub(crate) fn set_keyed_call(&self, call: Arc<KeyedCall>, database: Database) {
        let _ = self.keyed_call.set((call, database));
    }

    pub(crate) fn keyed_call(&self) -> Option<&(Arc<KeyedCall>, Database)> {
        self.keyed_call.get()
    }

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
    /// `429` if the call is over the limit, `403` if the caller's address may not use their key.
    pub(crate) fn set_decision(&self, decision: &Decision) -> Result<(), ApiError> {
        let (Decision::Allowed(status)
        | Decision::Limited(status)
        | Decision::WrongAddress(status)) = decision;
        self.set_rate_limit(*status);
        match decision {
            Decision::Allowed(_) => Ok(()),
            Decision::Limited(status) => Err(status.error(Timestamp::now())),
            Decision::WrongAddress(_) => Err(ApiError::forbidden(
                "This API key may not be used from your address. Whoever manages the key can add the address to its \
                 `allowedIps`.",
                "wrong_address",
            )),
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
