//! `OPTIONS /api/v1/public/{proxy+}`: what a browser asks before it sends what a page of another origin wrote. The
//! answer is in the headers, which every answer of the public form has.

use shared::{Answer, ApiError, ExitCode, Preflight, handler, serve};

fn main() -> ExitCode {
    serve("OPTIONS /api/v1/public/{proxy+}", handler(preflight))
}

async fn preflight(_: Preflight) -> Result<Answer, ApiError> {
    Answer::empty()
}
