//! `DELETE /api/v1/webhook-subscriptions/{id}`: deletes a webhook subscription. Nothing is sent to it any more.

use shared::{
    Answer, ApiError, Area, Authenticated, ExitCode, WebhookSubscriptionId, scoped, serve,
};

fn main() -> ExitCode {
    serve(
        "DELETE /api/v1/webhook-subscriptions/{id}",
        scoped(Area::Webhooks.write(), delete),
    )
}

async fn delete(call: Authenticated) -> Result<Answer, ApiError> {
    let id = call.request.id()?;
    if call.workspace.webhook_subscriptions().delete(&id).await? {
        Answer::deleted()
    } else {
        Err(ApiError::no_such::<WebhookSubscriptionId>())
    }
}
