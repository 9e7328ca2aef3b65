//! The embedded DynamoDB, served on loopback.
//!
//! Its tables' streams are rows of one table of SQLite. The library never deletes them, and searches all of them at
//! each write for the last number of the stream. So that table gets an index and a trigger here: see [`TRIM`].

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use dynoxide::{
    Database, DynoxideError, ImportOptions, actions::get_shard_iterator::decode_shard_iterator,
    streams,
};
use serde_json::json;
use tokio::sync::oneshot;

use crate::{Error, template::Template};

/// How often expired items are removed. The service promises "within a few days".
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// Makes the streams fast, and forgets their records: each new one removes the two oldest of all streams if they are
/// older than a day, as DynamoDB's are, or if there are 50,000 newer ones, which have about 70 MB.
///
/// Measured in memory, with items of 500 bytes: a put takes 0.12 ms without a stream, and 0.2 ms with one, also after a
/// hundred thousand records. Without the index and the trigger it took 19 ms after 20,000 records.
const TRIM: &str = "
    CREATE INDEX IF NOT EXISTS stream_by_number
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE TRIGGER IF NOT EXISTS trim_streams AFTER INSERT ON _stream_records BEGIN
        DELETE FROM _stream_records WHERE id IN (
            SELECT id FROM (SELECT id, created_at FROM _stream_records ORDER BY id LIMIT 2)
            WHERE created_at < NEW.created_at - 24 * 60 * 60 OR id < NEW.id - 50000
        );
    END;";

/// Counts the databases in memory, each of which needs a name.
static IN_MEMORY: AtomicUsize = AtomicUsize::new(0);

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
        let name = if let Some(file) = file {
            file.to_str().ok_or("the path is not UTF-8")?.to_owned()
        } else {
            // With a name, so that the connection below opens the same one.
            let number = IN_MEMORY.fetch_add(1, Relaxed);
            format!("file:dynamodb-{number}?mode=memory&cache=shared")
        };
        let database = Database::new(&name)?;
        rusqlite::Connection::open(&name)?.execute_batch(TRIM)?;
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
    /// If DynamoDB would not create the template's table. An existing table without a stream gets one, and one with
    /// other indexes gets those of the template.
    pub fn create_table(&self, template: &Template, name: &str) -> Result<(), Error> {
        let (table, ttl) = template.table(name)?;
        if let Some(existing) = self.database.get_table_metadata(name)? {
            let stream = &table["StreamSpecification"];
            if stream.is_object() && !existing.stream_enabled {
                let request = json!({ "TableName": name, "StreamSpecification": stream });
                self.database
                    .update_table(serde_json::from_value(request)?)?;
            }
            while self.change_an_index(template, name)? {}
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

    /// Makes an index of the template that the table lacks; if it lacks none, deletes one that the template does not
    /// have. Returns whether there was one. DynamoDB makes or deletes one at a time.
    ///
    /// # Errors
    ///
    /// If DynamoDB would not make the index.
    pub fn change_an_index(&self, template: &Template, name: &str) -> Result<bool, Error> {
        let (table, _) = template.table(name)?;
        let existing = self.database.get_table_metadata(name)?;
        let existing = existing.and_then(|table| table.gsi_definitions);
        let existing: serde_json::Value =
            serde_json::from_str(&existing.unwrap_or_default()).unwrap_or_default();
        let declared = &table["GlobalSecondaryIndexes"];
        let (has, shall_have) = (index_names(&existing), index_names(declared));
        let missing = shall_have.difference(&has).next();
        let change = match (missing, has.difference(&shall_have).next()) {
            (None, None) => return Ok(false),
            (None, Some(index)) => json!({ "Delete": { "IndexName": index } }),
            (Some(index), _) => {
                let mut all = declared.as_array().into_iter().flatten();
                json!({ "Create": all.find(|one| one["IndexName"] == **index) })
            }
        };
        let request = json!({
            "TableName": name,
            "AttributeDefinitions": table["AttributeDefinitions"],
            "GlobalSecondaryIndexUpdates": [change],
        });
        self.database
            .update_table(serde_json::from_value(request)?)?;
        Ok(true)
    }

    /// Deletes a table and everything in it, so that a long run does not fill memory.
    pub fn delete_table(&self, name: &str) -> Result<(), Error> {
        let request = serde_json::from_value(json!({ "TableName": name }))?;
        self.database.delete_table(request)?;
        Ok(())
    }

    /// The records of a table's stream: those after a [`StreamReader::place`], or all that there still are.
    pub fn stream(&self, table: &str, place: Option<String>) -> Result<StreamReader, Error> {
        let mut reader = StreamReader {
            database: self.database.clone(),
            place: String::new(),
            arn: streams::stream_arn(table, "local"),
            shard: streams::shard_id(table),
        };
        reader.place = match place {
            Some(place) => place,
            None => reader.iterator("TRIM_HORIZON")?,
        };
        Ok(reader)
    }

    /// Every item of a table, in DynamoDB's JSON.
    pub fn items(&self, table: &str) -> Result<Vec<serde_json::Value>, Error> {
        let found = self
            .database
            .scan(serde_json::from_value(json!({ "TableName": table }))?)?;
        let found = serde_json::to_value(found)?;
        Ok(found["Items"].as_array().cloned().unwrap_or_default())
    }

    /// `UpdateItem`, in DynamoDB's JSON: returns the item after the update. The inner error is that the condition
    /// failed, with the item as it is, if there is one. The request asks for both.
    pub fn update(
        &self,
        request: serde_json::Value,
    ) -> Result<Result<serde_json::Value, Option<serde_json::Value>>, Error> {
        match self.database.update_item(serde_json::from_value(request)?) {
            Ok(updated) => Ok(Ok(serde_json::to_value(updated)?["Attributes"].take())),
            Err(DynoxideError::ConditionalCheckFailedException(_, found)) => {
                Ok(Err(found.map(serde_json::to_value).transpose()?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Puts an item, in DynamoDB's JSON. The stream has it.
    pub fn put(&self, table: &str, item: serde_json::Value) -> Result<(), Error> {
        let request = json!({ "TableName": table, "Item": item });
        self.database.put_item(serde_json::from_value(request)?)?;
        Ok(())
    }

    /// Puts items, in DynamoDB's JSON. For more items than can be created through the API. The stream does not have
    /// them.
    pub fn put_all(&self, table: &str, items: Vec<serde_json::Value>) -> Result<(), Error> {
        let items = items.into_iter().map(serde_json::from_value);
        let items = items.collect::<Result<_, _>>()?;
        self.database
            .import_items(table, items, ImportOptions::default())?;
        Ok(())
    }
}

/// Reads the stream of a table.
#[derive(Clone)]
pub struct StreamReader {
    database: Database,
    place: String,
    arn: String,
    shard: String,
}

impl StreamReader {
    /// The stream's ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Where it is in the stream.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The number of the record that was read last; 0 if none was.
    #[must_use]
    pub fn position(&self) -> i64 {
        position(&self.place)
    }

    /// The number of the stream's last record; 0 if there is none. Blocks while the database is busy.
    pub fn last(&self) -> Result<i64, Error> {
        Ok(position(&self.iterator("LATEST")?))
    }

    /// The next records, oldest first, at most a thousand (`GetRecords`, DynamoDB API reference). Blocks while the
    /// database is busy.
    pub fn read(&mut self) -> Result<Vec<serde_json::Value>, Error> {
        let request = json!({ "ShardIterator": self.place });
        let found = self
            .database
            .get_records(serde_json::from_value(request)?)?;
        if let Some(next) = found.next_shard_iterator {
            self.place = next;
        }
        let records = found.records.into_iter().map(serde_json::to_value);
        Ok(records.collect::<Result<_, _>>()?)
    }

    fn iterator(&self, kind: &str) -> Result<String, Error> {
        let request =
            json!({ "StreamArn": self.arn, "ShardId": self.shard, "ShardIteratorType": kind });
        let found = self
            .database
            .get_shard_iterator(serde_json::from_value(request)?)?;
        Ok(found.shard_iterator.ok_or("the stream has ended")?)
    }
}

/// The number of the record after which an iterator goes on.
fn position(iterator: &str) -> i64 {
    decode_shard_iterator(iterator).map_or(0, |(_, _, position)| position)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a million records cost: run it with `--ignored --nocapture`.
    #[test]
    #[ignore = "measures for minutes"]
    fn a_write_takes_as_long_after_a_million_records() {
        let dynamodb = DynamoDb::start(None, 0).unwrap();
        let table = json!({
            "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        });
        let table = serde_json::from_value(table).unwrap();
        dynamodb.database.create_table(table).unwrap();
        let filler = "x".repeat(500);
        let put = |number: usize| {
            let item =
                json!({ "pk": { "S": (number % 1000).to_string() }, "filler": { "S": filler } });
            let request = json!({ "TableName": "table", "Item": item });
            let request = serde_json::from_value(request).unwrap();
            dynamodb.database.put_item(request).unwrap();
        };
        let millions: usize = std::env::var("RECORDS").map_or(1_000_000, |n| n.parse().unwrap());
        for part in 0..10 {
            let started = std::time::Instant::now();
            let size = millions / 10;
            for number in 0..size {
                put(part * size + number);
            }
            let each = started.elapsed() / u32::try_from(size).unwrap();
            println!("after {} records: {each:?} each", (part + 1) * size);
        }
        println!("{} bytes", dynamodb.database.db_size_bytes().unwrap());
    }
}
