//! `GET` and `HEAD /dashboard/webhooks`: the page where people manage webhooks. Its script uses the API, as any client.

use shared::{
    ApiError, Area, AuthenticatedPage, ExitCode, Page, portal::webhooks_page::WebhooksPage,
    reading, serve,
};

fn main() -> ExitCode {
    serve(
        "GET /dashboard/webhooks",
        reading(Area::Webhooks.read(), webhooks),
    )
}

async fn webhooks(call: AuthenticatedPage) -> Result<Page, ApiError> {
    let subscriptions = call.workspace.webhook_subscriptions().list().await?;
    let page = WebhooksPage {
        reader: call.reader().await,
        subscriptions: &subscriptions,
    };
    page.render().map(Page::new)
}
