//! A schedule calls it every minute.

use std::process::ExitCode;

use serde::de::IgnoredAny;

use crate::{
    aws::{clients::Connection, delivery_queue::DeliveryQueue},
    endpoint::{config::Config, variables},
    error::Cause,
    runtime::worker::{Counts, Worker, connect, count, serve_worker},
    store::database::Database,
    webhooks::sweep::sweep,
};

/// See [`crate::webhooks::sweep`].
struct Due {
    table: Database,
    queue: DeliveryQueue,
}

/// Serves the function `webhooks-due` until Lambda ends the process.
#[must_use]
pub fn serve_due() -> ExitCode {
    serve_worker::<Due>("webhooks-due")
}

impl Worker for Due {
    type Event = IgnoredAny;
    type Answer = ();

    const VARIABLES: &[&[&str]] = &[variables::QUEUE];

    fn connect(config: &Config) -> Result<Self, Cause> {
        let (table, queue) = connect(config, &Connection::new(&config.region)?);
        Ok(Self { table, queue })
    }

    fn table(&self) -> &Database {
        &self.table
    }

    async fn work(&self, _tick: IgnoredAny, table: &Database) -> Result<((), Counts), Cause> {
        let swept = sweep(table, &self.queue).await?;
        Ok((
            (),
            vec![
                ("sent", count(swept.sent)),
                ("DueMinutesBehind", swept.minutes_behind),
            ],
        ))
    }
}
