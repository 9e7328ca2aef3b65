//! `make soak`: runs histories of every model (see `history.rs`) with new seeds, over networks with each fault and
//! with all faults together, until the time is up.
//!
//! | variable | |
//! |---|---|
//! | `MINUTES` | how long; 5, unless `HISTORIES` says how many |
//! | `HISTORIES` | how many at most |
//! | `SEED` | the first seed, by default a random one; the histories after it have the seeds after it |
//! | `MODEL` | `keys` (and sessions), `lives` (of keys) or `tickets`; by default one after another |
//! | `FAULT` | `none`, `throttle`, `fail`, `conflict`, `lost`, `late` or `all`; by default one after another |
//!
//! It prints a summary for each kind. When a history fails, it prints what happened and how to run it again, continues
//! with the others, and fails at the end. Histories that are cut off when the time is up are not counted.

use std::{
    env,
    fmt::Write,
    panic::AssertUnwindSafe,
    str::FromStr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::join_all};

use crate::history::{Model, Network, Tally, again, history};

/// Which histories to run.
struct Plan {
    /// The kinds take turns, so that each gets the same number of histories.
    kinds: Vec<(Model, Network)>,
    seed: u64,
    histories: usize,
    until: Option<Instant>,
}

/// The results of the histories.
struct Outcome {
    /// For each kind, the totals of the histories that kept to their model.
    tallies: Vec<Tally>,
    /// How to run each failed history again.
    failed: Vec<String>,
}

impl Plan {
    /// The plan that the environment variables describe.
    fn of_environment() -> Self {
        let histories = variable("HISTORIES");
        let minutes: Option<f64> = variable("MINUTES");
        let minutes = minutes.or(histories.is_none().then_some(5.0));
        let named = |name: &str, chosen: &Option<String>| {
            chosen.as_deref().is_none_or(|chosen| chosen == name)
        };
        let (model, fault) = (variable("MODEL"), variable("FAULT"));
        let networks = Network::ALL.into_iter();
        let kinds: Vec<_> = networks
            .filter(|network| named(network.name, &fault))
            .flat_map(|network| Model::ALL.map(|model| (model, network)))
            .filter(|(kind, _)| named(kind.name(), &model))
            .collect();
        assert!(
            !kinds.is_empty(),
            "no such MODEL or FAULT: see tests/soak.rs"
        );
        Self {
            kinds,
            seed: variable("SEED").unwrap_or_else(|| fastrand::u32(..).into()),
            histories: histories.unwrap_or(usize::MAX),
            until: minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0)),
        }
    }

    /// Runs the histories, several at once: a history spends most of its time waiting for late responses and retries.
    async fn run(&self) -> Outcome {
        let next = AtomicUsize::new(0);
        let outcome = Mutex::new(Outcome {
            tallies: vec![Tally::default(); self.kinds.len()],
            failed: Vec::new(),
        });
        let work = async || {
            while self.until.is_none_or(|until| Instant::now() < until) {
                let number = next.fetch_add(1, Relaxed);
                if number >= self.histories {
                    break;
                }
                let kind = number % self.kinds.len();
                let (model, network) = &self.kinds[kind];
                let seed = self.seed + (number / self.kinds.len()) as u64;
                let history = AssertUnwindSafe(history(*model, network, seed)).catch_unwind();
                let run = match self.until {
                    // A history that is cut off is not counted.
                    Some(until) => tokio::time::timeout_at(until.into(), history).await,
                    None => Ok(history.await),
                };
                let mut outcome = outcome.lock().unwrap();
                match run {
                    Ok(Ok(tally)) => outcome.tallies[kind].add(tally),
                    Ok(Err(_panic)) => outcome.failed.push(again(*model, network, seed)),
                    Err(_elapsed) => {}
                }
            }
        };
        let at_once = 2 * thread::available_parallelism().map_or(1, usize::from);
        join_all((0..at_once).map(|_| work())).await;
        outcome.into_inner().unwrap()
    }

    /// The results as text.
    fn summary(&self, outcome: &Outcome) -> String {
        let mut summary = String::new();
        let mut line = |name: String, of: Tally| {
            let Tally {
                histories,
                calls,
                requests,
                failed,
                slow,
            } = of;
            writeln!(
                summary,
                "{name:<18}{histories:>6} histories ({slow} slow){calls:>9} calls{requests:>10} requests of the table, \
                 {failed} of them failed"
            )
            .unwrap();
        };
        let mut all = Tally::default();
        for ((model, network), tally) in self.kinds.iter().zip(&outcome.tallies) {
            line(format!("{} {}", model.name(), network.name), *tally);
            all.add(*tally);
        }
        line("together".to_owned(), all);
        for again in &outcome.failed {
            writeln!(summary, "FAILED: {again}").unwrap();
        }
        summary
    }
}

/// The value of an environment variable; `None` where it is not set or empty.
fn variable<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok().filter(|text| !text.is_empty())?;
    let value = text.parse().ok();
    Some(value.unwrap_or_else(|| panic!("{name} cannot be {text:?}")))
}

#[tokio::test]
#[ignore = "takes as long as it is given: `make soak`"]
async fn soak() {
    let plan = Plan::of_environment();
    println!("The first seed is {}.", plan.seed);
    let outcome = plan.run().await;
    println!("\n{}", plan.summary(&outcome));
    let failed = outcome.failed.len();
    assert_eq!(failed, 0, "{failed} histories did not keep to their model");
}

#[tokio::test]
async fn a_soak_of_a_few_histories_counts_them_and_stops() {
    let plan = Plan {
        kinds: Model::ALL.map(|model| (model, Network::LOSING)).into(),
        seed: 9,
        histories: Model::ALL.len(),
        until: None,
    };
    let outcome = plan.run().await;
    assert_eq!(outcome.failed, [""; 0]);
    for tally in &outcome.tallies {
        assert_eq!(tally.histories, 1);
        assert!(0 < tally.failed && tally.failed < tally.requests && 0 < tally.calls);
    }
    let summary = plan.summary(&outcome);
    assert!(
        summary.contains("keys lost") && summary.contains("together"),
        "{summary}"
    );
}
