//! Requests for the portal's files.

use std::sync::Arc;

use futures_util::{FutureExt, future::LocalBoxFuture};

use crate::{
    endpoint::{
        handler::{EarlyResponse, FromRequest, IntoReply, NotRequired},
        platform::Platform,
        request_context::RequestContext,
        variables,
    },
    error::ApiError,
    http::{
        reply::{File, Reply},
        request::Request,
    },
};

/// The value of `{file}` in the path.
#[derive(Debug)]
pub struct AssetName(String);

impl AssetName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromRequest for AssetName {
    type Scope = NotRequired;

    const VARIABLES: &[&[&str]] = &[variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    fn from_request<'a>(
        request: Request,
        _platform: &'a Arc<Platform>,
        _context: &'a Arc<RequestContext>,
    ) -> LocalBoxFuture<'a, Result<Self, EarlyResponse>> {
        async move {
            request.check_body_size()?;
            Ok(Self(request.path_parameter("file").to_owned()))
        }
        .boxed_local()
    }
}

impl IntoReply<AssetName> for File {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::File(self))
    }
}
