//! CORS preflights of the public form.

use futures_util::FutureExt;

use crate::endpoint::handler::{Created, FromRequest, Incoming, NotRequired};

/// A preflight. It always succeeds, and no limit counts it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Preflight;

impl FromRequest for Preflight {
    type Scope = NotRequired;

    fn from_request(_: Incoming<'_>) -> Created<'_, Self> {
        async move { Ok(Self) }.boxed_local()
    }
}
