//! The embedded DynamoDB, served on loopback.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use dynoxide::{Database, ImportOptions};
use serde_json::json;
use tokio::sync::oneshot;

use crate::{Error, template::Template};

/// How often expired items are removed. The service promises "within a few days".
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// A running DynamoDB, until it is dropped.
pub struct DynamoDb {
    database: Database,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl DynamoDb {
    /// Starts on `port` (0: any free one), with the data in `file`, or in memory if `file` is `None`.
    ///
    /// It runs on its own threads, because it blocks them while it reads and writes the disk.
    pub fn start(file: Option<&Path>, port: u16) -> Result<Self, Error> {
        let database = match file {
            Some(file) => Database::new(file.to_str().ok_or("the path is not UTF-8")?)?,
            None => Database::memory()?,
        };
        let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let stopping = Arc::new(AtomicBool::new(false));

        let served = database.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let serving = thread::spawn(move || {
            let end = runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).map_err(|e| e.to_string())?;
                // A dropped sender stops the server too.
                let stopped = async { drop(stopped.await) };
                tokio::select! {
                    // A graceful shutdown would wait for clients that keep their connection open.
                    () = stopped => Ok(()),
                    end = dynoxide::server::serve_with_shutdown(listener, served, std::future::pending()) => end,
                }
            });
            if let Err(error) = end {
                eprintln!("the embedded DynamoDB ended: {error}");
            }
        });
        let (swept, ending) = (database.clone(), Arc::clone(&stopping));
        let sweeping = thread::spawn(move || {
            while !ending.load(Relaxed) {
                if let Err(error) = swept.sweep_ttl() {
                    eprintln!("expired items could not be removed: {error}");
                }
                thread::park_timeout(SWEEP_EVERY);
            }
        });
        Ok(Self {
            database,
            url,
            stop: Some(stop),
            stopping,
            threads: vec![serving, sweeping],
        })
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Creates the template's table under `name`, unless it exists.
    ///
    /// # Errors
    ///
    /// If DynamoDB would not create the template's table, or if the existing table has other indexes.
    pub fn create_table(&self, template: &Template, name: &str) -> Result<(), Error> {
        let (table, ttl) = template.table(name)?;
        if let Some(existing) = self.database.get_table_metadata(name)? {
            let indexes = existing.gsi_definitions.unwrap_or_default();
            let existing = serde_json::from_str(&indexes).unwrap_or_default();
            if index_names(&existing) != index_names(&table["GlobalSecondaryIndexes"]) {
                let message = "the stored table has other indexes than template.yaml; `make clean-data` deletes it";
                return Err(message.into());
            }
            return Ok(());
        }
        self.database.create_table(serde_json::from_value(table)?)?;
        if let Some(attribute) = ttl {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let request = json!({ "TableName": name, "TimeToLiveSpecification": specification });
            self.database
                .update_time_to_live(serde_json::from_value(request)?)?;
        }
        Ok(())
    }

    /// Deletes a table and everything in it, so that a long run does not fill memory.
    pub fn delete_table(&self, name: &str) -> Result<(), Error> {
        let request = serde_json::from_value(json!({ "TableName": name }))?;
        self.database.delete_table(request)?;
        Ok(())
    }

    /// Every item of a table, in DynamoDB's JSON.
    pub fn items(&self, table: &str) -> Result<Vec<serde_json::Value>, Error> {
        let found = self
            .database
            .scan(serde_json::from_value(json!({ "TableName": table }))?)?;
        let found = serde_json::to_value(found)?;
        Ok(found["Items"].as_array().cloned().unwrap_or_default())
    }

    /// Puts items, in DynamoDB's JSON. For more items than can be created through the API.
    pub fn put_all(&self, table: &str, items: Vec<serde_json::Value>) -> Result<(), Error> {
        let items = items.into_iter().map(serde_json::from_value);
        let items = items.collect::<Result<_, _>>()?;
        self.database
            .import_items(table, items, ImportOptions::default())?;
        Ok(())
    }
}

fn index_names(indexes: &serde_json::Value) -> BTreeSet<&str> {
    let indexes = indexes.as_array().into_iter().flatten();
    indexes
        .filter_map(|index| index["IndexName"].as_str())
        .collect()
}

impl Drop for DynamoDb {
    fn drop(&mut self) {
        self.stopping.store(true, Relaxed);
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A panic has already been reported on standard error.
            let _ = thread.join();
        }
    }
}
