//! Writes the response that the gateway sends.

use lambda_http::{aws_lambda_events::apigw::ApiGatewayV2httpResponse, http::HeaderMap};

use crate::{
    endpoint::{error_page, platform::Platform, request_context::RequestContext},
    error::ApiError,
    http::{
        cors::Cors,
        envelope,
        reply::{PAGE_HEADERS, PROVIDER_HEADERS, Reply, headers},
    },
    ids::RequestId,
    portal::problem_page::Flow,
};

pub(crate) fn write(
    outcome: &Result<Reply, ApiError>,
    request_id: &RequestId,
    context: &RequestContext,
    cors: Cors,
    flow: Flow,
    platform: &Platform,
) -> ApiGatewayV2httpResponse {
    let mut response = match outcome {
        Ok(Reply::Answer(answer)) => envelope::wrap(Ok(answer), request_id),
        Ok(Reply::Page(page)) => response(200, headers(&PAGE_HEADERS), &page.0),
        Ok(Reply::File(file)) => response(200, file.headers(), file.body()),
        Ok(Reply::Provider(answer)) => response(200, headers(&PROVIDER_HEADERS), answer.body()),
        Err(error) => {
            let support = platform.support_url.as_deref();
            let page = context.error_page_language().map(|language| {
                error_page::render(
                    error.code,
                    error.retry_after,
                    request_id,
                    language,
                    flow,
                    support,
                )
            });
            match page {
                Some(Ok(html)) => response(error.code.status(), headers(&PAGE_HEADERS), &html),
                // The envelope, if the client takes no page or the page cannot be rendered.
                Some(Err(_)) | None => envelope::wrap(Err(error), request_id),
            }
        }
    };
    // The language is remembered only when the browser shows a page, or is redirected to one.
    let shows_page = match outcome {
        Ok(Reply::Page(_)) => true,
        Ok(Reply::File(_) | Reply::Provider(_)) => false,
        Ok(Reply::Answer(_)) | Err(_) => context.error_page_language().is_some(),
    };
    if shows_page {
        context.add_language_cookie();
    }
    let retry_after = outcome.as_ref().err().and_then(|error| error.retry_after);
    let (status, rate_limit) = (response.status_code, context.rate_limit());
    let rate_limit = rate_limit.as_ref();
    let common = envelope::common_headers(status, request_id, rate_limit, retry_after, cors);
    response.headers.extend(common);
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
