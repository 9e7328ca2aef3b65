//! API keys: `Authorization: Bearer sk_live_…`.

use crate::{
    auth::{
        bearer::Authorization,
        scheme::{Authenticated, Context, SchemeResult},
    },
    domain::{api_key::PlaintextKey, caller::Caller},
    error::ApiError,
    store::caller_windows,
};

/// A key whose form or checksum is wrong is refused here, without a call of the table; one that the table
/// does not know is refused by the write that would have counted its call.
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
