//! Handles one event. Whatever goes wrong in between, an unreadable event, a refusal, a panic or a handler that would
//! run longer than the function, there is one response and one log line.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::FutureExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::Context;

use crate::{
    endpoint::{
        handler::{Endpoint, Incoming},
        platform::Platform,
        request_context::RequestContext,
    },
    error::ApiError,
    http::{cors::Cors, event::Event, language, request::Request, routes},
    ids::RequestId,
    log,
    runtime::{request_log, respond},
    time::Timestamp,
};

/// The part of a function's time that is reserved for writing the response and the log line.
const RESERVED: Duration = Duration::from_millis(300);

pub(crate) async fn answer(
    route: &str,
    endpoint: &dyn Endpoint,
    platform: &Arc<Platform>,
    event: Event,
    context: &Context,
) -> ApiGatewayV2httpResponse {
    let started = Instant::now();
    let request_id = RequestId::new(Timestamp::now());
    log::set_request(&request_id);
    let gateway_id = event.gateway_id().map(str::to_owned);
    let deadline = started + time_left(context);
    let request_context = Arc::new(RequestContext::new(
        deadline,
        request_id.clone(),
        endpoint.scope(),
    ));

    // If the event cannot be read, the path is unknown and the route decides. `$default` has no path.
    let mut is_public = routes::is_public(route.split_once(' ').map_or("", |(_, path)| path));
    let work = async {
        let request = Request::from_event(event)?;
        if endpoint.errors_as_pages() {
            request_context.set_language_cookie(language::language_cookie(&request));
            request_context.set_error_page_language(language::error_page_language(&request));
        }
        is_public |= routes::is_public(request.path());
        let call = Incoming {
            request,
            platform,
            context: &request_context,
        };
        endpoint.answer(call).await
    };
    let caught = AssertUnwindSafe(work).catch_unwind();
    let outcome = match tokio::time::timeout_at(deadline.into(), caught).await {
        Ok(Ok(outcome)) => outcome,
        // The panic hook has logged where it panicked (crate::log).
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
        endpoint.flow(),
        platform,
    );
    request_log::write(&request_log::Finished {
        route,
        request_id: &request_id,
        gateway_id: gateway_id.as_deref(),
        status: response.status_code,
        error: outcome.as_ref().err(),
        request_context: &request_context,
        duration: started.elapsed(),
        context,
    });
    response
}

/// The function's time if Lambda does not state a deadline: the timeout in `template.yaml`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The time until Lambda ends the function, minus [`RESERVED`].
///
/// A deadline in the past is ignored: `cargo lambda watch` states one in 1970.
pub(super) fn time_left(context: &Context) -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Duration::from_millis(context.deadline)
        .checked_sub(now)
        .unwrap_or(DEFAULT_TIMEOUT)
        .saturating_sub(RESERVED)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        endpoint::{config::Config, handler::handler, unauthenticated::Unauthenticated},
        http::envelope::Answer,
    };

    /// Its table does not exist.
    fn platform() -> Arc<Platform> {
        Arc::new(Platform::new(&Config::for_tests(), None).unwrap())
    }

    async fn answer_of(
        function: impl AsyncFn(Unauthenticated) -> Result<Answer, ApiError>,
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
    async fn a_panic_is_a_500_without_its_message() {
        log::log_panics();
        let answer = answer_of(async |_| panic!("a secret"), &Context::default()).await;
        assert!(is_internal(&answer), "{answer:?}");
    }

    #[tokio::test]
    async fn an_internal_error_is_a_500_without_its_cause() {
        let answer = answer_of(
            async |_| Err(ApiError::internal("a secret")),
            &Context::default(),
        )
        .await;
        assert!(is_internal(&answer), "{answer:?}");
    }

    /// Whether pages of any origin may read the response of this route to an event when the handler panics, and when it
    /// does not end.
    async fn is_readable(route: &str, event: &str) -> bool {
        let platform = platform();
        let read = |event| serde_json::from_str(event).unwrap_or_else(|_| Event::unreadable());
        let panics =
            handler(async |_: Unauthenticated| -> Result<Answer, ApiError> { panic!("a handler") });
        let never_ends = handler(async |_: Unauthenticated| -> Result<Answer, ApiError> {
            std::future::pending().await
        });
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
    async fn pages_of_any_origin_may_read_errors_of_the_public_form_and_of_nothing_else() {
        let (form, tickets) = ("/api/v1/public/tickets", "/api/v1/tickets");
        let at = |path: &str| serde_json::json!({ "rawPath": path }).to_string();
        for not_an_event in ["", "7"] {
            assert!(is_readable(&format!("POST {form}"), not_an_event).await);
            assert!(!is_readable(&format!("POST {tickets}"), not_an_event).await);
            assert!(!is_readable("$default", not_an_event).await);
        }
        assert!(is_readable(&format!("POST {form}"), &at(form)).await);
        assert!(is_readable("$default", &at(form)).await);
        assert!(!is_readable(&format!("POST {tickets}"), &at(tickets)).await);
        assert!(!is_readable("$default", &at(tickets)).await);
    }

    /// Leaves the handler 50 milliseconds.
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
