//! `GET` and `HEAD /dashboard/signed-out`: the page after signing out.

use shared::{
    ApiError, ExitCode, Page, UnauthenticatedPage, handler, portal::signed_out_page, serve,
};

fn main() -> ExitCode {
    serve("GET /dashboard/signed-out", handler(signed_out))
}

async fn signed_out(call: UnauthenticatedPage) -> Result<Page, ApiError> {
    signed_out_page::render(call.language).map(Page::new)
}
