//! The way of a request: event → credential → limit → handler → store → envelope.
//!
//! This file is its two ends. Whatever happens between them, a body that cannot be read, a refusal, a
//! panic, a handler that would outlive the function, there is an answer in the envelope and one line in
//! the log.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::FutureExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::Context;

use crate::{
    endpoint::{handler::Endpoint, platform::Platform, request_context::RequestContext},
    error::ApiError,
    http::{envelope::Cors, event::Event, language, request::Request, routes},
    ids::RequestId,
    log,
    runtime::{request_log, respond},
    time::Timestamp,
};

/// What is kept of a function's time to write the answer and the log line.
const RESERVED: Duration = Duration::from_millis(300);

/// Answers one event.
pub(crate) async fn answer<E: Endpoint>(
    route: &str,
    endpoint: &E,
    platform: &Arc<Platform>,
    event: Event,
    context: &Context,
) -> ApiGatewayV2httpResponse {
    let started = Instant::now();
    let request_id = RequestId::new(Timestamp::now());
    log::begin(&request_id);
    let deadline = started + time_left(context);
    let request_context = Arc::new(RequestContext::new(deadline));

    // An event that cannot be read names no path, but the route does; of `$default` nothing is known then.
    let mut is_public = routes::is_public(route.split_once(' ').map_or("", |(_, path)| path));
    let work = async {
        let request = Request::from_event(event)?;
        if E::ERRORS_AS_PAGES {
            request_context.language_asked(language::language_cookie(&request));
            request_context.tell_errors_in(language::page_language_of(&request));
        }
        is_public |= routes::is_public(request.path());
        endpoint.answer(request, platform, &request_context).await
    };
    // In a box, because what it awaits is nested deeper than the compiler follows.
    let caught = AssertUnwindSafe(work.boxed_local()).catch_unwind();
    let outcome = match tokio::time::timeout_at(deadline.into(), caught).await {
        Ok(Ok(outcome)) => outcome,
        // What panicked, and where, is in the panic hook's line (crate::log).
        Ok(Err(_panic)) => Err(ApiError::internal("the handler panicked")),
        Err(_elapsed) => Err(ApiError::internal("the function's time was up")),
    };

    let cors = if is_public {
        Cors::AnyOrigin
    } else {
        Cors::SameOrigin
    };
    let response = respond::write(
        &outcome,
        &request_id,
        &request_context,
        cors,
        E::WAY,
        platform,
    );
    request_log::write(&request_log::Finished {
        route,
        request_id: &request_id,
        status: response.status_code,
        error: outcome.as_ref().err(),
        request_context: &request_context,
        took: started.elapsed(),
        context,
    });
    response
}

/// What a function has where Lambda does not say: as much as `template.yaml` gives it.
const UNSTATED: Duration = Duration::from_secs(10);

/// The time until Lambda ends the function, less what the answer needs.
///
/// A deadline that is over before the work began is none: `cargo lambda watch` states one in 1970.
fn time_left(context: &Context) -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Duration::from_millis(context.deadline)
        .checked_sub(now)
        .unwrap_or(UNSTATED)
        .saturating_sub(RESERVED)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        endpoint::{anyone::Anyone, handler::handler},
        http::envelope::Answer,
        runtime::config::Config,
    };

    /// A platform whose table nobody asks.
    fn platform() -> Arc<Platform> {
        Arc::new(Platform::of(&Config::for_tests()).unwrap())
    }

    async fn answer_of(
        function: impl AsyncFn(Anyone) -> Result<Answer, ApiError>,
        context: &Context,
    ) -> (i64, Value) {
        let event = serde_json::from_str("{}").unwrap();
        let response = answer("GET /", &handler(function), &platform(), event, context).await;
        let body = serde_json::to_value(response.body).unwrap();
        (
            response.status_code,
            serde_json::from_str(body.as_str().unwrap()).unwrap(),
        )
    }

    fn is_internal((status, body): &(i64, Value)) -> bool {
        let error = &body["error"];
        *status == 500 && error["code"] == "INTERNAL_ERROR" && !error.to_string().contains("secret")
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_a_500_that_says_nothing() {
        log::panics();
        let answer = answer_of(async |_| panic!("a secret"), &Context::default()).await;
        assert!(is_internal(&answer), "{answer:?}");
    }

    #[tokio::test]
    async fn a_handler_that_fails_is_a_500_that_says_nothing() {
        let answer = answer_of(
            async |_| Err(ApiError::internal("a secret")),
            &Context::default(),
        )
        .await;
        assert!(is_internal(&answer), "{answer:?}");
    }

    /// Whether pages of every origin may read what a function of this route answers to an event, where its handler
    /// panics, and where it does not end.
    async fn is_readable(route: &str, event: &str) -> bool {
        let platform = platform();
        let read = |event| serde_json::from_str(event).unwrap_or_else(|_| Event::unreadable());
        let panics = handler(async |_: Anyone| -> Result<Answer, ApiError> { panic!("a handler") });
        let never_ends =
            handler(async |_: Anyone| -> Result<Answer, ApiError> { std::future::pending().await });
        let (context, short) = (Context::default(), short_deadline());
        let after_panic = answer(route, &panics, &platform, read(event), &context).await;
        let cut_off = answer(route, &never_ends, &platform, read(event), &short).await;
        let [one, other] = [after_panic, cut_off].map(|response| {
            assert_ne!(response.status_code, 200, "{route}");
            response.headers.contains_key("access-control-allow-origin")
        });
        assert_eq!(one, other, "{route}");
        one
    }

    #[tokio::test]
    async fn whatever_comes_of_it_every_page_may_read_an_answer_of_the_public_form_and_no_other() {
        let (form, tickets) = ("/api/v1/public/tickets", "/api/v1/tickets");
        let at = |path: &str| serde_json::json!({ "rawPath": path }).to_string();
        for no_event in ["", "7"] {
            assert!(is_readable(&format!("POST {form}"), no_event).await);
            assert!(!is_readable(&format!("POST {tickets}"), no_event).await);
            assert!(!is_readable("$default", no_event).await);
        }
        assert!(is_readable(&format!("POST {form}"), &at(form)).await);
        assert!(is_readable("$default", &at(form)).await);
        assert!(!is_readable(&format!("POST {tickets}"), &at(tickets)).await);
        assert!(!is_readable("$default", &at(tickets)).await);
    }

    /// What Lambda says where a handler has 50 milliseconds.
    fn short_deadline() -> Context {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut context = Context::default();
        context.deadline =
            u64::try_from((now + RESERVED + Duration::from_millis(50)).as_millis()).unwrap();
        context
    }

    #[tokio::test]
    async fn a_handler_that_does_not_end_is_a_500_before_the_deadline() {
        let never = async |_| std::future::pending().await;
        let answer = answer_of(never, &short_deadline()).await;
        assert!(is_internal(&answer), "{answer:?}");
    }
}
