//! Calls that need no credential and count for nobody.

use std::{fmt, sync::Arc};

use crate::{
    endpoint::{
        handler::{Early, Given},
        platform::Platform,
        request_context::RequestContext,
    },
    http::request::Request,
    log,
    store::database::Database,
};

/// A call of anyone.
#[derive(Debug)]
#[non_exhaustive]
pub struct Anyone {
    /// What was sent.
    pub request: Request,
    /// Tells whether the table answers.
    pub table: TableProbe,
}

impl Given for Anyone {
    async fn from_request(
        request: Request,
        platform: &Arc<Platform>,
        context: &Arc<RequestContext>,
    ) -> Result<Self, Early> {
        request.within_size()?;
        let table = TableProbe(context.database(platform));
        Ok(Self { request, table })
    }
}

/// Tells whether the table answers, and nothing of what is in it.
pub struct TableProbe(Database);

impl TableProbe {
    /// One read of nothing. Why it failed, if it did, is the log's to know.
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
