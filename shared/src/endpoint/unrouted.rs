//! Requests that match no route.

use std::sync::Arc;

use crate::{
    endpoint::{
        handler::{EarlyResponse, FromRequest},
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
    const VARIABLES: &[&[&str]] = &[variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    async fn from_request(
        request: Request,
        _platform: &Arc<Platform>,
        _context: &Arc<RequestContext>,
    ) -> Result<Self, EarlyResponse> {
        // The route of preflights, `/api/v1/public/{proxy+}`, does not match `/api/v1/public` itself.
        if request.method() == "OPTIONS" && routes::is_public(request.path()) {
            return Err(EarlyResponse::Reply(Reply::Answer(Answer::empty()?)));
        }
        request.check_body_size()?;
        Ok(Self { request })
    }
}
