//! The queues, and what calls the functions without a route. A run goes on where the last one ended.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::settings;
use crate::{Error, clock::Clock, machine, sqs::Sqs, template::Template};

pub(super) struct Workers {
    sqs: Sqs,
    /// Where the messages are kept between two runs.
    messages: PathBuf,
    /// Where the place in the table's stream is kept.
    place: PathBuf,
}

impl Workers {
    /// Starts the queues, with the messages of the last run.
    pub(super) async fn prepare(template: &Template, data: &Path) -> Result<Self, Error> {
        let workers = Self {
            sqs: Sqs::start(template, Clock::real(), 0).await?,
            messages: data.join("messages.json"),
            place: data.join("stream.place"),
        };
        workers.sqs.restore(&workers.messages)?;
        Ok(workers)
    }

    pub(super) fn sqs(&self) -> &Sqs {
        &self.sqs
    }

    /// What all functions have in their environment for webhooks.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let mut environment = self.sqs.environment();
        // Receivers on this machine have neither a public address nor a certificate.
        environment.push(("SUPPUO_LOOPBACK_WEBHOOKS".to_owned(), "1".to_owned()));
        environment
    }

    pub(super) fn builder(
        &self,
        folder: &Path,
        environment: &[(String, String)],
        log: File,
    ) -> Result<machine::Builder, Error> {
        Ok(machine::Builder::new(folder, environment.to_vec())
            .most_processes(settings::concurrency()?)
            .log_to(log)
            .checkpoint(&self.place)
            .ticking())
    }

    /// Keeps the messages for the next run.
    pub(super) fn keep(&self) -> Result<(), Error> {
        self.sqs.keep(&self.messages)
    }
}
