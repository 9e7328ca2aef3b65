//! Calls of the portal's files.

use std::sync::Arc;

use crate::{
    endpoint::{
        handler::{AnswerTo, Early, Given},
        platform::Platform,
        request_context::RequestContext,
    },
    error::ApiError,
    http::{
        reply::{File, Reply},
        request::Request,
    },
};

/// The name that stands at `{file}` in the path.
#[derive(Debug)]
pub struct AssetName(String);

impl AssetName {
    /// The name, as the gateway hands it on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Given for AssetName {
    const ERRORS_AS_PAGES: bool = true;

    async fn from_request(
        request: Request,
        _platform: &Arc<Platform>,
        _context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        request.within_size()?;
        Ok(Self(request.path_parameter("file").to_owned()))
    }
}

impl AnswerTo<AssetName> for File {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::File(self))
    }
}
