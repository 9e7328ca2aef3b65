//! `GET` and `HEAD /api/v1/openapi.json`: the API reference, for programs.

use shared::{ApiError, DocumentCall, ExitCode, File, handler, portal::docs_page, serve};

fn main() -> ExitCode {
    serve("GET /api/v1/openapi.json", handler(openapi_json))
}

async fn openapi_json(_: DocumentCall) -> Result<File, ApiError> {
    Ok(File::of_release("application/json", docs_page::OPENAPI))
}
