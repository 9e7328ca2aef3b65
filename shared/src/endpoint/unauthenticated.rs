//! Calls without a credential that no limit counts.

use futures_util::FutureExt;

use crate::{
    endpoint::handler::{Created, FromRequest, Incoming, NotRequired},
    http::request::Request,
};

/// A call without a credential, which no limit counts.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unauthenticated {
    pub request: Request,
}

impl FromRequest for Unauthenticated {
    type Scope = NotRequired;

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let request = call.request;
            request.check_body_size()?;
            Ok(Self { request })
        }
        .boxed_local()
    }
}
