//! The API under test: the built functions behind a gateway. Each test has its own table and issuer.

mod call;
pub mod form;
pub mod github;
pub mod issuer;
pub mod machine;
mod queue;
pub mod receiver;
pub mod reference;
pub mod relay;
pub mod resources;
pub mod response;
pub mod sign_in;
mod table;
pub mod workers;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use local::{
    dynamodb::DynamoDb,
    gateway,
    lambda::{self, Instance},
    proxy::{Fault, Faults, Operation, Proxy},
    secrets,
    template::{Route, Template, Worker},
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

pub use self::call::Call;
use self::{
    github::TestGithub, issuer::TestIssuer, queue::TestQueue, reference::REFERENCE,
    response::Response,
};

pub fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

pub static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::read(project()).unwrap());

pub static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| TEMPLATE.routes().unwrap());

/// The functions without a route.
pub static WORKERS: LazyLock<Vec<Worker>> = LazyLock::new(|| TEMPLATE.workers().unwrap());

/// One DynamoDB for all tests, with a table for each.
static DYNAMODB: LazyLock<DynamoDb> = LazyLock::new(|| DynamoDb::start(None, 0).unwrap());

static APPS: AtomicUsize = AtomicUsize::new(0);

/// The binary of a function. Cargo says where one of them is; the others lie beside it. `make arm64` has others, in the
/// folder that `FUNCTIONS` names.
pub fn binary(function: &str) -> PathBuf {
    match std::env::var_os("FUNCTIONS") {
        Some(folder) => Path::new(&folder).join(function),
        None => Path::new(env!("CARGO_BIN_EXE_health")).with_file_name(function),
    }
}

pub struct App {
    /// Signs the tokens that the API accepts.
    pub issuer: TestIssuer,
    /// Signs the reports that the API accepts.
    pub github: TestGithub,
    table: String,
    /// Whether this app created the table, and so deletes it.
    owns_table: bool,
    proxy: Proxy,
    secrets: Proxy,
    queue: TestQueue,
    queue_proxy: Proxy,
    environment: Vec<(String, String)>,
    timeout: Duration,
    functions: BTreeMap<String, Vec<OnceCell<Instance>>>,
    turn: AtomicUsize,
    calls: AtomicUsize,
    folder: PathBuf,
}

/// The settings of an [`App`] to start.
pub struct Builder {
    /// The table of another app, for a second deployment on it.
    table: Option<String>,
    /// The other app's settings, which `settings` overrides.
    base: Vec<(String, String)>,
    instances: usize,
    settings: Vec<(String, String)>,
    faults: Faults,
    timeout: Duration,
}

impl Builder {
    /// How many instances each function has.
    pub fn instances(mut self, instances: usize) -> Self {
        self.instances = instances;
        self
    }

    /// Sets an environment variable of the functions.
    pub fn setting(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// How many calls a minute a caller may make.
    pub fn caller_limit(self, limit: u32) -> Self {
        self.setting("CALLER_LIMIT", limit)
    }

    /// Which fault happens to each DynamoDB request.
    pub fn faults(mut self, faults: impl Fn(&Operation) -> Fault + Send + Sync + 'static) -> Self {
        self.faults = Box::new(faults);
        self
    }

    /// Requests with this name fail while the flag is set.
    pub fn failing_while(self, flag: &Arc<AtomicBool>, name: &'static str) -> Self {
        let flag = Arc::clone(flag);
        self.faults(move |operation| {
            if flag.load(Relaxed) && operation.name == name {
                Fault::Fail
            } else {
                Fault::None
            }
        })
    }

    /// The function timeout of Lambda.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Creates the table and the issuer. A function starts with its first call.
    pub async fn start(self) -> App {
        let number = APPS.fetch_add(1, Relaxed);
        let owns_table = self.table.is_none();
        let table = self.table.unwrap_or_else(|| format!("table-{number}"));
        if owns_table {
            DYNAMODB.create_table(&TEMPLATE, &table).unwrap();
        }
        let proxy = Proxy::start(DYNAMODB.url(), Duration::ZERO, self.faults)
            .await
            .unwrap();
        let issuer = TestIssuer::start().await;
        let github = TestGithub::start().await;
        let secrets_manager = format!("{}{}", issuer.name(), secrets::PATH);
        let secrets = Proxy::start(&secrets_manager, Duration::ZERO, Box::new(|_| Fault::None))
            .await
            .unwrap();
        let queue = TestQueue::start().await;
        let queue_proxy = Proxy::start(queue.endpoint(), Duration::ZERO, Box::new(|_| Fault::None))
            .await
            .unwrap();
        let name = format!("app-{}-{number}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        let mut environment: Vec<_> = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_DYNAMODB", proxy.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
            ("AWS_ENDPOINT_URL_SQS", queue_proxy.url()),
            ("DELIVERY_QUEUE_URL", &queue.url()),
            ("FAN_OUT_FAILURES_URL", &queue.failures_url()),
            ("TABLE_NAME", &table),
            ("SIGNING_SECRET", secrets::SIGNING_SECRET),
            ("HUUDIS_CLIENT_SECRET", secrets::CLIENT_SECRET),
            ("HUUDIS_ISSUER", issuer.name()),
            ("GITHUB_KEYS_URL", github.url()),
            // Receivers of the tests have neither a public address nor a certificate.
            ("SUPPUO_LOOPBACK_WEBHOOKS", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        environment.extend(self.base);
        environment.extend(self.settings);
        let routed = ROUTES.iter().map(|route| &route.function);
        let workers = WORKERS.iter().map(|worker| &worker.function);
        let functions = routed.chain(workers).map(|function| {
            (
                function.clone(),
                (0..self.instances).map(|_| OnceCell::new()).collect(),
            )
        });
        App {
            issuer,
            github,
            table,
            owns_table,
            proxy,
            secrets,
            queue,
            queue_proxy,
            environment,
            timeout: self.timeout,
            functions: functions.collect(),
            turn: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            folder,
        }
    }
}

impl App {
    /// One instance of each function, the default settings of a deployment, and no faults.
    pub fn builder() -> Builder {
        Builder {
            table: None,
            base: Vec::new(),
            instances: 1,
            settings: Vec::new(),
            faults: Box::new(|_| Fault::None),
            timeout: lambda::TIMEOUT,
        }
    }

    /// See [`App::builder`].
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Another deployment on the same table, with the same issuer and the same secret.
    pub fn sibling(&self) -> Builder {
        let shared = [
            ("HUUDIS_ISSUER", self.issuer.name()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.secrets.url()),
        ];
        Builder {
            table: Some(self.table.clone()),
            base: shared
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Self::builder()
        }
    }

    /// A call to describe and send.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        let request = gateway::Request {
            method: method.to_owned(),
            path: path.to_owned(),
            ..gateway::Request::default()
        };
        Call {
            app: self,
            request,
            instance: None,
        }
    }

    /// `GET /api/v1/api-keys`.
    pub fn list(&self) -> Call<'_> {
        self.call("GET", "/api/v1/api-keys")
    }

    /// `POST /api/v1/api-keys` with a name.
    pub fn create(&self, name: &str) -> Call<'_> {
        self.call("POST", "/api/v1/api-keys")
            .json(&json!({ "name": name }))
    }

    /// `DELETE /api/v1/api-keys/{id}`.
    pub fn revoke(&self, id: &str) -> Call<'_> {
        self.call("DELETE", &format!("/api/v1/api-keys/{id}"))
    }

    /// An access token of `usr_1` in a workspace.
    pub fn token(&self, workspace: &str) -> String {
        self.issuer
            .token(&json!({ "sub": "usr_1", "accountId": workspace }))
    }

    /// Sends an event to a function and reads the response.
    pub async fn invoke(&self, function: &str, event: &Value) -> Response {
        let turn = self.turn.fetch_add(1, Relaxed);
        self.invoke_instance(function, turn % self.functions[function].len(), event)
            .await
    }

    async fn invoke_instance(&self, function: &str, number: usize, event: &Value) -> Response {
        self.calls.fetch_add(1, Relaxed);
        let instance = self.instance(function, number).await;
        let answer = instance.invoke(&event.to_string()).await.unwrap();
        let answer = answer.expect("the function answers and does not report an error");
        let response = Response::read(answer);
        REFERENCE.check(event, &response);
        response
    }

    /// Sends an event to the first instance of a function that is no endpoint. Returns its answer, or the error that it
    /// reported.
    pub async fn work(&self, function: &str, event: &Value) -> Result<Value, Value> {
        let instance = self.instance(function, 0).await;
        instance.invoke(&event.to_string()).await.unwrap()
    }

    /// From now on, the queue of deliveries refuses the messages that this says.
    pub fn queue_refuses(&self, refuses: impl Fn() -> bool + Send + Sync + 'static) {
        self.queue.refuses(refuses);
    }

    /// What the fan-out has given up since the last call of this method.
    pub fn given_up(&self) -> Vec<Value> {
        self.queue.take_given_up()
    }

    /// An instance of a function, which is started if it was not.
    pub async fn instance(&self, function: &str, number: usize) -> &Instance {
        let start = || async {
            let mut environment = self.environment.clone();
            let clock = self.clock(number).to_str().unwrap().to_owned();
            environment.push(("SUPPUO_TEST_CLOCK".to_owned(), clock));
            Instance::start(&binary(function), &environment, self.timeout)
                .await
                .unwrap()
        };
        self.functions[function][number].get_or_init(start).await
    }

    fn clock(&self, instance: usize) -> PathBuf {
        self.folder.join(format!("clock-{instance}"))
    }

    /// Sets the clock of this instance of every function, in milliseconds ahead of the true time.
    pub fn step_clock(&self, instance: usize, millis: i64) {
        // The file is renamed into place, so that an instance never reads half a number.
        let file = self.folder.join(format!("clock-{instance}-new"));
        fs::write(&file, millis.to_string()).unwrap();
        fs::rename(file, self.clock(instance)).unwrap();
    }

    /// The number of events that the functions have received.
    pub fn calls(&self) -> usize {
        self.calls.load(Relaxed)
    }

    /// Where the functions reach the table.
    pub fn table_url(&self) -> &str {
        self.proxy.url()
    }

    /// The DynamoDB requests since the last call of this method.
    pub fn operations(&self) -> Vec<Operation> {
        self.proxy.take_operations()
    }

    /// The Secrets Manager requests since the last call of this method.
    pub fn secret_operations(&self) -> Vec<Operation> {
        self.secrets.take_operations()
    }

    /// The SQS requests since the last call of this method.
    pub fn queue_operations(&self) -> Vec<Operation> {
        self.queue_proxy.take_operations()
    }

    /// What was sent to the queue of deliveries since the last call of this method.
    pub fn queued(&self) -> Vec<Value> {
        self.queue.take()
    }

    /// All lines that the functions have logged.
    pub fn log(&self) -> Vec<String> {
        let instances = self.functions.values().flatten().filter_map(OnceCell::get);
        instances.flat_map(Instance::log).collect()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // A folder that is not removed stays below target/.
        let _ = fs::remove_dir_all(&self.folder);
        if self.owns_table {
            // The table is in memory only.
            let _ = DYNAMODB.delete_table(&self.table);
        }
    }
}
