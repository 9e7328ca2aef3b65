//! What a request costs: calls of DynamoDB and the capacity they took, for the request's log line.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Counts for one request. Units are kept in tenths: they come in halves.
#[derive(Debug, Default)]
pub(crate) struct CapacityMeter {
    calls: AtomicU32,
    read_tenths: AtomicU32,
    write_tenths: AtomicU32,
}

impl CapacityMeter {
    /// Counts one call, whatever comes of it. Retries inside the SDK are part of it.
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

    /// A write whose condition failed: the service charges for it, but its answer does not say so. It is `units`, but
    /// for messages of more than 1 KB.
    pub(crate) fn failed_write(&self, units: u32) {
        self.write_tenths.fetch_add(units * 10, Relaxed);
    }

    /// Calls, read units and write units so far.
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
