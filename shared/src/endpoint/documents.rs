//! Requests for documents that are the same for everyone.

use std::sync::Arc;

use crate::{
    endpoint::{
        handler::{EarlyResponse, FromRequest, IntoReply},
        pages::no_host,
        platform::Platform,
        request_context::RequestContext,
        variables,
    },
    error::ApiError,
    http::{
        origin::Origin,
        reply::{File, Reply},
        request::Request,
    },
};

/// A request for a document that needs no credential.
#[derive(Debug)]
#[non_exhaustive]
pub struct DocumentCall {
    pub origin: Origin,
    /// The link to support, if there is one.
    pub support_url: Option<Arc<str>>,
}

impl FromRequest for DocumentCall {
    const VARIABLES: &[&[&str]] = &[variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        _context: &Arc<RequestContext>,
    ) -> Result<Self, EarlyResponse> {
        request.check_body_size()?;
        Ok(Self {
            origin: request.origin().ok_or_else(no_host)?,
            support_url: platform.support_url.clone(),
        })
    }
}

impl IntoReply<DocumentCall> for File {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::File(self))
    }
}
