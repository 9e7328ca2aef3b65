//! The scheme of API keys: `Authorization: Bearer sk_live_…`.

use crate::{
    auth::{
        bearer::Authorization,
        scheme::{Authenticated, Context, SchemeResult},
    },
    domain::{api_key::PlaintextKey, caller::Caller},
    error::ApiError,
    store::caller_windows,
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
    match caller_windows::count_key(context.database, &key.hash(), context.limit, context.now).await
    {
        Ok(Some((known, decision))) => SchemeResult::Authenticated(Authenticated {
            caller: Caller::ApiKey(known.id),
            workspace: known.workspace,
            decision,
        }),
        Ok(None) => ApiError::invalid_token("unknown_key").into(),
        Err(error) => ApiError::from(error).into(),
    }
}
