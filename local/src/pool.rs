//! The processes of one function that no client calls. Each call gets an idle process or a new one.

use std::{
    collections::HashMap,
    fs::File,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    Error,
    batch::Invoke,
    lambda::{Instance, locked},
};

/// The running processes, each with the access key that it signs its calls with.
#[derive(Clone, Default)]
pub struct Processes(Arc<Mutex<HashMap<String, u32>>>);

/// What [`Processes`] calls the first process of a function is `{function}.0`.
const BEFORE_NUMBER: char = '.';

impl Processes {
    /// Kills the process that signs its calls with this key.
    pub fn kill(&self, key: &str) {
        let id = locked(&self.0).remove(key);
        let id = id.and_then(|id| i32::try_from(id).ok());
        if let Some(process) = id.and_then(Pid::from_raw) {
            // It may have ended in between.
            let _ = kill_process(process, Signal::KILL);
        }
    }

    /// Kills all processes of a function.
    pub fn kill_all_of(&self, function: &str) {
        let running: Vec<_> = locked(&self.0).keys().cloned().collect();
        for key in running.iter().filter(|key| function_of(key) == function) {
            self.kill(key);
        }
    }
}

/// The function of a process that signs its calls with this key.
#[must_use]
pub fn function_of(key: &str) -> &str {
    key.rsplit_once(BEFORE_NUMBER)
        .map_or(key, |(function, _)| function)
}

pub struct Pool {
    pub function: String,
    pub binary: PathBuf,
    /// The processes' environment, without the variables that Lambda sets.
    pub environment: Vec<(String, String)>,
    pub timeout: Duration,
    /// Where the output of the processes goes. If there is none, it is kept: see [`Pool::lines`].
    pub log: Option<File>,
    pub processes: Processes,
    idle: Mutex<Vec<(String, Instance)>>,
    started: AtomicUsize,
    lines: Mutex<Vec<Arc<Mutex<Vec<String>>>>>,
}

impl Pool {
    #[must_use]
    pub fn new(function: String, binary: PathBuf, timeout: Duration) -> Self {
        Self {
            function,
            binary,
            environment: Vec::new(),
            timeout,
            log: None,
            processes: Processes::default(),
            idle: Mutex::default(),
            started: AtomicUsize::new(0),
            lines: Mutex::default(),
        }
    }

    /// How many processes were started.
    #[must_use]
    pub fn started(&self) -> usize {
        self.started.load(Relaxed)
    }

    /// The lines that all processes have logged, also those that have ended.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let all = locked(&self.lines);
        all.iter().flat_map(|one| locked(one).clone()).collect()
    }

    /// Waits until a process is ready, so that the first call does not wait for its start.
    pub async fn warm_up(&self) -> Result<(), Error> {
        let process = self.start().await?;
        if !process.1.starts().await {
            return Err(format!("{} does not start", self.function).into());
        }
        locked(&self.idle).push(process);
        Ok(())
    }

    async fn start(&self) -> Result<(String, Instance), Error> {
        let number = self.started.fetch_add(1, Relaxed);
        let key = format!("{}{BEFORE_NUMBER}{number}", self.function);
        let mut environment = self.environment.clone();
        environment.push(("AWS_ACCESS_KEY_ID".to_owned(), key.clone()));
        let instance = match &self.log {
            Some(log) => {
                Instance::start_logging(&self.binary, &environment, self.timeout, log).await?
            }
            None => Instance::start(&self.binary, &environment, self.timeout).await?,
        };
        locked(&self.lines).push(instance.lines());
        locked(&self.processes.0).insert(key.clone(), instance.id());
        Ok((key, instance))
    }

    /// The process that has been idle for the shortest time, or a new one.
    async fn process(&self) -> Result<(String, Instance), Error> {
        loop {
            let Some((key, instance)) = locked(&self.idle).pop() else {
                return self.start().await;
            };
            if instance.is_alive().await {
                return Ok((key, instance));
            }
            locked(&self.processes.0).remove(&key);
        }
    }
}

impl Invoke for Pool {
    async fn invoke(&self, event: Value) -> Result<Value, String> {
        let process = self.process().await.map_err(|error| error.to_string())?;
        match process.1.invoke(&event.to_string()).await {
            // An error that the function reports leaves its process as it is.
            Ok(answer) => {
                locked(&self.idle).push(process);
                answer.map_err(|error| error.to_string())
            }
            Err(error) => {
                locked(&self.processes.0).remove(&process.0);
                Err(error.to_string())
            }
        }
    }
}
