//! `POST /api/v1/leaked-keys`: revokes keys that anybody found in public, and tells nobody which texts were keys.

use serde::Serialize;
use shared::{
    Answer, ApiError, ExitCode, KnownFields, LeakReport, domain::exposure::FoundToken, handler,
    serve,
};

fn main() -> ExitCode {
    serve("POST /api/v1/leaked-keys", handler(leaked_keys))
}

const FIELDS: KnownFields = KnownFields {
    required: &["keys"],
    optional: &[],
};

const MAX_KEYS: usize = 100;

#[derive(Serialize)]
struct Received {
    received: usize,
}

async fn leaked_keys(report: LeakReport) -> Result<Answer, ApiError> {
    let keys = report.request.fields(&FIELDS)?.texts("keys", MAX_KEYS)?;
    let found: Vec<_> = keys.iter().map(|key| FoundToken::new(key.trim())).collect();
    // What they were stays here.
    let answer = || {
        Answer::accepted(Received {
            received: keys.len(),
        })
    };
    let keep = report.once.keep_as(|_| answer());
    report.exposed_keys.revoke(&found, keep).await?;
    answer()
}
