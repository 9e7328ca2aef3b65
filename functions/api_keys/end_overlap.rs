//! `DELETE /api/v1/api-keys/{id}/previous`: ends the overlap after a rotation. The next call with the older secret is
//! refused.

use shared::{Answer, ApiError, ApiKeyId, Area, ExitCode, KeyCall, scoped, serve};

fn main() -> ExitCode {
    serve(
        "DELETE /api/v1/api-keys/{id}/previous",
        scoped(Area::ApiKeys.write(), end_overlap),
    )
}

async fn end_overlap(call: KeyCall) -> Result<Answer, ApiError> {
    let id: ApiKeyId = call.request.id()?;

    if call
        .workspace
        .api_keys()
        .end_overlap(&id, &call.act)
        .await?
    {
        Answer::deleted()
    } else {
        let message =
            "The workspace has no API key with this id of which an older secret still works.";
        Err(ApiError::not_found(message))
    }
}
