//! `GET` and `HEAD /docs`: the API reference, for people.

use shared::{ApiError, ExitCode, OpenPage, Page, handler, portal::docs_page, serve};

fn main() -> ExitCode {
    serve("GET /docs", handler(docs))
}

async fn docs(_: OpenPage) -> Result<Page, ApiError> {
    docs_page::render().map(Page::new)
}
