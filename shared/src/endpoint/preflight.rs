//! The question of a browser whether a page of another origin may call the public form (CORS preflight).

use std::sync::Arc;

use crate::{
    endpoint::{
        handler::{Early, Given},
        platform::Platform,
        request_context::RequestContext,
    },
    http::request::Request,
};

/// A preflight. It is always answered, and costs nobody anything.
#[derive(Debug)]
#[non_exhaustive]
pub struct Preflight;

impl Given for Preflight {
    async fn from_request(
        _request: Request,
        _platform: &Arc<Platform>,
        _context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        Ok(Self)
    }
}
