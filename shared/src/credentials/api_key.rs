//! API keys: `Authorization: Bearer sk_live_…`.

use crate::{
    api_key::PlaintextKey,
    credentials::{Attempt, Caller, Context, Recognised, bearer::Authorization},
    error::ApiError,
    store::windows,
};

/// A key whose form or checksum is wrong is refused here, without a call of the table; one that the table
/// does not know is refused by the write that would have counted its call.
pub(crate) async fn attempt(authorization: &Authorization<'_>, context: &Context<'_>) -> Attempt {
    let Authorization::ApiKey(token) = authorization else {
        return Attempt::NotPresented;
    };
    let Some(key) = PlaintextKey::parse(token) else {
        return ApiError::invalid_token("malformed_key").into();
    };
    match windows::count_key(context.database, &key.hash(), context.limit, context.now).await {
        Ok(Some((known, verdict))) => Attempt::Caller(Recognised {
            caller: Caller::ApiKey(known.id),
            workspace: known.workspace,
            verdict,
        }),
        Ok(None) => ApiError::invalid_token("unknown_key").into(),
        Err(error) => ApiError::from(error).into(),
    }
}
