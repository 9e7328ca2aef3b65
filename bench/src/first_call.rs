//! The second table: the start of a new instance and its first call, over TLS.

use std::{fs, path::Path};

use local::{Error, gateway::Request, lambda::Instance};

use crate::{
    calls::{call, create_key, open_call},
    deployment::Deployment,
    process::cpu,
    statistics::{millis, percentile},
    tls_table::TlsTable,
};

/// New processes of each row, in turn.
const STARTS: usize = 30;

struct Row {
    name: &'static str,
    function: &'static str,
    status: u16,
    call: fn(&str) -> Request,
}

const ROWS: [Row; 3] = [
    Row {
        name: "*floor: one `UpdateItem`*",
        function: "floor",
        status: 200,
        call: |_| open_call("GET", "/api/v1/health"),
    },
    Row {
        name: "a key alone (`DELETE`, no such id)",
        function: "api-keys-revoke",
        status: 404,
        call: |key| call("DELETE", "/api/v1/api-keys/none", key),
    },
    Row {
        name: "list, 1 key",
        function: "api-keys-list",
        status: 200,
        call: |key| call("GET", "/api/v1/api-keys", key),
    },
];

/// Milliseconds and CPU milliseconds of each process.
#[derive(Default)]
struct Samples {
    start: [Vec<f64>; 2],
    first: [Vec<f64>; 2],
    both: [Vec<f64>; 2],
}

/// The medians of [`Samples`].
struct Medians {
    start: [f64; 2],
    first: [f64; 2],
    both: [f64; 2],
}

pub(crate) async fn print(binaries: &Path) -> Result<(), Error> {
    let plain = Deployment::start(binaries).await?;
    let folder = binaries.with_file_name("first-call");
    fs::create_dir_all(&folder)?;
    let table = TlsTable::start(plain.table_address().to_owned()).await?;
    let authorities = table.authorities(&folder)?;
    for row in &ROWS {
        let binary = plain.binary(row.function);
        if row.function == "floor" {
            fs::copy(&binary, folder.join("floor"))?;
        } else {
            table.trusted_by(&binary, &folder)?;
        }
    }
    let creates = plain.function("api-keys-create").await?;
    let token = plain.token("acc_first");
    let key = plain.call(&creates, &create_key(&token), 201).await?;
    let key = key.text("key");
    let over_tls = plain.over_tls(&folder, table.url(), &authorities);

    let mut samples = ROWS.each_ref().map(|_| Samples::default());
    // The first round opens the key's window, and is not counted.
    for round in 0..=STARTS {
        for (row, samples) in ROWS.iter().zip(&mut samples) {
            let measured = measure(&over_tls, row, &key).await?;
            if round > 0 {
                samples.add(measured);
            }
        }
    }

    println!(
        "| | start, ms | CPU | first, ms | CPU | both, ms | CPU | × floor, first | × floor, both |\n\
        |---|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    let medians = samples.each_mut().map(Samples::medians);
    for (row, figures) in ROWS.iter().zip(&medians) {
        figures.print(row.name, &medians[0]);
    }
    Ok(())
}

/// The milliseconds of the start and of the first call, and those of CPU.
async fn measure(deployment: &Deployment, row: &Row, key: &str) -> Result<[[f64; 2]; 2], Error> {
    let instance: Instance = deployment.function(row.function).await?;
    let start = instance.start_took().await.ok_or("it did not start")?;
    let start_cpu = cpu(&instance)?;
    let answer = deployment
        .call(&instance, &(row.call)(key), row.status)
        .await?;
    let first_cpu = cpu(&instance)? - start_cpu;
    Ok([[millis(start), start_cpu], [answer.took, first_cpu]])
}

impl Samples {
    fn add(&mut self, [start, first]: [[f64; 2]; 2]) {
        for kind in 0..2 {
            self.start[kind].push(start[kind]);
            self.first[kind].push(first[kind]);
            self.both[kind].push(start[kind] + first[kind]);
        }
    }

    fn medians(&mut self) -> Medians {
        let medians = |of: &mut [Vec<f64>; 2]| of.each_mut().map(|values| percentile(values, 50));
        Medians {
            start: medians(&mut self.start),
            first: medians(&mut self.first),
            both: medians(&mut self.both),
        }
    }
}

impl Medians {
    fn print(&self, name: &str, floor: &Self) {
        let Self { start, first, both } = self;
        println!(
            "| {name} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} |",
            start[0],
            start[1],
            first[0],
            first[1],
            both[0],
            both[1],
            first[0] / floor.first[0],
            both[0] / floor.both[0],
        );
    }
}
