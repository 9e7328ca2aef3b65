//! `GET` and `HEAD /dashboard/api-keys/{id}`: the page of one key: its settings, its use and its history.

use shared::{
    ApiError, ApiKeyId, Area, AuditEventId, AuthenticatedPage, ExitCode, Page,
    portal::key_page::KeyPage, reading, serve, store::audit_trail::AuditFilter,
};

fn main() -> ExitCode {
    serve(
        "GET /dashboard/api-keys/{id}",
        reading(Area::ApiKeys.read(), api_key),
    )
}

/// How many entries of the history a page shows.
const ENTRIES: usize = 20;

async fn api_key(call: AuthenticatedPage) -> Result<Page, ApiError> {
    let id: ApiKeyId = call.request.id()?;
    let query = call.request.query();
    let before = query.text("before")?.and_then(AuditEventId::parse);

    let usage = call.workspace.api_keys().usage(&id).await?;
    let usage = usage.ok_or_else(ApiError::no_such::<ApiKeyId>)?;
    let of_key = AuditFilter {
        target: Some(id.to_string()),
        actor: None,
    };
    let trail = call.workspace.audit_trail();
    let history = trail.list(&of_key, ENTRIES, before.clone()).await?;
    let page = KeyPage {
        reader: call.reader().await,
        usage: &usage,
        history: &history,
        is_older: before.is_some(),
    };
    page.render().map(Page::new)
}
