//! `OPTIONS /api/v1/public/{proxy+}`: CORS preflights. The result is in the headers, which every response of the public
//! form has.

use shared::{Answer, ApiError, ExitCode, Preflight, handler, serve};

fn main() -> ExitCode {
    serve("OPTIONS /api/v1/public/{proxy+}", handler(preflight))
}

async fn preflight(_: Preflight) -> Result<Answer, ApiError> {
    Answer::empty()
}
