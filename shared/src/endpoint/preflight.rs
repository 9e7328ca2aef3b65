//! CORS preflights of the public form.

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

/// A preflight. It always succeeds, and no limit counts it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Preflight;

impl FromRequest for Preflight {
    type Scope = NotRequired;

    fn from_request<'a>(
        _request: Request,
        _platform: &'a Arc<Platform>,
        _context: &'a Arc<RequestContext>,
    ) -> LocalBoxFuture<'a, Result<Self, EarlyResponse>> {
        async move { Ok(Self) }.boxed_local()
    }
}
