//! `GET` and `HEAD /docs`: the API reference, for people.

use shared::{ApiError, ExitCode, Page, UnauthenticatedPage, handler, portal::docs_page, serve};

fn main() -> ExitCode {
    serve("GET /docs", handler(docs))
}

async fn docs(_: UnauthenticatedPage) -> Result<Page, ApiError> {
    docs_page::render().map(Page::new)
}
