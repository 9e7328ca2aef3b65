//! What the scenarios are played on: `make run` on ports and with data of its own, and a chromedriver.

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

/// How long the API may take to answer after it was started. The functions are built by then.
const START_TIMEOUT: Duration = Duration::from_mins(3);

/// Where people can write to about what failed.
pub const SUPPORT: &str = "mailto:help@suppuo.example";

/// How long a process may take to end in order.
const END_TIMEOUT: Duration = Duration::from_secs(20);

/// What has to be installed.
#[derive(Debug)]
pub struct Equipment {
    /// The browser.
    pub chromium: PathBuf,
    chromedriver: PathBuf,
    cargo_lambda: PathBuf,
    local: PathBuf,
    /// The script of axe-core.
    pub axe: String,
}

impl Equipment {
    /// Finds it, or says what is missing.
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

/// The folder of the project.
fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Where Cargo puts what it builds: this runs from `debug/deps` there.
pub fn target() -> PathBuf {
    let here = env::current_exe().unwrap();
    here.ancestors().nth(3).unwrap().to_owned()
}

/// The stage, which is set when the first scenario needs it.
pub struct Stage {
    /// What it is made of.
    pub equipment: Equipment,
    set: OnceCell<Result<Arc<Set>, String>>,
}

/// What is set, and where it answers.
pub struct Set {
    /// The API and the portal.
    pub api: String,
    /// The stand-in for Huudis.
    pub issuer: String,
    /// The table.
    pub dynamodb: String,
    /// WebDriver.
    pub driver: String,
    /// The data of the API, and what the browsers keep.
    folder: PathBuf,
    processes: Mutex<Vec<Child>>,
}

impl Stage {
    /// Nothing is started yet.
    pub fn new(equipment: Equipment) -> Self {
        Self {
            equipment,
            set: OnceCell::new(),
        }
    }

    /// What is started by now; nobody gets another try.
    pub async fn set(&self) -> &Set {
        let set = self.set.get_or_init(|| Set::start(&self.equipment)).await;
        set.as_ref().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Ends what was started, and forgets its data.
    pub async fn end(&self) -> Result<(), String> {
        match self.set.get() {
            Some(Ok(set)) => set.end().await,
            _ => Ok(()),
        }
    }
}

impl Set {
    async fn start(equipment: &Equipment) -> Result<Arc<Self>, String> {
        let mut processes = Vec::new();
        let set = Self::start_all(equipment, &mut processes).await;
        match set {
            Ok(set) => {
                *set.processes.lock().await = processes;
                let set = Arc::new(set);
                tokio::spawn(end_on_a_signal(Arc::clone(&set)));
                Ok(set)
            }
            Err(error) => {
                end_all(processes).await?;
                Err(error)
            }
        }
    }

    async fn start_all(equipment: &Equipment, processes: &mut Vec<Child>) -> Result<Self, String> {
        let [api, issuer, dynamodb, lambda] = free_ports().map_err(|error| error.to_string())?;
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        // Not below the project: the path of a socket that the browser makes in it must not be long.
        let folder = env::temp_dir().join(format!("suppuo-browser-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mut command = Command::new(&equipment.local);
        command
            .arg("run")
            .current_dir(project())
            .env("CARGO_LAMBDA", &equipment.cargo_lambda)
            .env("DATA", &folder)
            .env("SUPPORT_URL", SUPPORT)
            // As many instances of each function are started as scenarios are played at once.
            .env("CONCURRENCY", AT_ONCE.to_string());
        for (name, port) in [
            ("API_PORT", api),
            ("ISSUER_PORT", issuer),
            ("DYNAMODB_PORT", dynamodb),
            ("LAMBDA_PORT", lambda),
        ] {
            command.env(name, port.to_string());
        }
        // What Cargo tells its tests would be told to the Cargo that runs the functions.
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

        let mut command = Command::new(&equipment.chromedriver);
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
        // Who comes second waits until it is done.
        let mut processes = self.processes.lock().await;
        if processes.is_empty() {
            return Ok(());
        }
        // Chromedriver ends the browsers that are still there, if it is told in this way.
        let told = reqwest::get(format!("{}/shutdown", self.driver));
        let _ = timeout(END_TIMEOUT, told).await;
        end_all(std::mem::take(&mut *processes)).await?;
        // A browser that was ended may have written something last: what is left lies in the system's own folder.
        let _ = fs::remove_dir_all(&self.folder);
        Ok(())
    }
}

fn free_ports() -> std::io::Result<[u16; 4]> {
    let any = || TcpListener::bind("127.0.0.1:0");
    // All at once, so that no two are the same.
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

/// Ends the last one that was started first, each in order.
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

/// Waits for a line with this in it. What follows is read, too: nobody shall wait for room in the pipe.
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
        // It may have ended in between.
        let _ = kill_process(id, Signal::TERM);
    }
}

/// Who is told to end ends what it has started.
async fn end_on_a_signal(set: Arc<Set>) {
    let listen = |kind| signal(kind).expect("signals can be listened for");
    let mut interrupt = listen(SignalKind::interrupt());
    let mut terminated = listen(SignalKind::terminate());
    let mut hangup = listen(SignalKind::hangup());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminated.recv() => {}
        _ = hangup.recv() => {}
    }
    if let Err(error) = set.end().await {
        eprintln!("error: {error}");
    }
    std::process::exit(1)
}
