//! Requests for the portal's files.

use std::sync::Arc;

use crate::{
    endpoint::{
        handler::{EarlyResponse, FromRequest, IntoReply},
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
    const VARIABLES: &[&[&str]] = &[variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    async fn from_request(
        request: Request,
        _platform: &Arc<Platform>,
        _context: &Arc<RequestContext>,
    ) -> Result<Self, EarlyResponse> {
        request.check_body_size()?;
        Ok(Self(request.path_parameter("file").to_owned()))
    }
}

impl IntoReply<AssetName> for File {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::File(self))
    }
}
