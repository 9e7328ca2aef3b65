//! `POST /api/v1/secret-scanning/github`: revokes the keys that GitHub's secret scanning found in public.

use serde::Serialize;
use shared::{
    ApiError, ExitCode, GithubReport, ProviderAnswer, handler, serve, store::done_once::Keep,
};

fn main() -> ExitCode {
    serve("POST /api/v1/secret-scanning/github", handler(github))
}

/// "Provide feedback for false positives" in "Secret scanning partner program", GitHub Docs.
#[derive(Serialize)]
struct Feedback {
    token_hash: String,
    token_type: String,
    label: &'static str,
}

async fn github(report: GithubReport) -> Result<ProviderAnswer, ApiError> {
    let (tokens, types): (Vec<_>, Vec<_>) = report
        .matches
        .into_iter()
        .map(|found| (found.token, found.token_type))
        .unzip();
    let exposures = report.exposed_keys.revoke(&tokens, Keep::nothing()).await?;
    let feedback = tokens.iter().zip(types).zip(exposures);
    let feedback = feedback.map(|((token, token_type), exposure)| Feedback {
        token_hash: token.sha256(),
        token_type,
        label: if exposure.was_ours() {
            "true_positive"
        } else {
            "false_positive"
        },
    });
    ProviderAnswer::json(feedback.collect::<Vec<_>>())
}
