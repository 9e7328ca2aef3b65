//! What a call costs: each endpoint's function and the floor, in turn, in one run. Prints a table.
//!
//! The functions are release builds, driven over the Runtime API; the table is the embedded DynamoDB, behind a
//! proxy that adds 3 ms to each call and counts. A ratio is that of the medians of calls made alternately, so
//! that a machine that slows down slows both. CPU is what the kernel has on account for the process.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use flate2::{Compression, write::DeflateEncoder};
use local::{
    Error,
    dynamodb::DynamoDb,
    gateway::Request,
    issuer::{Issuer, Key, TokenRequest},
    lambda::{self, Instance},
    proxy::{Fault, Proxy},
    secrets,
    template::{Route, Template},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const DELAY: Duration = Duration::from_millis(3);
const STARTS: usize = 15;
const CALLS: usize = 300;

/// One with a single key, four with room for 99 more each, four that are full.
const WORKSPACES: [(&str, usize); 9] = [
    ("acc_single", 1),
    ("acc_room0", 1),
    ("acc_room1", 1),
    ("acc_room2", 1),
    ("acc_room3", 1),
    ("acc_full0", 100),
    ("acc_full1", 100),
    ("acc_full2", 100),
    ("acc_full3", 100),
];

/// What is measured: a function, and calls of it.
struct Row {
    name: &'static str,
    function: &'static str,
    /// The event of one call; it is made when it is needed.
    call: fn(&Bench, usize) -> Request,
}

const ROWS: [Row; 8] = [
    Row {
        name: "a key alone (`DELETE`, no such id)",
        function: "api-keys-revoke",
        call: no_such_key,
    },
    Row {
        name: "create",
        function: "api-keys-create",
        call: create,
    },
    Row {
        name: "list, 1 key",
        function: "api-keys-list",
        call: list,
    },
    Row {
        name: "list, 100 keys",
        function: "api-keys-list",
        call: list_full,
    },
    Row {
        name: "list, with an access token",
        function: "api-keys-list",
        call: list_as_user,
    },
    Row {
        name: "revoke",
        function: "api-keys-revoke",
        call: revoke,
    },
    Row {
        name: "health",
        function: "health",
        call: health,
    },
    Row {
        name: "no such route",
        function: "not-found",
        call: no_such_route,
    },
];

/// Figures of one row.
#[derive(Default)]
struct Figures {
    start_wall: f64,
    start_cpu: f64,
    first: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
    memory: f64,
    zipped: f64,
    requests: f64,
    units: f64,
    ratio: f64,
    cpu_ratio: f64,
}

struct Bench {
    binaries: PathBuf,
    routes: Vec<Route>,
    proxy: Proxy,
    environment: Vec<(String, String)>,
    token: String,
    /// Each with the number of keys that it is to have, and a token for it.
    workspaces: [(&'static str, usize, String); WORKSPACES.len()],
    /// A key of a workspace that has no other.
    key: String,
    /// A key of a workspace that has a hundred.
    full: String,
    /// Keys of workspaces with room, to create with in turn.
    roomy: Vec<String>,
    /// The ids of keys to be revoked, each with a key to do it with.
    condemned: Vec<(String, String)>,
    _dynamodb: DynamoDb,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut bench = Bench::prepare(Path::new(
        &env::args().nth(1).ok_or("usage: bench BINARIES")?,
    ))
    .await?;
    bench.fill().await?;
    println!(
        "| | start, ms | CPU | first, ms | p50 | p99 | CPU | peak MB | zipped MB | requests | units | × floor | × CPU |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let (_, floor) = bench.measure("floor", None).await?;
    print_row("*floor: one `UpdateItem`*", &floor);
    for row in &ROWS {
        let (floor, mut figures) = bench.measure(row.function, Some(row)).await?;
        figures.ratio = figures.p50 / floor.p50;
        figures.cpu_ratio = figures.cpu / floor.cpu;
        print_row(row.name, &figures);
    }
    Ok(())
}

fn print_row(name: &str, f: &Figures) {
    println!(
        "| {name} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} | {:.1} | {:.2} | {:.0} | {:.1} | {} | {} |",
        f.start_wall,
        f.start_cpu,
        f.first,
        f.p50,
        f.p99,
        f.cpu,
        f.memory,
        f.zipped,
        f.requests,
        f.units,
        ratio(f.ratio),
        ratio(f.cpu_ratio),
    );
}

fn ratio(ratio: f64) -> String {
    if ratio == 0.0 {
        "1".to_owned()
    } else {
        format!("{ratio:.2}")
    }
}

impl Bench {
    async fn prepare(binaries: &Path) -> Result<Self, Error> {
        let template = Template::read(&env::current_dir()?)?;
        let dynamodb = DynamoDb::start(None, 0)?;
        dynamodb.create_table(&template, "bench")?;
        let proxy = Proxy::start(dynamodb.url(), DELAY, Box::new(|_| Fault::None)).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let name = format!("http://{}", listener.local_addr()?);
        let issuer = Issuer::new(name.clone(), Key::generate());
        let secrets_manager = name.clone() + secrets::PATH;
        let token = |(workspace, keys): (&'static str, usize)| {
            let token = issuer.token(TokenRequest {
                sub: "usr_bench".to_owned(),
                account_id: Some(workspace.to_owned()),
                aud: None,
                iss: None,
                expires_in: None,
            });
            (workspace, keys, token)
        };
        let workspaces = WORKSPACES.map(token);
        tokio::spawn(issuer.serve(listener, secrets::router(secrets::generate()?)));
        let environment = [
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_DYNAMODB", proxy.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets_manager),
            ("TABLE_NAME", "bench"),
            ("SIGNING_SECRET", secrets::SIGNING_SECRET),
            ("HUUDIS_ISSUER", &name),
            ("CALLER_LIMIT", "1000000"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Self {
            binaries: binaries.to_owned(),
            routes: template.routes()?,
            proxy,
            environment: environment.into(),
            token: workspaces[0].2.clone(),
            workspaces,
            key: String::new(),
            full: String::new(),
            roomy: Vec::new(),
            condemned: Vec::new(),
            _dynamodb: dynamodb,
        })
    }

    async fn start(&self, function: &str) -> Result<Instance, Error> {
        Instance::start(
            &self.binaries.join(function),
            &self.environment,
            lambda::TIMEOUT,
        )
        .await
    }

    /// Creates the keys that the calls need.
    async fn fill(&mut self) -> Result<(), Error> {
        let function = self.start("api-keys-create").await?;
        let mut made = Vec::new();
        for (workspace, keys, token) in &self.workspaces {
            for _ in 0..*keys {
                let created = self.invoke(&function, &create_with(token)).await?;
                let text = |name: &str| {
                    created["data"][name]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned()
                };
                made.push((*workspace, text("id"), text("key")));
            }
        }
        let first = |of: &str| {
            made.iter()
                .find(|(workspace, ..)| *workspace == of)
                .map(|(.., key)| key.clone())
        };
        self.key = first("acc_single").ok_or("no key")?;
        self.full = first("acc_full0").ok_or("no key")?;
        let room = made
            .iter()
            .filter(|(workspace, ..)| workspace.starts_with("acc_room"));
        self.roomy = room.map(|(.., key)| key.clone()).collect();
        for workspace in ["acc_full1", "acc_full2", "acc_full3"] {
            let caller = first(workspace).ok_or("no key")?;
            // Not the caller's own key, so that every call is made with one that stays.
            let others = made.iter().filter(|(of, ..)| *of == workspace).skip(1);
            self.condemned
                .extend(others.map(|(_, id, _)| (caller.clone(), id.clone())));
        }
        Ok(())
    }

    async fn invoke(&self, function: &Instance, request: &Request) -> Result<Value, Error> {
        let (_, event) = request.routed(&self.routes).ok_or("no route")?;
        let answer = function
            .invoke(&event.to_string())
            .await?
            .map_err(|error| error.to_string())?;
        Ok(serde_json::from_str(
            answer["body"].as_str().unwrap_or_default(),
        )?)
    }

    /// The figures of the floor and of a row, call by call in turn; of the floor alone without a row.
    async fn measure(
        &self,
        function: &str,
        row: Option<&Row>,
    ) -> Result<(Figures, Figures), Error> {
        let mut figures = Figures {
            zipped: zipped(&self.binaries.join(function))?,
            ..Figures::default()
        };
        let (mut walls, mut cpus) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let instance = self.start(function).await?;
            let took = instance.start_took().await.ok_or("it did not start")?;
            walls.push(millis(took));
            cpus.push(cpu(&instance)?);
        }
        (figures.start_wall, figures.start_cpu) =
            (percentile(&mut walls, 50), percentile(&mut cpus, 50));

        let request =
            |number| row.map_or_else(|| health(self, number), |row| (row.call)(self, number));
        let calls = match row.map(|row| row.name) {
            Some("revoke") => self.condemned.len() - 1,
            _ => CALLS,
        };
        let (subject, floor) = (self.start(function).await?, self.start("floor").await?);
        for instance in [&subject, &floor] {
            instance.start_took().await;
        }
        figures.first = self.timed(&subject, &request(0)).await?;
        self.timed(&floor, &health(self, 0)).await?;
        drop(self.proxy.take_operations());

        let (mut own, mut floors) = (Vec::new(), Vec::new());
        let (mut requests, mut units) = (0, 0.0);
        let (own_cpu, floor_cpu) = (cpu(&subject)?, cpu(&floor)?);
        for number in 1..=calls {
            floors.push(self.timed(&floor, &health(self, number)).await?);
            drop(self.proxy.take_operations());
            own.push(self.timed(&subject, &request(number)).await?);
            let operations = self.proxy.take_operations();
            requests += operations.len();
            units += operations
                .iter()
                .map(|operation| operation.units)
                .sum::<f64>();
        }
        let each = |total: f64| total / as_f64(calls);
        figures.cpu = each(cpu(&subject)? - own_cpu);
        figures.requests = each(as_f64(requests));
        figures.units = each(units);
        figures.memory = peak_memory(&subject)?;
        (figures.p50, figures.p99) = (percentile(&mut own, 50), percentile(&mut own, 99));
        let floor = Figures {
            p50: percentile(&mut floors, 50),
            cpu: each(cpu(&floor)? - floor_cpu),
            ..Figures::default()
        };
        Ok((floor, figures))
    }

    async fn timed(&self, function: &Instance, request: &Request) -> Result<f64, Error> {
        let (_, event) = request.routed(&self.routes).ok_or("no route")?;
        let event = event.to_string();
        let began = Instant::now();
        let answer = function
            .invoke(&event)
            .await?
            .map_err(|error| error.to_string())?;
        let took = millis(began.elapsed());
        match answer["statusCode"].as_u64() {
            Some(200 | 201 | 404) => Ok(took),
            _ => Err(format!("unexpected answer: {answer}").into()),
        }
    }
}

fn call(method: &str, path: &str, credential: &str) -> Request {
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {credential}"))],
        ..Request::default()
    }
}

fn create_with(credential: &str) -> Request {
    Request {
        body: Some(json!({ "name": "bench" }).to_string()),
        ..call("POST", "/api/v1/api-keys", credential)
    }
}

fn create(bench: &Bench, number: usize) -> Request {
    create_with(&bench.roomy[number % bench.roomy.len()])
}

fn list(bench: &Bench, _: usize) -> Request {
    call("GET", "/api/v1/api-keys", &bench.key)
}

fn list_full(bench: &Bench, _: usize) -> Request {
    call("GET", "/api/v1/api-keys", &bench.full)
}

fn list_as_user(bench: &Bench, _: usize) -> Request {
    call("GET", "/api/v1/api-keys", &bench.token)
}

fn revoke(bench: &Bench, number: usize) -> Request {
    let (caller, id) = &bench.condemned[number];
    call("DELETE", &format!("/api/v1/api-keys/{id}"), caller)
}

fn no_such_key(bench: &Bench, _: usize) -> Request {
    call("DELETE", "/api/v1/api-keys/none", &bench.key)
}

fn health(_: &Bench, _: usize) -> Request {
    Request {
        method: "GET".to_owned(),
        path: "/api/v1/health".to_owned(),
        ..Request::default()
    }
}

fn no_such_route(_: &Bench, _: usize) -> Request {
    Request {
        method: "GET".to_owned(),
        path: "/nowhere".to_owned(),
        ..Request::default()
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a benchmark are small"
)]
fn as_f64(count: usize) -> f64 {
    count as f64
}

fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() * percent / 100).min(values.len() - 1)]
}

/// CPU that all threads of the process have used, in ms ("schedstat" in the kernel's scheduler documentation).
fn cpu(instance: &Instance) -> Result<f64, Error> {
    let mut nanos = 0.0;
    for thread in fs::read_dir(format!("/proc/{}/task", instance.id()))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += stat.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanos / 1e6)
}

/// The most memory that the process had resident, in MB.
fn peak_memory(instance: &Instance) -> Result<f64, Error> {
    let status = fs::read_to_string(format!("/proc/{}/status", instance.id()))?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(peak.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0 / 1e6)
}

/// The size of the binary in a zip archive, in MB.
fn zipped(binary: &Path) -> Result<f64, Error> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&fs::read(binary)?)?;
    Ok(as_f64(encoder.finish()?.len()) / 1e6)
}
