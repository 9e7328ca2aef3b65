//! Counts a request's calls of DynamoDB and their capacity units, for the request's log line.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Units are kept in tenths, because DynamoDB also charges half units.
#[derive(Debug, Default)]
pub(crate) struct CapacityMeter {
    calls: AtomicU32,
    read_tenths: AtomicU32,
    write_tenths: AtomicU32,
}

impl CapacityMeter {
    /// Counts one call, whatever its result. Retries inside the SDK do not count separately.
    pub(crate) fn call<T>(&self, call: T) -> T {
        self.calls.fetch_add(1, Relaxed);
        call
    }

    pub(crate) fn read<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.read_tenths.fetch_add(tenths(consumed), Relaxed);
    }

    pub(crate) fn write<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.write_tenths.fetch_add(tenths(consumed), Relaxed);
    }

    /// Counts a write whose condition failed. The service charges for it, but its response does not say how much.
    /// `units` is right for items up to 1 KB.
    pub(crate) fn failed_write(&self, units: u32) {
        self.write_tenths.fetch_add(units * 10, Relaxed);
    }

    /// Calls, read units and write units.
    pub(crate) fn total(&self) -> (u32, f64, f64) {
        let units = |tenths: &AtomicU32| f64::from(tenths.load(Relaxed)) / 10.0;
        (
            self.calls.load(Relaxed),
            units(&self.read_tenths),
            units(&self.write_tenths),
        )
    }
}

fn tenths<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> u32 {
    let units: f64 = consumed
        .into_iter()
        .filter_map(ConsumedCapacity::capacity_units)
        .sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few units, never negative"
    )]
    let tenths = (units * 10.0).round() as u32;
    tenths
}
