//! The process of `cargo lambda watch`, which emulates Lambda.

use std::{env, fs::File, path::PathBuf, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use crate::Error;

/// How long the process may take to end after a signal, before the next one.
const END_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct Emulator(Child);

impl Emulator {
    /// Starts it without its own processes of the functions; see [`crate::functions`].
    pub(super) fn start(port: u16, output: &File) -> Result<Self, Error> {
        let cargo_lambda =
            env::var_os("CARGO_LAMBDA").map_or_else(|| "cargo-lambda".into(), PathBuf::from);
        let mut command = Command::new(&cargo_lambda);
        command
            .args([
                "lambda",
                "watch",
                "--only-lambda-apis",
                "--ignore-changes",
                "--disable-cors",
            ])
            .args([
                "--invoke-address",
                "127.0.0.1",
                "--invoke-port",
                &port.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            // Ctrl-C in a terminal signals the whole process group. In a group of its own, only `end` ends this one.
            .process_group(0)
            .kill_on_drop(true);
        let process = command
            .spawn()
            .map_err(|error| format!("{}: {error}", cargo_lambda.display()))?;
        Ok(Self(process))
    }

    /// Waits until the process ends without `end`.
    pub(super) async fn unexpected_end(&mut self) -> Error {
        match self.0.wait().await {
            Ok(status) => format!("cargo lambda watch ended: {status}").into(),
            Err(error) => error.into(),
        }
    }

    /// Ends the process and those that it started.
    pub(super) async fn end(mut self) -> Result<(), Error> {
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        let Some(group) = id.and_then(Pid::from_raw) else {
            return Ok(());
        };
        for signal in [Signal::INT, Signal::KILL] {
            // The process may have ended in between.
            let _ = kill_process_group(group, signal);
            let ended = tokio::time::timeout(END_TIMEOUT, self.0.wait()).await;
            if ended.is_ok() {
                return Ok(());
            }
        }
        Err("cargo lambda watch could not be ended".into())
    }
}
