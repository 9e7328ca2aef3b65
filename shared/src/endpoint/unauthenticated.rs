//! Calls without a credential that no limit counts.

use std::{fmt, sync::Arc};

use crate::{
    endpoint::{
        handler::{EarlyResponse, FromRequest},
        platform::Platform,
        request_context::RequestContext,
        variables,
    },
    http::request::Request,
    log,
    store::database::Database,
};

/// A call without a credential, which no limit counts.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unauthenticated {
    pub request: Request,
    pub table: TableProbe,
}

impl FromRequest for Unauthenticated {
    const VARIABLES: &[&[&str]] = &[variables::TABLE];

    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Self, EarlyResponse> {
        request.check_body_size()?;
        let table = TableProbe(context.database(platform));
        Ok(Self { request, table })
    }
}

/// Can tell whether the table answers, and cannot read its items.
pub struct TableProbe(Database);

impl TableProbe {
    /// Reads an item that does not exist. The reason of a failure is logged.
    pub async fn answers(&self) -> bool {
        match self.0.answers().await {
            Ok(()) => true,
            Err(error) => {
                log::warn(&format!("{error}"));
                false
            }
        }
    }
}

impl fmt::Debug for TableProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TableProbe")
    }
}
