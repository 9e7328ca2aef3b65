//! Requests for documents that are the same for everyone.

use std::sync::Arc;

use futures_util::FutureExt;

use crate::{
    endpoint::{
        handler::{Created, FromRequest, Incoming, IntoReply, NotRequired},
        pages::no_host,
        variables,
    },
    error::ApiError,
    http::{
        origin::Origin,
        reply::{File, Reply},
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
    type Scope = NotRequired;

    const VARIABLES: &[&[&str]] = &[variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let request = call.request;
            request.check_body_size()?;
            Ok(Self {
                origin: request.origin().ok_or_else(no_host)?,
                support_url: call.platform.support_url.clone(),
            })
        }
        .boxed_local()
    }
}

impl IntoReply<DocumentCall> for File {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::File(self))
    }
}
