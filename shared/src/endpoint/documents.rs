//! Calls for documents that are the same for everyone.

use std::sync::Arc;

use crate::{
    endpoint::{
        handler::{AnswerTo, Early, Given},
        pages::no_host,
        platform::Platform,
        request_context::RequestContext,
    },
    error::ApiError,
    http::{
        origin::Origin,
        reply::{File, Reply},
        request::Request,
    },
};

/// A call for a document, by anyone.
#[derive(Debug)]
#[non_exhaustive]
pub struct DocumentCall {
    /// The origin that the caller used.
    pub origin: Origin,
    /// Where people write to, if the deployment says.
    pub support_url: Option<Arc<str>>,
}

impl Given for DocumentCall {
    const ERRORS_AS_PAGES: bool = true;

    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        _context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        request.within_size()?;
        Ok(Self {
            origin: request.origin().ok_or_else(no_host)?,
            support_url: platform.support_url.clone(),
        })
    }
}

impl AnswerTo<DocumentCall> for File {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::File(self))
    }
}
