//! Calls that clients send again under an idempotency key (Doing a thing once in openapi.yaml).
//!
//! Before the handler, [`Once::unless_done`] looks whether the call was done before. The handler tells the store what
//! to keep of its answer ([`Once::keep`]), and the store keeps it in the transaction that makes the change. If the
//! handler fails, [`settle`] looks once more: the call may have been done meanwhile, by another request or by a
//! transaction whose response was lost. Then its answer is the answer, and not the error.

use std::{borrow::Cow, fmt, sync::Arc};

use futures_util::{FutureExt, future::LocalBoxFuture};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    domain::{client_address::AddressHash, idempotency_key::IdempotencyKey},
    endpoint::{handler::EarlyResponse, request_context::RequestContext},
    error::{ApiError, Cause},
    http::{envelope::Answer, reply::Reply, request::Request},
    ids::WorkspaceId,
    store::{
        database::Database,
        done_once::{Earlier, Keep, Kept, KeyedCall, Scope},
        store_error::StoreError,
    },
    time::Timestamp,
};

const HEADER: &str = "Idempotency-Key";

/// Whether a call is to be done once, and what is then kept of its answer.
#[derive(Clone, Debug, Default)]
pub struct Once(Option<Arc<KeyedCall>>);

impl Once {
    /// Keeps an answer whose data is what the store returns: `call.once.keep(Answer::created)`.
    pub fn keep<T: Serialize>(
        &self,
        answer: fn(Box<RawValue>) -> Result<Answer, ApiError>,
    ) -> Keep<'_, T> {
        self.keep_as(move |done: &T| answer(to_raw_value(done).map_err(ApiError::internal)?))
    }

    /// Keeps the answer that is made of what the store returns.
    pub fn keep_as<'a, T>(
        &'a self,
        answer: impl Fn(&T) -> Result<Answer, ApiError> + 'a,
    ) -> Keep<'a, T> {
        self.keep_what(move |done| {
            let answer = answer(done)
                .map_err(|_| Cause::of("keep an answer", "it cannot be written as JSON"))?;
            Ok(Kept::answer(answer.status(), answer.data()))
        })
    }

    /// Keeps only the id of what the store returns, because the answer shows a secret.
    pub fn keep_id<'a, T>(&'a self, id: impl Fn(&T) -> &str + 'a) -> Keep<'a, T> {
        self.keep_what(move |done| Ok(Kept::Made(id(done).to_owned())))
    }

    fn keep_what<'a, T>(&'a self, make: impl Fn(&T) -> Result<Kept, Cause> + 'a) -> Keep<'a, T> {
        Keep::new(self.0.as_deref(), make)
    }

    /// `400` if the request has a malformed key.
    pub(super) fn of(request: &Request, scope: Scope<'_>) -> Result<Self, ApiError> {
        let call = |key| KeyedCall::new(scope, &key, request.fingerprint());
        Ok(Self(key_of(request)?.map(|key| Arc::new(call(key)))))
    }

    /// Answers without the handler if the call was done before. Otherwise [`settle`] will look again if it fails.
    pub(super) async fn unless_done(
        &self,
        database: &Database,
        context: &RequestContext,
    ) -> Result<(), EarlyResponse> {
        let Some(call) = &self.0 else {
            return Ok(());
        };
        if let Some(answer) = answer_again(call, database).await? {
            return Err(EarlyResponse::Reply(Reply::Answer(answer)));
        }
        context.set_keyed_call(Arc::clone(call), database.clone());
        Ok(())
    }
}

/// The key of a client without a credential. It means something only within a workspace, which the handler finds.
pub(super) struct PublicOnce {
    key: Option<(IdempotencyKey, AddressHash)>,
    database: Database,
    context: Arc<RequestContext>,
}

impl fmt::Debug for PublicOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicOnce")
    }
}

impl PublicOnce {
    /// `400` if the request has a malformed key.
    pub(super) fn of(
        request: &Request,
        address: AddressHash,
        database: Database,
        context: Arc<RequestContext>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            key: key_of(request)?.map(|key| (key, address)),
            database,
            context,
        })
    }

    /// # Errors
    ///
    /// If the call was done before, any error: [`settle`] then answers what was answered.
    pub(super) async fn within(
        &self,
        workspace: &WorkspaceId,
        request: &Request,
    ) -> Result<Once, ApiError> {
        let Some((key, address)) = &self.key else {
            return Ok(Once::default());
        };
        let scope = Scope::Address(address, workspace);
        let call = Arc::new(KeyedCall::new(scope, key, request.fingerprint()));
        let earlier = call.earlier(&self.database, Timestamp::now()).await?;
        self.context
            .set_keyed_call(Arc::clone(&call), self.database.clone());
        match earlier {
            Some(_) => Err(StoreError::DoneBefore.into()),
            None => Ok(Once(Some(call))),
        }
    }
}

/// For calls whose answer is not kept, because nobody could get it again. `400` if the request has a malformed key.
pub(super) fn check_key(request: &Request) -> Result<(), ApiError> {
    key_of(request).map(drop)
}

/// The key of a POST or PATCH. Other methods are idempotent by themselves.
fn key_of(request: &Request) -> Result<Option<IdempotencyKey>, ApiError> {
    let header = match request.method() {
        "POST" | "PATCH" => request.header("idempotency-key"),
        _ => None,
    };
    let parse = |header| {
        IdempotencyKey::parse(header).ok_or_else(|| {
            let rule = "`Idempotency-Key` must be 1 to 255 visible ASCII characters, bare or in double quotes. Send \
                        one, such as a UUID, or no such header.";
            ApiError::invalid_field(HEADER, rule)
        })
    };
    header.map(parse).transpose()
}

/// Decides what is answered to a call with a key, after the handler.
pub(super) fn settle(
    context: &RequestContext,
    outcome: Result<Reply, ApiError>,
) -> LocalBoxFuture<'_, Result<Reply, ApiError>> {
    async move {
        let (Err(error), Some((call, database))) = (&outcome, context.keyed_call()) else {
            return outcome;
        };
        call.release(database).await;
        if !error.nothing_was_done() && !database.may_try_again() {
            return outcome;
        }
        match answer_again(call, database).await {
            Ok(Some(answer)) => Ok(Reply::Answer(answer)),
            Err(conflict) if conflict.nothing_was_done() => Err(conflict),
            Ok(None) | Err(_) => outcome,
        }
    }
    .boxed_local()
}

/// The answer to the earlier call with this key. `None` if there was none. Waits for one that is being done.
///
/// # Errors
///
/// `409` if there was one, and it cannot be answered again.
async fn answer_again(call: &KeyedCall, database: &Database) -> Result<Option<Answer>, ApiError> {
    let mut attempt = 1;
    loop {
        match call.earlier(database, Timestamp::now()).await? {
            None => return Ok(None),
            Some(Earlier::Same(kept)) => return again(kept).map(Some),
            Some(Earlier::Another) => {
                return Err(conflict(
                    "Another call was done with this `Idempotency-Key`: with another body, path or method. Nothing \
                     was done this time. Send a new key with each new call.",
                ));
            }
            Some(Earlier::UnderWay) => {}
        }
        if !database.pause_to_try_again(attempt).await {
            return Err(conflict(
                "A call with this `Idempotency-Key` is being done at this moment. Send it again in some seconds.",
            ));
        }
        attempt += 1;
    }
}

fn again(kept: Kept) -> Result<Answer, ApiError> {
    match kept {
        Kept::Answer(status, data) => Answer::replayed(status, data),
        Kept::Made(id) => Err(conflict(format!(
            "This call was done already: `{id}` is what it made or changed. Its answer showed a secret, which is \
             shown only once. If the secret is lost, rotate it, or delete what was made."
        ))),
        Kept::TooLarge => Err(conflict(
            "This call was done already. Its answer was too large to be kept, so it cannot be given again: read what \
             was changed.",
        )),
    }
}

fn conflict(message: impl Into<Cow<'static, str>>) -> ApiError {
    ApiError::conflict_with(HEADER, message)
}
