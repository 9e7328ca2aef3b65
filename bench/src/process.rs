//! What the kernel has on account for a function's process.

use std::fs;

use local::{Error, lambda::Instance};

/// CPU that all threads of the process have used, in ms ("schedstat" in the kernel's scheduler documentation).
pub(crate) fn cpu(instance: &Instance) -> Result<f64, Error> {
    let mut nanos = 0.0;
    for thread in fs::read_dir(format!("/proc/{}/task", instance.id()))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += stat.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanos / 1e6)
}

/// The most memory that the process had resident, in MB.
pub(crate) fn peak_memory(instance: &Instance) -> Result<f64, Error> {
    let status = fs::read_to_string(format!("/proc/{}/status", instance.id()))?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(peak.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0 / 1e6)
}
