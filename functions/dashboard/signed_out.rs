//! `GET` and `HEAD /dashboard/signed-out`: says so to who has signed out.

use shared::{ApiError, ExitCode, OpenPage, Page, handler, portal::signed_out_page, serve};

fn main() -> ExitCode {
    serve("GET /dashboard/signed-out", handler(signed_out))
}

async fn signed_out(call: OpenPage) -> Result<Page, ApiError> {
    signed_out_page::render(call.language).map(Page::new)
}
