//! Reports of API keys that were found in public: by GitHub's secret scanning, and by anybody.

use std::collections::HashSet;

use futures_util::{FutureExt, future::LocalBoxFuture};
use serde::Deserialize;

use crate::{
    domain::{
        act::{Act, Actor, ActorType},
        exposure::FoundToken,
    },
    endpoint::{
        handler::{Created, FromRequest, Incoming, IntoReply, NotRequired},
        key_calls,
        once::{self, Once},
        platform::{Connect, connect, connect_with_github_keys},
        public,
        request_context::RequestContext,
        variables,
    },
    error::ApiError,
    http::{
        reply::{ProviderAnswer, Reply},
        request::Request,
    },
    store::{address_windows::PublicAct, done_once, key_exposure::ExposedKeys},
    time::Timestamp,
};

/// A report of GitHub's secret scanning, whose signature was verified.
#[derive(Debug)]
#[non_exhaustive]
pub struct GithubReport {
    /// Each once, in the order of the report.
    pub matches: Vec<GithubMatch>,
    pub exposed_keys: ExposedKeys,
}

/// What GitHub found. Where it was found ("url", "source") is not kept.
#[derive(Debug, Deserialize)]
pub struct GithubMatch {
    pub token: FoundToken,
    /// The name under which GitHub knows the pattern that matched.
    #[serde(rename = "type")]
    pub token_type: String,
}

/// A report of anybody, which was counted for the client address and is within its limit.
#[derive(Debug)]
#[non_exhaustive]
pub struct LeakReport {
    pub request: Request,
    pub exposed_keys: ExposedKeys,
    pub once: Once,
}

impl FromRequest for GithubReport {
    type Scope = NotRequired;

    const CONNECT: Option<Connect> = Some(connect_with_github_keys);

    const VARIABLES: &[&[&str]] = &[variables::SECRET_SCANNING];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let Incoming {
                request,
                platform,
                context,
            } = call;
            request.check_body_size()?;
            let services = platform.services()?;
            let keys = services.github_keys.as_ref();
            let keys = keys.ok_or_else(|| ApiError::internal("there are no keys of GitHub"))?;
            keys.verify(&request, Timestamp::now()).await?;
            once::check_key(&request)?;
            let act = act(ActorType::Github, &request, context);
            Ok(Self {
                matches: matches(request.raw_body())?,
                exposed_keys: ExposedKeys::new(context.database(services), act),
            })
        }
        .boxed_local()
    }
}

/// GitHub takes its feedback as it is.
impl IntoReply<GithubReport> for ProviderAnswer {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::Provider(self))
    }
}

/// What the audit trail keeps of a report. Nobody says who they are, so that the kind of the actor is all.
fn act(actor_type: ActorType, request: &Request, context: &RequestContext) -> Act {
    let id = <&str>::from(actor_type).to_owned();
    key_calls::act(Actor { actor_type, id }, request, context.request_id())
}

/// The different matches of a report.
fn matches(body: &[u8]) -> Result<Vec<GithubMatch>, ApiError> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let mut matches: Vec<GithubMatch> = serde_json::from_slice(body).map_err(|_| {
        // The error might quote a token.
        let rule = "The body must be what GitHub's secret scanning sends: a JSON array of objects, each with the \
                    strings `token` and `type`.";
        ApiError::validation(rule)
    })?;
    let mut seen = HashSet::new();
    matches.retain(|found| seen.insert((found.token.sha256(), found.token_type.clone())));
    Ok(matches)
}

impl FromRequest for LeakReport {
    type Scope = NotRequired;

    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::PUBLIC_CALLS];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let counted = PublicAct::Call;
            let (database, address) = public::count(&call, counted).await?;
            let Incoming {
                request, context, ..
            } = call;
            let once = Once::of(&request, done_once::Scope::AddressAlone(&address))?;
            once.unless_done(&database, context).await?;
            let act = act(ActorType::LeakReport, &request, context);
            Ok(Self {
                request,
                exposed_keys: ExposedKeys::new(database, act),
                once,
            })
        }
        .boxed_local()
    }

    fn after_handler(
        context: &RequestContext,
        outcome: Result<Reply, ApiError>,
    ) -> LocalBoxFuture<'_, Result<Reply, ApiError>> {
        once::settle(context, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_is_read_once_and_unknown_members_are_ignored() {
        let body = r#"[
            {"token": "a", "type": "one", "url": "https://example.com/", "source": "commit"},
            {"type": "two", "token": "a", "new": [{}]},
            {"token": "b", "type": "one"},
            {"token": "a", "type": "one", "url": ""}
        ]"#;
        let read = matches(format!("\u{feff}{body}").as_bytes()).unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|found| (found.token.sha256(), found.token_type.as_str()))
            .collect();
        let sha256 = |text| FoundToken::new(text).sha256();
        let expected = [
            (sha256("a"), "one"),
            (sha256("a"), "two"),
            (sha256("b"), "one"),
        ];
        assert_eq!(read, expected);
        assert!(matches(b"[]").unwrap().is_empty());
    }

    #[test]
    fn a_malformed_report_is_not_quoted() {
        for wrong in [
            "",
            "{}",
            "null",
            r#"{"token": "a secret", "type": "one"}"#,
            r#"["a secret"]"#,
            r#"[{"token": "a secret"}]"#,
            r#"[{"type": "a secret"}]"#,
            r#"[{"token": ["a secret"], "type": "one"}]"#,
            r#"[{"token": "a secret", "type": null}]"#,
            r#"[{"token": "a secret", "type": "one"}"#,
            r#"[{"token": "a secret", "type": "one"}] 7"#,
            r#"[{"token": "a secret \ud800", "type": "one"}]"#,
        ] {
            let error = matches(wrong.as_bytes()).unwrap_err();
            assert_eq!(error.code.status(), 400, "{wrong}");
            assert!(!error.message.contains("secret \\"), "{wrong}");
            assert!(!error.message.contains("a secret"), "{wrong}");
        }
        assert_eq!(
            matches(b"[{\"token\":\"\xff\",\"type\":\"one\"}]")
                .unwrap_err()
                .code
                .status(),
            400
        );
        let deep = format!(
            "[{{\"token\":\"a\",\"type\":\"one\",\"url\":{}",
            "[".repeat(100_000)
        );
        assert!(matches(deep.as_bytes()).is_err());
    }
}
