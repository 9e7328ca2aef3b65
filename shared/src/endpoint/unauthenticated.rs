//! Calls without a credential that no limit counts.

use std::sync::Arc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use crate::{
    endpoint::{
        handler::{EarlyResponse, FromRequest, NotRequired},
        platform::Platform,
        request_context::RequestContext,
    },
    http::request::Request,
};

/// A call without a credential, which no limit counts.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unauthenticated {
    pub request: Request,
}

impl FromRequest for Unauthenticated {
    type Scope = NotRequired;

    fn from_request<'a>(
        request: Request,
        _platform: &'a Arc<Platform>,
        _context: &'a Arc<RequestContext>,
    ) -> LocalBoxFuture<'a, Result<Self, EarlyResponse>> {
        async move {
            request.check_body_size()?;
            Ok(Self { request })
        }
        .boxed_local()
    }
}
