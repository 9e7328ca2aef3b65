//! The API under test: built functions behind a gateway, a table and an issuer of its own for each test.

pub mod issuer;
pub mod reference;
pub mod resources;
pub mod response;
pub mod sign_in;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use local::{
    dynamodb::DynamoDb,
    gateway,
    lambda::{self, Instance},
    proxy::{Fault, Faults, Operation, Proxy},
    secrets,
    template::{Route, Template},
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use self::{issuer::TestIssuer, reference::REFERENCE, response::Response};

/// The folder of the project.
pub fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The template of the project.
pub static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::read(project()).unwrap());

/// The routes of the template.
pub static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| TEMPLATE.routes().unwrap());

/// One DynamoDB for all tests; each has a table of its own in it.
static DYNAMODB: LazyLock<DynamoDb> = LazyLock::new(|| DynamoDb::start(None, 0).unwrap());

static APPS: AtomicUsize = AtomicUsize::new(0);

/// The binary of a function. They lie beside each other; Cargo says where one of them is.
pub fn binary(function: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_health")).with_file_name(function)
}

/// A running API.
pub struct App {
    /// Signs the tokens that the API believes.
    pub issuer: TestIssuer,
    table: String,
    /// Whether the table ends with this app, because no other one made it.
    owns_table: bool,
    proxy: Proxy,
    secrets: Proxy,
    environment: Vec<(String, String)>,
    timeout: Duration,
    functions: BTreeMap<String, Vec<OnceCell<Instance>>>,
    turn: AtomicUsize,
    calls: AtomicUsize,
    folder: PathBuf,
}

/// How an [`App`] is to be.
pub struct Builder {
    /// The table, where it is another app's.
    table: Option<String>,
    /// Settings that come before all others.
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

    /// A variable of the functions' environment.
    pub fn setting(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// How many calls a minute a caller may make.
    pub fn caller_limit(self, limit: u32) -> Self {
        self.setting("CALLER_LIMIT", limit)
    }

    /// What happens to the calls of DynamoDB.
    pub fn faults(mut self, faults: impl Fn(&Operation) -> Fault + Send + Sync + 'static) -> Self {
        self.faults = Box::new(faults);
        self
    }

    /// How long Lambda gives a function.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Makes the table and the issuer. Functions start when they are first called.
    pub async fn start(self) -> App {
        let number = APPS.fetch_add(1, Relaxed);
        let owns_table = self.table.is_none();
        let table = self.table.unwrap_or_else(|| format!("table-{number}"));
        DYNAMODB.create_table(&TEMPLATE, &table).unwrap();
        let proxy = Proxy::start(DYNAMODB.url(), Duration::ZERO, self.faults)
            .await
            .unwrap();
        let issuer = TestIssuer::start().await;
        let secrets_manager = format!("{}{}", issuer.name(), secrets::PATH);
        let secrets = Proxy::start(&secrets_manager, Duration::ZERO, Box::new(|_| Fault::None))
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
            ("TABLE_NAME", &table),
            ("SIGNING_SECRET", secrets::SIGNING_SECRET),
            ("HUUDIS_CLIENT_SECRET", secrets::CLIENT_SECRET),
            ("HUUDIS_ISSUER", issuer.name()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        environment.extend(self.base);
        environment.extend(self.settings);
        let functions = ROUTES.iter().map(|route| {
            (
                route.function.clone(),
                (0..self.instances).map(|_| OnceCell::new()).collect(),
            )
        });
        App {
            issuer,
            table,
            owns_table,
            proxy,
            secrets,
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
    /// One instance of each function, the deployment's defaults, and nothing fails.
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

    /// Another deployment on the same table, which believes the same issuer and has the same secret.
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

    /// A call, to be described and sent.
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

    /// A token of a person in a workspace.
    pub fn token(&self, workspace: &str) -> String {
        self.issuer
            .token(&json!({ "sub": "usr_1", "accountId": workspace }))
    }

    /// A new key of a workspace: its id and the key.
    pub async fn new_key(&self, workspace: &str) -> (String, String) {
        self.new_key_of(workspace, "usr_1").await
    }

    /// The same, created by this person.
    pub async fn new_key_of(&self, workspace: &str, sub: &str) -> (String, String) {
        let token = self
            .issuer
            .token(&json!({ "sub": sub, "accountId": workspace }));
        let created = self.create("test").bearer(&token).await_status(201).await;
        let text = |name: &str| created.data()[name].as_str().unwrap().to_owned();
        (text("id"), text("key"))
    }

    /// Hands an event to a function and reads the answer.
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

    async fn instance(&self, function: &str, number: usize) -> &Instance {
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

    /// Steps the clocks of all functions' instances of this number, by milliseconds against the truth.
    pub fn step_clock(&self, instance: usize, millis: i64) {
        // Renamed into place: an instance never reads half a number.
        let file = self.folder.join(format!("clock-{instance}-new"));
        fs::write(&file, millis.to_string()).unwrap();
        fs::rename(file, self.clock(instance)).unwrap();
    }

    /// How many events the functions were handed.
    pub fn calls(&self) -> usize {
        self.calls.load(Relaxed)
    }

    /// The calls of DynamoDB since this was last asked.
    pub fn operations(&self) -> Vec<Operation> {
        self.proxy.take_operations()
    }

    /// The calls of Secrets Manager since this was last asked.
    pub fn secret_operations(&self) -> Vec<Operation> {
        self.secrets.take_operations()
    }

    /// Everything in the table.
    pub fn items(&self) -> Vec<Value> {
        DYNAMODB.items(&self.table).unwrap()
    }

    /// Puts items into the table, past the API: more than could be created there.
    pub fn put_all(&self, items: Vec<Value>) {
        DYNAMODB.put_all(&self.table, items).unwrap();
    }

    /// All lines that the functions have logged.
    pub fn log(&self) -> Vec<String> {
        let instances = self.functions.values().flatten().filter_map(OnceCell::get);
        instances.flat_map(Instance::log).collect()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // What is left lies under target/.
        let _ = fs::remove_dir_all(&self.folder);
        if self.owns_table {
            // What is left lies in memory.
            let _ = DYNAMODB.delete_table(&self.table);
        }
    }
}

/// A call being described.
#[derive(Clone)]
pub struct Call<'a> {
    app: &'a App,
    request: gateway::Request,
    instance: Option<usize>,
}

impl Call<'_> {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request
            .headers
            .push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `Authorization: Bearer`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Adds a query string.
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.request.query);
        self
    }

    /// Comes from this address.
    pub fn from(mut self, source_ip: &str) -> Self {
        source_ip.clone_into(&mut self.request.source_ip);
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: &str) -> Self {
        self.request.body = Some(body.to_owned());
        self
    }

    /// Sets the body to JSON.
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(&body.to_string())
    }

    /// Has the instance of this number answer.
    pub fn on(mut self, instance: usize) -> Self {
        self.instance = Some(instance);
        self
    }

    /// What its route finds in its path.
    pub fn path_parameters(&self) -> Value {
        let (_, event) = self.request.routed(&ROUTES).unwrap();
        event["pathParameters"].clone()
    }

    /// Sends it.
    pub async fn send(self) -> Response {
        let (route, event) = self.request.routed(&ROUTES).unwrap();
        match self.instance {
            Some(number) => {
                self.app
                    .invoke_instance(&route.function, number, &event)
                    .await
            }
            None => self.app.invoke(&route.function, &event).await,
        }
    }

    /// Sends it and expects this status.
    pub async fn await_status(self, status: u16) -> Response {
        let response = self.send().await;
        assert_eq!(response.status, status, "{response:?}");
        response
    }
}
