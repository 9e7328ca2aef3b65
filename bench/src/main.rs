//! What a call costs: each endpoint's function and the floor, in turn, in one run. Then what calls cost in a
//! workspace that grows, and what the worst bodies cost. Prints three tables, or the one that is named.
//!
//! The functions are release builds, driven over the Runtime API; the table is the embedded DynamoDB, behind a
//! proxy that adds 3 ms to each call and counts. A ratio is that of the medians of calls made alternately, so
//! that a machine that slows down slows both. CPU is what the kernel has on account for the process.

mod bodies;
mod calls;
mod contents;
mod deployment;
mod figures;
mod growth;
mod process;
mod rows;
mod sign_in;
mod statistics;

use std::{env, path::Path};

use local::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    const USAGE: &str = "usage: bench BINARIES [rows | growth | bodies]";
    let mut arguments = env::args().skip(1);
    let binaries = arguments.next().ok_or(USAGE)?;
    let binaries = Path::new(&binaries);
    match arguments.next().as_deref() {
        Some("rows") => rows::print(binaries).await,
        Some("growth") => growth::print(binaries).await,
        Some("bodies") => bodies::print(binaries).await,
        Some(_) => Err(USAGE.into()),
        None => {
            rows::print(binaries).await?;
            println!();
            growth::print(binaries).await?;
            println!();
            bodies::print(binaries).await
        }
    }
}
