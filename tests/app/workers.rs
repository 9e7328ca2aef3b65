//! The stream, the queue and the schedule, moved by hand: the test decides what comes when, how often and in which
//! order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

use fastrand::Rng;
use local::proxy::{Fault, Operation};
use serde_json::{Value, json};
use shared::{Timestamp, time::MINUTE};

use super::App;

/// How long a function lives: when its calls are used up, no call has an effect any more, as if it had died.
#[derive(Clone)]
pub struct Life(Arc<AtomicI64>);

impl Life {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }

    pub fn end_after(&self, calls: u32) {
        self.0.store(calls.into(), Relaxed);
    }

    pub fn restore(&self) {
        self.0.store(i64::MAX, Relaxed);
    }

    /// Whether the next call has no effect.
    pub fn is_over(&self) -> bool {
        self.0.fetch_sub(1, Relaxed) <= 0
    }

    pub fn faults(&self) -> impl Fn(&Operation) -> Fault + Send + Sync + 'static {
        let life = self.clone();
        move |_| {
            if life.is_over() {
                Fault::Fail
            } else {
                Fault::None
            }
        }
    }
}

pub struct Workers<'a> {
    app: &'a App,
    /// How far the functions' clock is ahead of the true time.
    ahead: i64,
    /// The sort keys of the events that were seen in the table.
    seen: BTreeSet<String>,
    /// How many records the stream has had.
    streamed: usize,
    /// Records of the stream that were not fanned out, in their order.
    records: Vec<Value>,
    /// Records that may come again.
    done: Vec<Value>,
    messages: Vec<Message>,
}

#[derive(Clone)]
struct Message {
    body: String,
    visible_at: i64,
}

impl App {
    /// As if the schedule had run until then, in milliseconds since the epoch.
    pub fn set_watermark(&self, until: i64) {
        self.put_all(vec![json!({
            "pk": { "S": "DUE" },
            "sk": { "S": "WATERMARK" },
            "sweptMinute": { "N": (until / MINUTE).to_string() },
        })]);
    }

    /// The last minute that was swept.
    pub fn watermark(&self) -> i64 {
        let items = self.items();
        let item = items.iter().find(|item| item["sk"]["S"] == "WATERMARK");
        let minute = &item.unwrap()["sweptMinute"]["N"];
        minute.as_str().unwrap().parse().unwrap()
    }
}

impl<'a> Workers<'a> {
    pub fn new(app: &'a App) -> Self {
        let workers = Self {
            app,
            ahead: 0,
            seen: BTreeSet::new(),
            streamed: 0,
            records: Vec::new(),
            done: Vec::new(),
            messages: Vec::new(),
        };
        app.set_watermark(workers.now());
        workers
    }

    pub fn now(&self) -> i64 {
        Timestamp::now().as_millis() + self.ahead
    }

    pub fn advance(&mut self, millis: i64) {
        self.ahead += millis;
        self.app.step_clock(0, self.ahead);
    }

    /// Never back.
    pub fn advance_to(&mut self, moment: i64) {
        self.advance((moment - self.now()).max(0));
    }

    /// The items of events that were not seen before, which are now in the stream.
    pub fn new_events(&mut self) -> Vec<Value> {
        let mut items = self.app.items();
        items.retain(|item| item["type"]["S"].is_string());
        items.retain(|item| {
            self.seen
                .insert(item["sk"]["S"].as_str().unwrap().to_owned())
        });
        items.sort_by_key(|item| item["sk"]["S"].as_str().unwrap().to_owned());
        for item in &items {
            self.streamed += 1;
            let number = format!("{:021}", self.streamed);
            self.records.push(json!({
                "eventName": "INSERT",
                "dynamodb": { "NewImage": item, "SequenceNumber": number },
            }));
        }
        items
    }

    /// Sends some records of the stream, perhaps with old ones, to the fan-out. Those that failed come again.
    pub async fn fan_out(&mut self, rng: &mut Rng) {
        let most = self.records.len().min(rng.usize(1..10));
        let mut batch: Vec<_> = self.records.drain(..most).collect();
        if rng.u8(..4) == 0 {
            batch.extend(rng.choice(&self.done).cloned());
        }
        self.fan_out_batch(batch).await;
    }

    async fn fan_out_batch(&mut self, batch: Vec<Value>) {
        if batch.is_empty() {
            return;
        }
        let answer = self
            .app
            .work("webhooks-fan-out", &json!({ "Records": batch }))
            .await;
        self.receive_messages();
        let failed = failures(&answer);
        let number = |record: &Value| {
            record["dynamodb"]["SequenceNumber"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let (again, done): (Vec<_>, Vec<_>) = batch.into_iter().partition(|record| match &failed {
            // From the first one that failed ("Reporting batch item failures", Lambda developer guide).
            Some(failed) => failed.first().is_some_and(|first| number(record) >= *first),
            None => true,
        });
        self.done.extend(done);
        self.records.splice(0..0, again);
    }

    /// Sends some visible messages to the deliverer, perhaps one twice. Those that failed come again.
    pub async fn deliver(&mut self, rng: &mut Rng) {
        let now = self.now();
        rng.shuffle(&mut self.messages);
        let (mut visible, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|one| one.visible_at <= now);
        let rest = visible.split_off(visible.len().min(rng.usize(1..11)));
        self.messages.extend(rest.into_iter().chain(later));
        if rng.u8(..5) == 0 {
            self.messages.extend(rng.choice(&visible).cloned());
        }
        self.deliver_batch(visible).await;
    }

    /// As if the records that there are had never been.
    pub fn forget_records(&mut self) {
        self.records.clear();
    }

    /// As if the messages that there are had been lost.
    pub fn forget_messages(&mut self) {
        self.messages.clear();
    }

    /// Makes the messages that wait visible, as if the queue's clock were ahead of the functions'.
    pub fn show_all_messages(&mut self) {
        for message in &mut self.messages {
            message.visible_at = 0;
        }
    }

    /// How many records wait to be fanned out.
    pub fn records(&self) -> usize {
        self.records.len()
    }

    /// Fans out all records that there are.
    pub async fn fan_out_all(&mut self) {
        self.new_events();
        let records = std::mem::take(&mut self.records);
        self.fan_out_batch(records).await;
    }

    /// Delivers the messages that are visible, all in one batch. Returns how many come again.
    pub async fn deliver_all(&mut self) -> usize {
        let now = self.now();
        let messages = std::mem::take(&mut self.messages).into_iter();
        let (visible, later): (Vec<_>, Vec<_>) = messages.partition(|one| one.visible_at <= now);
        self.deliver_batch(visible).await;
        let come_again = self.messages.iter().filter(|one| one.visible_at <= now);
        let come_again = come_again.count();
        self.messages.extend(later);
        come_again
    }

    async fn deliver_batch(&mut self, batch: Vec<Message>) {
        if batch.is_empty() {
            return;
        }
        let records = batch.iter().enumerate().map(
            |(number, message)| json!({ "messageId": number.to_string(), "body": message.body }),
        );
        let event = json!({ "Records": records.collect::<Vec<_>>() });
        let answer = self.app.work("webhooks-deliver", &event).await;
        self.receive_messages();
        let failed = failures(&answer);
        let came_again = batch
            .into_iter()
            .enumerate()
            .filter(|(number, _)| match &failed {
                Some(failed) => failed.contains(&number.to_string()),
                None => true,
            });
        self.messages.extend(came_again.map(|(_, message)| message));
    }

    /// Runs the sweeper.
    pub async fn tick(&mut self) {
        // If it fails, the next tick does what is left.
        let _ = self.app.work("webhooks-due", &json!({})).await;
        self.receive_messages();
    }

    /// Takes what was sent to the queue.
    pub fn receive_messages(&mut self) {
        let now = self.now();
        for entry in self.app.queued() {
            let delay = entry["DelaySeconds"].as_i64().unwrap_or_default();
            self.messages.push(Message {
                body: entry["MessageBody"].as_str().unwrap().to_owned(),
                visible_at: now + delay * 1000,
            });
        }
    }

    /// Fans out all records and delivers all messages that are visible.
    pub async fn do_all_that_is_due(&mut self) {
        loop {
            self.new_events();
            let records = std::mem::take(&mut self.records);
            let now = self.now();
            let messages = std::mem::take(&mut self.messages).into_iter();
            let (visible, later): (Vec<_>, Vec<_>) =
                messages.partition(|one| one.visible_at <= now);
            self.messages = later;
            if records.is_empty() && visible.is_empty() {
                return;
            }
            self.fan_out_batch(records).await;
            for batch in visible.chunks(10) {
                self.deliver_batch(batch.to_vec()).await;
            }
        }
    }

    /// The items of all deliveries, by their ids.
    pub fn deliveries(&self) -> BTreeMap<String, Value> {
        let items = self.app.items().into_iter();
        let deliveries =
            items.filter(|item| item["pk"]["S"].as_str().unwrap().ends_with("#DELIVERIES"));
        deliveries
            .map(|item| (item["sk"]["S"].as_str().unwrap().to_owned(), item))
            .collect()
    }

    /// When the next attempt of a pending delivery is due. `None` if no delivery is pending.
    pub fn next_attempt(&self) -> Option<i64> {
        let deliveries = self.deliveries().into_values();
        let pending = deliveries.filter(|item| item["deliveryStatus"]["S"] == "pending");
        let due = pending.map(|item| {
            let at = item["nextRetryAt"]["N"]
                .as_str()
                .map(|at| at.parse().unwrap());
            at.unwrap_or_default()
        });
        due.min()
    }
}

/// What failed of a batch; `None` if the function failed as a whole.
fn failures(answer: &Result<Value, Value>) -> Option<BTreeSet<String>> {
    let answer = answer.as_ref().ok()?;
    let failures = answer["batchItemFailures"].as_array().unwrap().iter();
    Some(
        failures
            .map(|one| one["itemIdentifier"].as_str().unwrap().to_owned())
            .collect(),
    )
}
