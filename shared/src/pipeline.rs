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
    endpoint::{Endpoint, Platform},
    error::ApiError,
    exchange::Exchange,
    ids::RequestId,
    log, reply,
    request::Request,
    time::Timestamp,
};

/// What is kept of a function's time to write the answer and the log line.
const RESERVED: Duration = Duration::from_millis(300);

/// Answers one event.
pub(crate) async fn answer<E: Endpoint>(
    route: &str,
    endpoint: &E,
    platform: &Platform,
    event: &str,
    context: &Context,
) -> ApiGatewayV2httpResponse {
    let started = Instant::now();
    let request_id = RequestId::new(Timestamp::now());
    log::begin(&request_id);
    let deadline = started + time_left(context);
    let exchange = Arc::new(Exchange::new(deadline));

    let work = async {
        let request = Request::from_event(event)?;
        if E::TELLS_ERRORS_AS_PAGES {
            exchange.language_asked(reply::language_cookie(&request));
            exchange.tell_errors_in(reply::page_language_of(&request));
        }
        endpoint.answer(request, platform, &exchange).await
    };
    // In a box, because what it awaits is nested deeper than the compiler follows.
    let caught = AssertUnwindSafe(work.boxed_local()).catch_unwind();
    let outcome = match tokio::time::timeout_at(deadline.into(), caught).await {
        Ok(Ok(outcome)) => outcome,
        // What panicked, and where, is in the panic hook's line (crate::log).
        Ok(Err(_panic)) => Err(ApiError::internal("the handler panicked")),
        Err(_elapsed) => Err(ApiError::internal("the function's time was up")),
    };

    let response = reply::write(
        &outcome,
        &request_id,
        &exchange,
        E::READERS,
        E::WAY,
        platform,
    );
    log::request(&log::Finished {
        route,
        request_id: &request_id,
        status: response.status_code,
        error: outcome.as_ref().err(),
        exchange: &exchange,
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
        config::Config,
        endpoint::{OpenCall, open},
        envelope::Answer,
    };

    /// A platform whose table nobody asks.
    fn platform() -> Platform {
        Platform::of(&Config::for_tests()).unwrap()
    }

    async fn answer_of(
        handler: impl AsyncFn(OpenCall) -> Result<Answer, ApiError>,
        context: &Context,
    ) -> (i64, Value) {
        let response = answer("GET /", &open(handler), &platform(), "{}", context).await;
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

    #[tokio::test]
    async fn a_handler_that_does_not_end_is_a_500_before_the_deadline() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut context = Context::default();
        context.deadline =
            u64::try_from((now + RESERVED + Duration::from_millis(50)).as_millis()).unwrap();
        let answer = answer_of(async |_| std::future::pending().await, &context).await;
        assert!(is_internal(&answer), "{answer:?}");
    }
}
