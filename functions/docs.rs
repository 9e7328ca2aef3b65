//! `GET` and `HEAD /docs`: the API reference, for people.

use shared::{ApiError, ExitCode, OpenPage, Page, handler, portal::reference, serve};

fn main() -> ExitCode {
    serve("GET /docs", handler(docs))
}

async fn docs(_: OpenPage) -> Result<Page, ApiError> {
    reference::page().map(Page::new)
}
