//! `GET` and `HEAD /dashboard/signed-out`: says so to who has signed out.

use std::process::ExitCode;

use shared::{
    endpoint::open_page,
    error::ApiError,
    portal::{language::Language, signed_out_page},
    reply::Page,
    serve,
};

fn main() -> ExitCode {
    serve("GET /dashboard/signed-out", open_page(signed_out))
}

fn signed_out(language: Language) -> Result<Page, ApiError> {
    signed_out_page::render(language).map(Page::new)
}
