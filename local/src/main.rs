//! `make run`, `make token`, and the issuer alone for `make rehearse`; see [`local::run`].

use std::{env, process::ExitCode};

use local::run;

#[tokio::main]
async fn main() -> ExitCode {
    let done = match env::args().nth(1).as_deref() {
        Some("run") => run::run().await,
        Some("token") => run::print_token().await,
        Some("issuer") => run::issuer().await,
        _ => Err("usage: local run | token | issuer".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
