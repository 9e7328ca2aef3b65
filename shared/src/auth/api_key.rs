//! The scheme of API keys: `Authorization: Bearer sk_live_…`.

use crate::{
    auth::{
        bearer::Authorization,
        scheme::{Authenticated, Context, SchemeResult},
    },
    domain::{
        api_key::PlaintextKey,
        caller::{Caller, CallingKey},
    },
    error::ApiError,
    store::key_counter::{CountedKey, KeyCounter},
};

/// Refuses a key with a wrong form or checksum without a request to the table. For an unknown key, the write that
/// counts the call fails.
pub(crate) async fn attempt(
    authorization: &Authorization<'_>,
    context: &Context<'_>,
) -> SchemeResult {
    let Authorization::ApiKey(token) = authorization else {
        return SchemeResult::NotRequested;
    };
    let Some(key) = PlaintextKey::parse(token) else {
        return ApiError::invalid_token("malformed_key").into();
    };
    let counter = KeyCounter {
        database: context.database,
        lists: context.admitted_lists,
        last_counts: context.last_counts,
        address: context.address,
        limit: context.limit,
        now: context.now,
    };
    let hash = key.hash();
    context.hint.by_secret(hash.as_str());
    match counter.count(&hash).await {
        Ok(CountedKey::Known(known, decision)) => SchemeResult::Authenticated(Authenticated {
            caller: Caller::ApiKey(Box::new(CallingKey {
                id: known.id,
                settings: known.settings,
                by_older_secret: known.by_older_secret,
            })),
            workspace: known.workspace,
            decision,
            has_stamped_key: known.is_stamped,
        }),
        Ok(CountedKey::Unknown) => ApiError::invalid_token("unknown_key").into(),
        Ok(CountedKey::Expired) => ApiError::expired_key().into(),
        Ok(CountedKey::SwitchedOff) => ApiError::switched_off_key().into(),
        Err(error) => ApiError::from(error).into(),
    }
}
