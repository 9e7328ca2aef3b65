//! The benchmark. It prints five tables, or only the one that is named: the cost of a call of each endpoint beside the
//! floor, the first call of a new instance over TLS, the cost of calls in a growing workspace, the cost of the worst
//! bodies, and how webhooks are delivered.
//!
//! The functions are release builds, driven over the Runtime API; webhooks need a profile of their own. The table is
//! the embedded DynamoDB, behind a proxy that adds 3 ms to each request and counts it. A ratio compares the medians of
//! alternating calls, so that a machine that slows down slows both. CPU is the time that the kernel reports for the
//! process.

mod bodies;
mod calls;
mod contents;
mod deployment;
mod figures;
mod first_call;
mod growth;
mod process;
mod receiver;
mod rows;
mod sign_in;
mod statistics;
mod tls_table;
mod webhooks;

use std::{env, path::Path};

use local::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    const USAGE: &str =
        "usage: bench BINARIES [rows [PART OF A NAME] | first | growth | bodies | webhooks]";
    let mut arguments = env::args().skip(1);
    let binaries = arguments.next().ok_or(USAGE)?;
    let binaries = Path::new(&binaries);
    match arguments.next().as_deref() {
        Some("rows") => rows::print(binaries, &arguments.next().unwrap_or_default()).await,
        Some("first") => first_call::print(binaries).await,
        Some("growth") => growth::print(binaries).await,
        Some("bodies") => bodies::print(binaries).await,
        Some("webhooks") => webhooks::print(binaries).await,
        Some(_) => Err(USAGE.into()),
        None => {
            rows::print(binaries, "").await?;
            println!();
            first_call::print(binaries).await?;
            println!();
            growth::print(binaries).await?;
            println!();
            bodies::print(binaries).await?;
            println!();
            webhooks::print(binaries).await
        }
    }
}
