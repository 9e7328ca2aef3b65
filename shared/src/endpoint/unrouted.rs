//! Requests that match no route.

use std::sync::Arc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use crate::{
    endpoint::{
        handler::{EarlyResponse, FromRequest, NotRequired},
        platform::Platform,
        request_context::RequestContext,
        variables,
    },
    http::{envelope::Answer, reply::Reply, request::Request, routes},
};

/// A request that matches no route.
#[derive(Debug)]
pub struct Unrouted {
    pub request: Request,
}

impl FromRequest for Unrouted {
    type Scope = NotRequired;

    const VARIABLES: &[&[&str]] = &[variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    fn from_request<'a>(
        request: Request,
        _platform: &'a Arc<Platform>,
        _context: &'a Arc<RequestContext>,
    ) -> LocalBoxFuture<'a, Result<Self, EarlyResponse>> {
        async move {
            // The route of preflights, `/api/v1/public/{proxy+}`, does not match `/api/v1/public` itself.
            if request.method() == "OPTIONS" && routes::is_public(request.path()) {
                return Err(EarlyResponse::Reply(Reply::Answer(Answer::empty()?)));
            }
            request.check_body_size()?;
            Ok(Self { request })
        }
        .boxed_local()
    }
}
