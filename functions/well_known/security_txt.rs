//! `GET` and `HEAD /.well-known/security.txt`: how to report a security problem (RFC 9116).

use shared::{ApiError, DocumentCall, ExitCode, File, Timestamp, handler, serve, time::HOUR};

fn main() -> ExitCode {
    serve("GET /.well-known/security.txt", handler(security_txt))
}

/// The file's lifetime in milliseconds. RFC 9116 recommends less than a year.
const VALID_FOR: i64 = 180 * 24 * HOUR;

async fn security_txt(call: DocumentCall) -> Result<File, ApiError> {
    let contact = call.support_url.ok_or_else(|| {
        ApiError::not_found(
            "This deployment names no contact. Report it in the project's repository.",
        )
    })?;
    let text = format!(
        "# How to report a security problem of this API (RFC 9116)\n\
         Contact: {contact}\n\
         Expires: {}\n\
         Preferred-Languages: en, id\n\
         Canonical: {}\n",
        Timestamp::now().plus_millis(VALID_FOR),
        call.origin.url("/.well-known/security.txt"),
    );
    Ok(File::of_release("text/plain; charset=utf-8", text))
}
