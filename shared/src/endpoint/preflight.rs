//! CORS preflights of the public form.

use std::sync::Arc;

use crate::{
    endpoint::{
        handler::{EarlyResponse, FromRequest},
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
    async fn from_request(
        _request: Request,
        _platform: &Arc<Platform>,
        _context: &Arc<RequestContext>,
    ) -> Result<Self, EarlyResponse> {
        Ok(Self)
    }
}
