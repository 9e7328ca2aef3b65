//! The measurement of a row.

use std::{fs, io::Write as _, path::Path, time::Duration};

use flate2::{Compression, write::DeflateEncoder};
use local::{Error, gateway::Request, lambda::Instance, proxy::Operation};

use crate::{
    calls::call,
    contents::{CALLS, Contents},
    deployment::Deployment,
    process::{cpu, peak_memory},
    statistics::{as_f64, millis, percentile},
};

const STARTS: usize = 15;

/// What is measured: a function, and calls of it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) function: &'static str,
    /// What each call has to be answered with.
    pub(crate) status: u16,
    /// One call, by its number; it is made when it is needed.
    pub(crate) call: fn(&Contents, usize) -> Request,
    pub(crate) before: Before,
}

/// What happens before the calls of a row are measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Nothing,
    /// Another instance is called, and the tag of its answer is kept for the row's calls.
    Tag,
    /// The instance is called with each of [`Contents::passing`], and these are then revoked.
    Revocation,
    /// The instance is called with each of [`Contents::minutely`], and then a minute passes.
    Minute,
}

impl Row {
    pub(crate) const fn after(self, before: Before) -> Self {
        Self { before, ..self }
    }
}

/// The figures of one row.
#[derive(Default)]
pub(crate) struct Figures {
    start_wall: f64,
    start_cpu: f64,
    first: f64,
    pub(crate) p50: f64,
    p99: f64,
    pub(crate) cpu: f64,
    memory: f64,
    zipped: f64,
    requests: f64,
    units: f64,
    pub(crate) ratio: f64,
    pub(crate) cpu_ratio: f64,
}

impl Figures {
    pub(crate) const HEAD: &str = "| | start, ms | CPU | first, ms | p50 | p99 | CPU | peak MB | zipped MB \
        | requests | units | × floor | × CPU |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

    pub(crate) fn print(&self, name: &str) {
        println!(
            "| {name} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} | {:.1} | {:.2} | {:.0} | {:.1} | {} | {} |",
            self.start_wall,
            self.start_cpu,
            self.first,
            self.p50,
            self.p99,
            self.cpu,
            self.memory,
            self.zipped,
            self.requests,
            self.units,
            ratio(self.ratio),
            ratio(self.cpu_ratio),
        );
    }
}

fn ratio(ratio: f64) -> String {
    if ratio == 0.0 {
        "1".to_owned()
    } else {
        format!("{ratio:.2}")
    }
}

/// Measures the floor and a row with alternating calls.
pub(crate) async fn measure(
    deployment: &Deployment,
    contents: &Contents,
    row: &Row,
    floor: &Row,
) -> Result<(Figures, Figures), Error> {
    let mut figures = Figures {
        zipped: zipped(&deployment.binary(row.function))?,
        ..Figures::default()
    };
    (figures.start_wall, figures.start_cpu) = starts(deployment, row.function).await?;

    if row.before == Before::Tag {
        let other = deployment.function(row.function).await?;
        let whole = (row.call)(contents, 0);
        contents.keep_tag(deployment.call(&other, &whole, 200).await?.tag);
    }
    let calls = match row.name {
        "revoke" => contents.condemned.len() - 1,
        _ => CALLS,
    };
    let subject = deployment.function(row.function).await?;
    let beside = deployment.function(floor.function).await?;
    for instance in [&subject, &beside] {
        instance.start_took().await;
    }
    let timed = async |instance: &Instance, row: &Row, number| {
        let request = (row.call)(contents, number);
        let answer = deployment.call(instance, &request, row.status).await?;
        Ok::<_, Error>(answer.took)
    };
    let first = match row.before {
        // It is not revoked yet.
        Before::Revocation => {
            deployment
                .call(&subject, &(row.call)(contents, 0), 200)
                .await?
                .took
        }
        _ => timed(&subject, row, 0).await?,
    };
    figures.first = first;
    timed(&beside, floor, 0).await?;
    match row.before {
        Before::Nothing | Before::Tag => {}
        Before::Revocation => {
            let revoke = deployment.function("api-keys-revoke").await?;
            for (number, (manager, key)) in contents.passing.iter().enumerate() {
                let known = (row.call)(contents, number);
                deployment.call(&subject, &known, 200).await?;
                let path = format!("/api/v1/api-keys/{}", key.id);
                let revoked = call("DELETE", &path, manager);
                deployment.call(&revoke, &revoked, 200).await?;
            }
        }
        Before::Minute => {
            for number in 0..contents.minutely.len() {
                timed(&subject, row, number).await?;
            }
            tokio::time::sleep(Duration::from_secs(61)).await;
        }
    }
    drop(deployment.take_operations());

    let (mut own, mut floors) = (Vec::new(), Vec::new());
    let (mut requests, mut units) = (Vec::new(), Vec::new());
    let (own_cpu, floor_cpu) = (cpu(&subject)?, cpu(&beside)?);
    for number in 1..=calls {
        floors.push(timed(&beside, floor, number).await?);
        drop(deployment.take_operations());
        own.push(timed(&subject, row, number).await?);
        let operations = deployment.take_operations();
        requests.push(as_f64(operations.len()));
        // Not `sum`, which is -0 where there is nothing.
        units.push(operations.iter().map(charged).fold(0.0, std::ops::Add::add));
    }
    let each = |total: f64| total / as_f64(calls);
    figures.cpu = each(cpu(&subject)? - own_cpu);
    // Medians, so that windows that roll over during some of the calls do not count.
    (figures.requests, figures.units) = (percentile(&mut requests, 50), percentile(&mut units, 50));
    figures.memory = peak_memory(&subject)?;
    (figures.p50, figures.p99) = (percentile(&mut own, 50), percentile(&mut own, 99));
    let floor = Figures {
        p50: percentile(&mut floors, 50),
        cpu: each(cpu(&beside)? - floor_cpu),
        ..Figures::default()
    };
    Ok((floor, figures))
}

/// The medians of the time until a new process asks for an event, and of the CPU that it uses until then.
async fn starts(deployment: &Deployment, function: &str) -> Result<(f64, f64), Error> {
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let instance = deployment.function(function).await?;
        let took = instance.start_took().await.ok_or("it did not start")?;
        walls.push(millis(took));
        cpus.push(cpu(&instance)?);
    }
    Ok((percentile(&mut walls, 50), percentile(&mut cpus, 50)))
}

/// The capacity units of a request. An update whose condition fails takes units for the item's size, which its error
/// does not report ("Working with items and attributes", DynamoDB developer guide): one, as the items that calls are
/// counted in are smaller than 1 KB.
fn charged(operation: &Operation) -> f64 {
    if operation.name == "UpdateItem" && operation.units == 0.0 {
        1.0
    } else {
        operation.units
    }
}

/// The size of the binary in a zip archive, in MB.
fn zipped(binary: &Path) -> Result<f64, Error> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&fs::read(binary)?)?;
    Ok(as_f64(encoder.finish()?.len()) / 1e6)
}
