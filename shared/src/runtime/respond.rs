//! Writes the response that the gateway sends.

use lambda_http::{aws_lambda_events::apigw::ApiGatewayV2httpResponse, http::HeaderMap};

use crate::{
    endpoint::{error_page::page_of, platform::Platform, request_context::RequestContext},
    error::ApiError,
    http::{
        envelope::{self, Cors},
        reply::{PAGE_HEADERS, Reply, headers},
    },
    ids::RequestId,
    portal::problem_page::Way,
};

/// Writes the response that the gateway sends.
pub(crate) fn write(
    outcome: &Result<Reply, ApiError>,
    request_id: &RequestId,
    context: &RequestContext,
    cors: Cors,
    way: Way,
    platform: &Platform,
) -> ApiGatewayV2httpResponse {
    let mut response = match outcome {
        Ok(Reply::Answer(answer)) => envelope::seal(Ok(answer), request_id),
        Ok(Reply::Page(page)) => response(200, headers(&PAGE_HEADERS), &page.0),
        Ok(Reply::File(file)) => response(200, file.headers(), file.body()),
        Err(error) => {
            let support = platform.support_url.as_deref();
            let told = (error.code, error.retry_after);
            let page = context
                .errors_language()
                .map(|language| page_of(told, request_id, language, way, support));
            match page {
                Some(Ok(html)) => response(error.code.status(), headers(&PAGE_HEADERS), &html),
                // Where the page fails, too, there is the envelope.
                Some(Err(_)) | None => envelope::seal(Err(error), request_id),
            }
        }
    };
    // Only where a page is shown, be it the one that a browser is led to.
    let is_shown = match outcome {
        Ok(Reply::Page(_)) => true,
        Ok(Reply::File(_)) => false,
        Ok(Reply::Answer(_)) | Err(_) => context.errors_language().is_some(),
    };
    if is_shown {
        context.remember_language();
    }
    let retry_after = outcome.as_ref().err().and_then(|error| error.retry_after);
    let (status, rate_limit) = (response.status_code, context.rate_limit());
    let rate_limit = rate_limit.as_ref();
    let of_all = envelope::headers_of_all(status, request_id, rate_limit, retry_after, cors);
    response.headers.extend(of_all);
    response.cookies = context.cookies();
    response
}

fn response(status: u16, headers: HeaderMap, body: &str) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(status);
    response.headers = headers;
    response.body = Some(body.into());
    response
}
