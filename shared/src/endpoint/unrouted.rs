//! Requests to a path or method that no other endpoint has.

use std::sync::Arc;

use crate::{
    endpoint::{
        handler::{Early, Given},
        platform::Platform,
        request_context::RequestContext,
    },
    http::{envelope::Answer, reply::Reply, request::Request, routes},
};

/// A request that no route takes.
#[derive(Debug)]
pub struct Unrouted {
    /// What was sent.
    pub request: Request,
}

impl Given for Unrouted {
    const ERRORS_AS_PAGES: bool = true;

    async fn from_request(
        request: Request,
        _platform: &Arc<Platform>,
        _context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        // The route of the other preflights takes a path of at least one part more.
        if request.method() == "OPTIONS" && routes::is_public(request.path()) {
            return Err(Early::Reply(Reply::Answer(Answer::empty()?)));
        }
        request.within_size()?;
        Ok(Self { request })
    }
}
