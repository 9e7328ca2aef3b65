//! Calls that ask whether the service works.

use std::fmt;

use futures_util::FutureExt;

use crate::{
    endpoint::{
        handler::{Created, FromRequest, Incoming, NotRequired},
        platform::{Connect, connect},
        variables,
    },
    http::request::Request,
    log,
    store::database::Database,
};

/// A health check: a call without a credential, which no limit counts.
#[derive(Debug)]
#[non_exhaustive]
pub struct HealthCheck {
    pub request: Request,
    pub table: TableProbe,
}

impl FromRequest for HealthCheck {
    type Scope = NotRequired;

    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::TABLE];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let request = call.request;
            request.check_body_size()?;
            let table = TableProbe(call.context.database(call.platform.services()?));
            Ok(Self { request, table })
        }
        .boxed_local()
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
