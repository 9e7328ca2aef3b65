//! `GET` and `HEAD /dashboard/api-keys`: the page where people manage keys. Its script uses the API, like any client.

use shared::{
    ApiError, Area, AuthenticatedPage, ExitCode, Page, portal::api_keys_page::ApiKeysPage, reading,
    serve,
};

fn main() -> ExitCode {
    serve(
        "GET /dashboard/api-keys",
        reading(Area::ApiKeys.read(), api_keys),
    )
}

async fn api_keys(call: AuthenticatedPage) -> Result<Page, ApiError> {
    let keys = call.workspace.api_keys().list().await?;
    let page = ApiKeysPage {
        reader: call.reader().await,
        keys: &keys,
    };
    page.render().map(Page::new)
}
