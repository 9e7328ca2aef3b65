//! What a call costs: each endpoint's function and the floor, in turn, in one run. Then what calls cost in a
//! workspace that grows. Prints two tables.
//!
//! The functions are release builds, driven over the Runtime API; the table is the embedded DynamoDB, behind a
//! proxy that adds 3 ms to each call and counts. A ratio is that of the medians of calls made alternately, so
//! that a machine that slows down slows both. CPU is what the kernel has on account for the process.

mod calls;
mod contents;
mod deployment;
mod figures;
mod growth;
mod rows;
mod sign_in;

use std::{env, path::Path};

use local::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let binaries = env::args().nth(1).ok_or("usage: bench BINARIES")?;
    rows::print(Path::new(&binaries)).await?;
    println!();
    growth::print(Path::new(&binaries)).await
}
