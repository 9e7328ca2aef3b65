//! Requests that match no route.

use futures_util::FutureExt;

use crate::{
    endpoint::{
        handler::{Created, EarlyResponse, FromRequest, Incoming, NotRequired},
        variables,
    },
    http::{envelope::Answer, reply::Reply, request::Request, routes},
};

/// A request that matches no route.
#[derive(Debug)]
pub struct Unrouted {
    pub request: Request,
}

impl FromRequest for Unrouted {
    type Scope = NotRequired;

    const VARIABLES: &[&[&str]] = &[variables::ERROR_PAGES];

    const ERRORS_AS_PAGES: bool = true;

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let request = call.request;
            // The route of preflights, `/api/v1/public/{proxy+}`, does not match `/api/v1/public` itself.
            if request.method() == "OPTIONS" && routes::is_public(request.path()) {
                return Err(EarlyResponse::Reply(Reply::Answer(Answer::empty()?)));
            }
            request.check_body_size()?;
            Ok(Self { request })
        }
        .boxed_local()
    }
}
