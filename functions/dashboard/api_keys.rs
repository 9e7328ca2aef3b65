//! `GET` and `HEAD /dashboard/api-keys`: the page where people manage keys. Its script uses the API, like any client.

use shared::{
    ApiError, AuthenticatedPage, ExitCode, Page, Timestamp, handler,
    portal::api_keys_page::ApiKeysPage, serve,
};

fn main() -> ExitCode {
    serve("GET /dashboard/api-keys", handler(api_keys))
}

async fn api_keys(call: AuthenticatedPage) -> Result<Page, ApiError> {
    let keys = call.workspace.api_keys().list().await?;
    let user = call.caller.user();
    let page = ApiKeysPage {
        language: call.language,
        email: user.and_then(|user| user.email.as_deref()),
        name: user.and_then(|user| user.name.as_deref()),
        workspace: call.workspace.id().as_str(),
        keys: &keys,
        now: Timestamp::now(),
        origin: &call.origin.url(""),
        support: call.support_url.as_deref(),
    };
    page.render().map(Page::new)
}
