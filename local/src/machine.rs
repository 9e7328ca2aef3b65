//! What calls the functions without a route, as the template says: the table's stream, the queues, the schedule.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

pub use crate::kills::When;
use crate::{
    Error,
    activity::Activity,
    dynamodb::{DynamoDb, StreamReader},
    kills::Kills,
    pool::{Pool, Processes},
    proxy::{Fault, Operation, Proxy},
    queue_poller::QueuePoller,
    schedule,
    sqs::Sqs,
    stream::{Batches, Progress, StreamPoller},
    template::{Source, Template, Worker},
};

/// The variables that say where AWS's services are.
const TABLE_ENDPOINT: &str = "AWS_ENDPOINT_URL_DYNAMODB";
const ENDPOINTS: [&str; 3] = [
    TABLE_ENDPOINT,
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SQS",
];

/// What happens to a call of a worker.
type WorkerFaults = Arc<dyn Fn(&Operation) -> Fault + Send + Sync>;

/// A machine to start.
pub struct Builder {
    binaries: PathBuf,
    environment: Vec<(String, String)>,
    most_processes: usize,
    proxied: Option<(Duration, WorkerFaults)>,
    log: Option<File>,
    checkpoint: Option<PathBuf>,
    ticks: bool,
}

/// Runs until it is dropped, which kills all processes.
pub struct Machine {
    sqs: Sqs,
    stream: StreamReader,
    pools: BTreeMap<String, Arc<Pool>>,
    scheduled: Vec<Arc<Pool>>,
    /// The queues that functions are called with.
    queues: Vec<String>,
    activity: Activity,
    progress: watch::Sender<Progress>,
    look_now: Arc<Notify>,
    kills: Kills,
    processes: Processes,
    proxies: Vec<Proxy>,
    tasks: JoinSet<()>,
}

impl Builder {
    /// The functions' binaries are in this folder. Each gets these variables, and those that [`Sqs::environment`] has.
    #[must_use]
    pub fn new(binaries: &Path, environment: Vec<(String, String)>) -> Self {
        Self {
            binaries: binaries.to_owned(),
            environment,
            most_processes: usize::MAX,
            proxied: None,
            log: None,
            checkpoint: None,
            ticks: false,
        }
    }

    /// The most processes of a function, if that is less than the template's concurrency.
    #[must_use]
    pub fn most_processes(mut self, most: usize) -> Self {
        self.most_processes = most;
        self
    }

    /// Puts proxies between the functions and AWS. They record what the functions do, can kill them, and add `delay` to
    /// each call of the table.
    #[must_use]
    pub fn proxied(
        mut self,
        delay: Duration,
        faults: impl Fn(&Operation) -> Fault + Send + Sync + 'static,
    ) -> Self {
        self.proxied = Some((delay, Arc::new(faults)));
        self
    }

    /// Writes the processes' output to a file, instead of keeping it for [`Machine::log`].
    #[must_use]
    pub fn log_to(mut self, file: File) -> Self {
        self.log = Some(file);
        self
    }

    /// Goes on in the stream where a machine with the same file ended.
    #[must_use]
    pub fn checkpoint(mut self, file: &Path) -> Self {
        self.checkpoint = Some(file.to_owned());
        self
    }

    /// Calls the scheduled functions every minute. Without this, [`Machine::tick`] does.
    #[must_use]
    pub fn ticking(mut self) -> Self {
        self.ticks = true;
        self
    }

    /// Starts what the template declares, for a table. Everything has the clock of `sqs`.
    ///
    /// # Errors
    ///
    /// If the template has a setting that is not implemented.
    pub async fn start(
        self,
        template: &Template,
        dynamodb: &DynamoDb,
        table: &str,
        sqs: &Sqs,
    ) -> Result<Machine, Error> {
        let workers = template.workers()?;
        let place = self.checkpoint.as_ref();
        let place = place.and_then(|file| fs::read_to_string(file).ok());
        let mut machine = Machine {
            sqs: sqs.clone(),
            stream: dynamodb.stream(table, place)?,
            pools: BTreeMap::new(),
            scheduled: Vec::new(),
            queues: Vec::new(),
            activity: Activity::default(),
            progress: watch::Sender::default(),
            look_now: Arc::default(),
            kills: Kills::default(),
            processes: Processes::default(),
            proxies: Vec::new(),
            tasks: JoinSet::new(),
        };
        let mut environment = self.environment.clone();
        environment.extend(sqs.environment());
        if let Some(file) = sqs.clock().file() {
            let file = file.to_str().ok_or("the clock's path is not UTF-8")?;
            environment.push(("SUPPUO_TEST_CLOCK".to_owned(), file.to_owned()));
        }
        if let Some((delay, faults)) = &self.proxied {
            machine
                .put_proxies(&mut environment, *delay, faults)
                .await?;
        }
        for worker in workers {
            let binary = self.binaries.join(&worker.function);
            let mut pool = Pool::new(worker.function.clone(), binary, worker.timeout);
            pool.environment.clone_from(&environment);
            pool.log = self.log.as_ref().map(File::try_clone).transpose()?;
            pool.processes = machine.processes.clone();
            machine.run(worker, Arc::new(pool), &self);
        }
        Ok(machine)
    }
}

impl Machine {
    /// Puts a proxy before each service of AWS that the environment names.
    async fn put_proxies(
        &mut self,
        environment: &mut [(String, String)],
        delay: Duration,
        faults: &WorkerFaults,
    ) -> Result<(), Error> {
        for (name, url) in environment {
            if !ENDPOINTS.contains(&name.as_str()) {
                continue;
            }
            let (kills, faults) = (self.kills.clone(), Arc::clone(faults));
            let faults = move |operation: &Operation| match kills.of(operation) {
                Some(When::Before) => Fault::KillBefore,
                Some(When::After) => Fault::KillAfter,
                None => faults(operation),
            };
            let delay = if name == TABLE_ENDPOINT {
                delay
            } else {
                Duration::ZERO
            };
            let processes = self.processes.clone();
            let proxy = Proxy::start_before(url, delay, Box::new(faults), processes).await?;
            proxy.url().clone_into(url);
            self.proxies.push(proxy);
        }
        Ok(())
    }

    /// Calls a function with what it is for.
    fn run(&mut self, worker: Worker, pool: Arc<Pool>, settings: &Builder) {
        let function = Arc::clone(&pool);
        match worker.source {
            Source::Stream(mapping) => {
                let poller = StreamPoller {
                    mapping,
                    reader: self.stream.clone(),
                    batches: Batches {
                        function,
                        clock: self.sqs.clock().clone(),
                        sqs: self.sqs.clone(),
                        activity: self.activity.clone(),
                        progress: self.progress.clone(),
                    },
                    checkpoint: settings.checkpoint.clone(),
                    look_now: Arc::clone(&self.look_now),
                };
                self.tasks.spawn(poller.run());
            }
            Source::Queue(mapping) => {
                self.queues.push(mapping.queue.clone());
                let poller = QueuePoller {
                    concurrency: mapping.max_concurrency.min(settings.most_processes),
                    mapping,
                    sqs: self.sqs.clone(),
                    function,
                    activity: self.activity.clone(),
                };
                self.tasks.spawn(poller.run());
            }
            Source::Schedule(_) => {
                if settings.ticks {
                    let clock = self.sqs.clock().clone();
                    let activity = self.activity.clone();
                    let function = Arc::clone(&function);
                    self.tasks.spawn(schedule::run(function, clock, activity));
                }
                self.scheduled.push(function);
            }
        }
        self.pools.insert(worker.function, pool);
    }

    /// The queues.
    #[must_use]
    pub fn sqs(&self) -> &Sqs {
        &self.sqs
    }

    /// The processes of a function.
    #[must_use]
    pub fn pool(&self, function: &str) -> Option<&Pool> {
        self.pools.get(function).map(Arc::as_ref)
    }

    /// Starts a process of each function, so that no first call waits for it.
    ///
    /// # Errors
    ///
    /// If one does not start.
    pub async fn warm_up(&self) -> Result<(), Error> {
        for pool in self.pools.values() {
            pool.warm_up().await?;
        }
        Ok(())
    }

    /// Calls each scheduled function once.
    ///
    /// # Errors
    ///
    /// If one fails.
    pub async fn tick(&self) -> Result<(), Error> {
        for pool in &self.scheduled {
            schedule::tick(&**pool, self.sqs.clock(), &self.activity).await?;
        }
        Ok(())
    }

    /// Moves the clock.
    ///
    /// # Errors
    ///
    /// If the functions' file cannot be written.
    pub fn advance(&self, millis: i64) -> Result<(), Error> {
        self.sqs.clock().advance(millis)
    }

    /// Waits until nothing is left to do before the clock is moved or [`Machine::tick`] is called: every record of the
    /// stream has been handled, no message is visible, and no function is being called.
    ///
    /// # Errors
    ///
    /// If the stream cannot be read.
    pub async fn until_idle(&self) -> Result<(), Error> {
        let mut progress = self.progress.subscribe();
        let mut calls = self.activity.changes();
        let mut messages = self.sqs.changes();
        loop {
            let before = self.activity.calls();
            let stream = self.stream.clone();
            let last = tokio::task::spawn_blocking(move || stream.last()).await??;
            self.look_now.notify_one();
            let is_settled = |progress: &Progress| {
                progress.position >= last || self.is_ahead(progress.paused_until)
            };
            progress.wait_for(is_settled).await?;
            loop {
                messages.mark_unchanged();
                calls.mark_unchanged();
                let visible = self.queues.iter().any(|queue| self.sqs.visible(queue) > 0);
                if !visible && self.activity.calls().running == 0 {
                    break;
                }
                tokio::select! {
                    _ = calls.changed() => {}
                    _ = messages.changed() => {}
                }
            }
            // A call that was running may have written another record.
            if before.running == 0 && self.activity.calls().started == before.started {
                return Ok(());
            }
        }
    }

    /// When something happens by itself next, if nothing new comes: a message becomes visible, or a batch of the stream
    /// is repeated.
    #[must_use]
    pub fn next_event(&self) -> Option<i64> {
        let visible = self.queues.iter();
        let visible = visible.filter_map(|queue| self.sqs.next_visible(queue));
        visible.chain(self.progress.borrow().paused_until).min()
    }

    fn is_ahead(&self, time: Option<i64>) -> bool {
        time.is_some_and(|time| time > self.sqs.clock().now())
    }

    /// Kills the process that makes the call after the next `calls` ones of this function. Needs
    /// [`Builder::proxied`].
    pub fn kill_at_call(&self, function: &str, calls: usize, when: When) {
        self.kills.add(function, calls, when);
    }

    /// Kills all processes of a function now.
    pub fn kill(&self, function: &str) {
        self.processes.kill_all_of(function);
    }

    /// What the functions did since the last call of this method. Needs [`Builder::proxied`].
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let all = self.proxies.iter().flat_map(Proxy::take_operations);
        all.collect()
    }

    /// All lines that the functions have logged, also those of processes that have ended.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.pools.values().flat_map(|pool| pool.lines()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::{Value, json};

    use super::*;
    use crate::{clock::Clock, pool::function_of};

    /// Functions that do as little as possible: the fan-out sends a message for each record, with the record's id; the
    /// delivery puts an item for each message; both fail where the id says so.
    const FUNCTION: &str = r#"#!/usr/bin/env python3
import json, os, urllib.request

def post(url, body, **headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    return json.load(urllib.request.urlopen(request))

def aws(endpoint, target, body):
    key = os.environ["AWS_ACCESS_KEY_ID"]
    signature = f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/x/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Authorization": signature, "X-Amz-Date": "20260101T000000Z", "X-Amz-Target": target,
               "Content-Type": "application/x-amz-json-1.0"}
    return post(os.environ["AWS_ENDPOINT_URL_" + endpoint], body, **headers)

def put(key):
    item = {"pk": {"S": key}, "sk": {"S": "x"}}
    aws("DYNAMODB", "DynamoDB_20120810.PutItem", {"TableName": os.environ["TABLE_NAME"], "Item": item})

def failures(records, key):
    return {"batchItemFailures": [{"itemIdentifier": key(one)} for one in records]}

def fan_out(records):
    for place, record in enumerate(records):
        id = record["dynamodb"]["NewImage"]["pk"]["S"]
        if id == "crash":
            os._exit(1)
        body = {"QueueUrl": os.environ["DELIVERY_QUEUE_URL"], "MessageBody": id, "MessageGroupId": "group"}
        aws("SQS", "AmazonSQS.SendMessage", body)
    return failures([], None)

def deliver(records):
    failed = []
    for record in records:
        body = record["body"]
        if body.startswith("fails") and record["attributes"]["ApproximateReceiveCount"] != body[-1]:
            failed.append(record)
        else:
            put("delivered " + body)
    return failures(failed, lambda one: one["messageId"])

functions = {
    "webhooks-fan-out": lambda event: fan_out(event["Records"]),
    "webhooks-deliver": lambda event: deliver(event["Records"]),
    "webhooks-due": lambda event: put("swept at " + event["time"]),
}
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
urllib.request.install_opener(opener)
while True:
    with urllib.request.urlopen(api + "next") as event:
        id, event = event.headers["lambda-runtime-aws-request-id"], json.load(event)
    answer = functions[os.environ["AWS_LAMBDA_FUNCTION_NAME"]](event)
    request = urllib.request.Request(f"{api}{id}/response", json.dumps(answer).encode())
    urllib.request.urlopen(request)
"#;

    struct Running {
        dynamodb: DynamoDb,
        machine: Machine,
        folder: PathBuf,
    }

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    async fn start(name: &str) -> Running {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let template = Template::read(&project).unwrap();
        let folder = std::env::temp_dir().join(format!("machine-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for worker in template.workers().unwrap() {
            let file = folder.join(worker.function);
            fs::write(&file, FUNCTION).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let dynamodb = DynamoDb::start(None, 0).unwrap();
        dynamodb.create_table(&template, "table").unwrap();
        let clock = Clock::movable(&folder.join("clock")).unwrap();
        let sqs = Sqs::start(&template, clock, 0).await.unwrap();
        let environment = [(TABLE_ENDPOINT, dynamodb.url()), ("TABLE_NAME", "table")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let machine = Builder::new(&folder, environment.into())
            .most_processes(2)
            .proxied(Duration::ZERO, |_| Fault::None)
            .start(&template, &dynamodb, "table", &sqs)
            .await
            .unwrap();
        Running {
            dynamodb,
            machine,
            folder,
        }
    }

    fn put(dynamodb: &DynamoDb, keys: &[&str], kind: &str) {
        for key in keys {
            let item = json!({ "pk": { "S": key }, "sk": { "S": "x" }, "type": { "S": kind } });
            dynamodb.put("table", item).unwrap();
        }
    }

    impl Running {
        /// Puts events, with these partition keys.
        fn put(&self, keys: &[&str]) {
            put(&self.dynamodb, keys, "suppuo.x");
        }

        /// What the functions have put into the table, without the events.
        fn done(&self) -> Vec<String> {
            let items = self.dynamodb.items("table").unwrap().into_iter();
            let made = items.filter(|item| item["type"].is_null());
            let keys = made.map(|item| item["pk"]["S"].as_str().unwrap().to_owned());
            let mut keys: Vec<_> = keys.collect();
            keys.sort();
            keys
        }
    }

    #[tokio::test]
    async fn an_event_goes_through_the_stream_and_the_queue_and_other_items_do_not() {
        let running = start("through").await;
        running.put(&["a", "b"]);
        put(&running.dynamodb, &["other"], "another type");
        running.machine.until_idle().await.unwrap();
        assert_eq!(running.done(), ["delivered a", "delivered b"]);
        running.machine.tick().await.unwrap();
        assert!(running.done()[2].starts_with("swept at 20"));
        // The functions' own calls, by their access keys.
        let operations = running.machine.operations();
        let of = |function: &str| {
            let own = operations
                .iter()
                .filter(|one| function_of(&one.caller) == function);
            own.flat_map(|one| one.actions.clone()).collect::<Vec<_>>()
        };
        let sent = "sqs:SendMessage on DeliveryQueue";
        assert_eq!(of("webhooks-fan-out"), [sent, sent]);
        assert_eq!(of("webhooks-due"), ["dynamodb:PutItem"]);
        assert_eq!(operations.len(), 5);
    }

    #[tokio::test]
    async fn a_message_that_fails_comes_again_when_the_clock_is_moved() {
        let running = start("again").await;
        running.put(&["fails until 3", "succeeds"]);
        running.machine.until_idle().await.unwrap();
        assert_eq!(running.done(), ["delivered succeeds"]);
        running.machine.advance(180_000).unwrap();
        running.machine.until_idle().await.unwrap();
        assert_eq!(running.done(), ["delivered succeeds"]);
        let wait = running.machine.next_event().unwrap() - running.machine.sqs().clock().now();
        running.machine.advance(wait).unwrap();
        running.machine.until_idle().await.unwrap();
        assert_eq!(running.done().len(), 2);
        assert_eq!(running.machine.next_event(), None);
    }

    #[tokio::test]
    async fn a_message_that_never_succeeds_becomes_a_dead_letter() {
        let running = start("dead").await;
        running.put(&["fails until 9"]);
        for _ in 0..5 {
            running.machine.until_idle().await.unwrap();
            assert_eq!(running.machine.sqs().messages("DeliveryDeadLetters"), []);
            running.machine.advance(180_000).unwrap();
        }
        running.machine.until_idle().await.unwrap();
        let dead = running.machine.sqs().messages("DeliveryDeadLetters");
        assert_eq!(dead[0].body, "fails until 9");
    }

    #[tokio::test]
    async fn a_record_that_crashes_the_function_is_found_and_given_up_and_the_others_are_not() {
        let running = start("crash").await;
        running.put(&["a", "b", "crash", "c", "d"]);
        running.machine.until_idle().await.unwrap();
        while let Some(next) = running.machine.next_event() {
            let wait = next - running.machine.sqs().clock().now();
            running.machine.advance(wait.max(0)).unwrap();
            running.machine.until_idle().await.unwrap();
        }
        let delivered = ["delivered a", "delivered b", "delivered c", "delivered d"];
        assert_eq!(running.done(), delivered);
        let failures = running.machine.sqs().messages("FanOutFailures");
        let told: Value = serde_json::from_str(&failures[0].body).unwrap();
        assert_eq!(told["DDBStreamBatchInfo"]["batchSize"], json!(1));
    }

    #[tokio::test]
    async fn a_process_can_be_killed_before_and_after_any_of_its_calls() {
        let running = start("kill").await;
        for (number, when) in [When::Before, When::After].into_iter().enumerate() {
            let key = format!("event {number}");
            running.machine.kill_at_call("webhooks-deliver", 0, when);
            running.put(&[&key]);
            running.machine.until_idle().await.unwrap();
            let is_there = running.done().contains(&format!("delivered {key}"));
            assert_eq!(is_there, when == When::After);
            running.machine.advance(180_000).unwrap();
            running.machine.until_idle().await.unwrap();
            assert!(running.done().contains(&format!("delivered {key}")));
        }
        let pool = running.machine.pool("webhooks-deliver").unwrap();
        assert_eq!(pool.started(), 3);
    }
}
