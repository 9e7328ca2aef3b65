//! The processes that the scenarios need: `make run` with its own ports and data, and a chromedriver.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    signal::unix::{SignalKind, signal},
    sync::{Mutex, OnceCell},
    time::timeout,
};

use crate::AT_ONCE;

/// How long the API may take to start. The functions are built already.
const START_TIMEOUT: Duration = Duration::from_mins(3);

/// The support link that the pages show.
pub const SUPPORT: &str = "mailto:help@suppuo.example";

/// How long a process may take to terminate.
const END_TIMEOUT: Duration = Duration::from_secs(20);

/// The programs that must be installed.
#[derive(Debug)]
pub struct Tools {
    pub chromium: PathBuf,
    chromedriver: PathBuf,
    cargo_lambda: PathBuf,
    local: PathBuf,
    /// The text of axe-core's script.
    pub axe: String,
}

impl Tools {
    /// # Errors
    /// Says which program is missing.
    pub fn find() -> Result<Self, String> {
        let tools = project().join(".tools");
        let on_path = |program: &str| {
            let path = env::var_os("PATH").unwrap_or_default();
            env::split_paths(&path)
                .map(|folder| folder.join(program))
                .find(|file| file.is_file())
        };
        let debian = |program, package| {
            on_path(program).ok_or(format!("{program} is missing (Debian's package {package})"))
        };
        let by_make = |file: PathBuf| {
            let there = file.is_file();
            there.then_some(file.clone()).ok_or(format!(
                "{} is missing (`make test` makes it)",
                file.display()
            ))
        };
        let chromium = debian("chromium", "chromium")?;
        let chromedriver = debian("chromedriver", "chromium-driver")?;
        let cargo_lambda = match env::var_os("CARGO_LAMBDA") {
            Some(given) => by_make(project().join(given))?,
            None => match on_path("cargo-lambda") {
                Some(found) => found,
                None => by_make(tools.join("bin/cargo-lambda"))?,
            },
        };
        let axe = tools.join("axe/node_modules/axe-core/axe.min.js");
        if !axe.is_file() {
            return Err("axe-core is missing (`make axe` installs it with npm)".to_owned());
        }
        Ok(Self {
            chromium,
            chromedriver,
            cargo_lambda,
            local: by_make(target().join("debug/local"))?,
            axe: fs::read_to_string(axe).map_err(|error| error.to_string())?,
        })
    }
}

fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Cargo's target folder: this test binary lies in `debug/deps` there.
pub fn target() -> PathBuf {
    let here = env::current_exe().unwrap();
    here.ancestors().nth(3).unwrap().to_owned()
}

/// Starts the processes when the first scenario needs them.
pub struct Environment {
    pub tools: Tools,
    services: OnceCell<Result<Arc<Services>, String>>,
}

/// The running processes and their addresses.
pub struct Services {
    /// The base URL of the API and the portal.
    pub api: String,
    /// The base URL of the local issuer.
    pub issuer: String,
    /// The URL of the embedded DynamoDB.
    pub dynamodb: String,
    /// The URL of chromedriver.
    pub driver: String,
    /// The data of the API and the browsers' profiles.
    folder: PathBuf,
    processes: Mutex<Vec<Child>>,
}

impl Environment {
    pub fn new(tools: Tools) -> Self {
        Self {
            tools,
            services: OnceCell::new(),
        }
    }

    /// The running processes. If they could not be started, every scenario fails; there is no second attempt.
    pub async fn services(&self) -> &Services {
        let services = self
            .services
            .get_or_init(|| Services::start(&self.tools))
            .await;
        services.as_ref().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Ends the processes and deletes their data.
    ///
    /// # Errors
    /// Says that a process did not terminate in time.
    pub async fn end(&self) -> Result<(), String> {
        match self.services.get() {
            Some(Ok(services)) => services.end().await,
            _ => Ok(()),
        }
    }
}

impl Services {
    async fn start(tools: &Tools) -> Result<Arc<Self>, String> {
        let mut processes = Vec::new();
        let services = Self::start_all(tools, &mut processes).await;
        match services {
            Ok(services) => {
                *services.processes.lock().await = processes;
                let services = Arc::new(services);
                tokio::spawn(end_on_a_signal(Arc::clone(&services)));
                Ok(services)
            }
            Err(error) => {
                end_all(processes).await?;
                Err(error)
            }
        }
    }

    async fn start_all(tools: &Tools, processes: &mut Vec<Child>) -> Result<Self, String> {
        let [api, issuer, dynamodb, lambda] = free_ports().map_err(|error| error.to_string())?;
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        // Not below the project, because the browser creates a socket in it, whose path must be short.
        let folder = env::temp_dir().join(format!("suppuo-browser-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mut command = Command::new(&tools.local);
        command
            .arg("run")
            .current_dir(project())
            .env("CARGO_LAMBDA", &tools.cargo_lambda)
            .env("DATA", &folder)
            .env("SUPPORT_URL", SUPPORT)
            // Each scenario at once needs an instance of each function.
            .env("CONCURRENCY", AT_ONCE.to_string());
        for (name, port) in [
            ("API_PORT", api),
            ("ISSUER_PORT", issuer),
            ("DYNAMODB_PORT", dynamodb),
            ("LAMBDA_PORT", lambda),
        ] {
            command.env(name, port.to_string());
        }
        // Cargo's variables for its tests must not reach the Cargo that runs the functions.
        for (name, _) in env::vars_os() {
            let told = name.to_string_lossy();
            let of_cargo = [
                "CARGO_PKG_",
                "CARGO_MANIFEST_",
                "CARGO_BIN_",
                "CARGO_CRATE_",
            ];
            if of_cargo.iter().any(|of_cargo| told.starts_with(of_cargo)) {
                command.env_remove(&name);
            }
        }
        let output = start(&mut command, processes)?;
        let log = folder.join("api.log");
        await_line(output, "Ctrl-C ends it")
            .await
            .map_err(|error| format!("the API did not start; see {}: {error}", log.display()))?;

        let mut command = Command::new(&tools.chromedriver);
        command.arg("--port=0").env("TMPDIR", &folder);
        let output = start(&mut command, processes)?;
        let started = await_line(output, "started successfully on port ").await?;
        let port = started.rsplit(' ').next().unwrap_or_default();
        Ok(Self {
            api: url(api),
            issuer: url(issuer),
            dynamodb: url(dynamodb),
            driver: format!("http://127.0.0.1:{}", port.trim_end_matches('.')),
            folder,
            processes: Mutex::default(),
        })
    }

    async fn end(&self) -> Result<(), String> {
        // A second caller waits here until the first one has ended the processes.
        let mut processes = self.processes.lock().await;
        if processes.is_empty() {
            return Ok(());
        }
        // At this request, chromedriver also ends browsers that are still running.
        let told = reqwest::get(format!("{}/shutdown", self.driver));
        let _ = timeout(END_TIMEOUT, told).await;
        end_all(std::mem::take(&mut *processes)).await?;
        // A browser may still write while it exits. What remains is in the system's temporary folder.
        let _ = fs::remove_dir_all(&self.folder);
        Ok(())
    }
}

fn free_ports() -> std::io::Result<[u16; 4]> {
    let any = || TcpListener::bind("127.0.0.1:0");
    // All are bound at once, so that no two are the same.
    let listeners = [any()?, any()?, any()?, any()?];
    let mut ports = [0; 4];
    for (port, listener) in ports.iter_mut().zip(listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

fn start(command: &mut Command, processes: &mut Vec<Child>) -> Result<ChildStdout, String> {
    let program = command.as_std().get_program().to_owned();
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| format!("{}: {error}", program.display()))?;
    let output = child.stdout.take();
    processes.push(child);
    output.ok_or("there is no output".to_owned())
}

/// Terminates the processes, the last one first, and waits for each.
async fn end_all(processes: Vec<Child>) -> Result<(), String> {
    for mut process in processes.into_iter().rev() {
        terminate(process.id());
        if timeout(END_TIMEOUT, process.wait()).await.is_err() {
            let _ = process.kill().await;
            return Err("a process did not end in order".to_owned());
        }
    }
    Ok(())
}

/// Waits for a line that contains this text. Later lines are read as well, so that the pipe never fills up.
async fn await_line(output: ChildStdout, with: &str) -> Result<String, String> {
    let mut lines = BufReader::new(output).lines();
    let found = async {
        let mut before = Vec::new();
        while let Ok(Some(line)) = lines.next_line().await {
            if line.contains(with) {
                return Ok(line);
            }
            before.push(line);
        }
        Err(before.join("\n"))
    };
    let found = timeout(START_TIMEOUT, found).await;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    found.unwrap_or_else(|_| Err(format!("no `{with}` in time")))
}

fn terminate(process: Option<u32>) {
    let id = process.and_then(|id| i32::try_from(id).ok());
    if let Some(id) = id.and_then(Pid::from_raw) {
        // The process may have exited meanwhile.
        let _ = kill_process(id, Signal::TERM);
    }
}

/// Ends the processes when a signal ends the test run.
async fn end_on_a_signal(services: Arc<Services>) {
    let listen = |kind| signal(kind).expect("signals can be listened for");
    let mut interrupt = listen(SignalKind::interrupt());
    let mut terminated = listen(SignalKind::terminate());
    let mut hangup = listen(SignalKind::hangup());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminated.recv() => {}
        _ = hangup.recv() => {}
    }
    if let Err(error) = services.end().await {
        eprintln!("error: {error}");
    }
    std::process::exit(1)
}
