//! Requests for the portal's files.

use futures_util::FutureExt;

use crate::{
    endpoint::{
        handler::{Created, FromRequest, Incoming, IntoReply, NotRequired},
        variables,
    },
    error::ApiError,
    http::reply::{File, Reply},
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

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            call.request.check_body_size()?;
            Ok(Self(call.request.path_parameter("file").to_owned()))
        }
        .boxed_local()
    }
}

impl IntoReply<AssetName> for File {
    fn into_reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::File(self))
    }
}
