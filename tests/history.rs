//! Random histories: sequences of calls that a seed generates for a model, over a network between the functions and
//! the table that may fail.
//!
//! [`history`] generates and runs every history: for the tests of the models, for `faults.rs`, and for `make soak`. The
//! seed decides the calls, the clocks, and the faults of the network. It does not decide the order of the calls in a
//! round, which run at once: a failed history may have to run several times to fail again.
//!
//! # Slow machines
//!
//! A function waits a second for each table request. On a busy machine, a request may take longer although the network
//! is fine, and then the call fails. After the first `500` that took so long, the model allows the history failures as
//! if the network failed, and the summary counts the history as slow. Functions get three times their deployed
//! timeout, so that a slow machine does not end them.
//!
//! # Clocks
//!
//! Between rounds, true time advances by up to a minute and a half, and in the histories of `key_model.rs` sometimes by
//! hours. The issuer's clock is right. An instance's clock is
//! off by up to [`MOST_OFF`], ahead or behind, and may jump within that range, also back. Two instances are therefore
//! up to two minutes apart.
//!
//! Larger differences are not supported and not tested. Tokens have a minute of leeway for `exp` and `nbf` (Credentials
//! in openapi.yaml): an instance whose clock is further off must refuse valid tokens.
//!
//! Everything else that the models assert holds for any difference of the clocks, because it concerns one window in the
//! window's own time. A window allows exactly its limit, refuses nobody while it has room, and opens at least a minute
//! after the one before. A key's `lastUsedAt` is at most a minute before its last call, by the clock that counted the
//! call. No model asserts how many calls are allowed in a minute of *true* time, because a clock that is ahead ends a
//! window early by that much.

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use fastrand::Rng;
use futures_util::FutureExt;
use local::{lambda, proxy::Fault};
use serde_json::{Value, json};

use crate::{
    app::{App, Builder, Call, response::Response},
    key_model, model, ticket_model,
};

/// The number of instances of each function.
pub const INSTANCES: usize = 3;

/// The largest error of an instance's clock, in milliseconds: the leeway of tokens.
const MOST_OFF: i64 = 60_000;

/// How long a function waits for the table. A call that fails sooner does not fail because the machine is slow.
const AN_ATTEMPT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
pub enum Model {
    /// API keys and sessions: see [`model`].
    Keys,
    /// The life of API keys: see [`key_model`].
    Lives,
    /// Tickets: see [`ticket_model`].
    Tickets,
}

impl Model {
    pub const ALL: [Self; 3] = [Self::Keys, Self::Lives, Self::Tickets];

    /// The name for `make soak MODEL=…`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Lives => "lives",
            Self::Tickets => "tickets",
        }
    }

    fn settings(self, builder: Builder) -> Builder {
        match self {
            Self::Keys => model::settings(builder),
            Self::Lives => key_model::settings(builder),
            Self::Tickets => ticket_model::settings(builder),
        }
    }

    async fn play(self, world: &mut World) {
        match self {
            Self::Keys => model::play(world).await,
            Self::Lives => key_model::play(world).await,
            Self::Tickets => ticket_model::play(world).await,
        }
    }
}

/// The faults of the network between the functions and the table.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// The name for `make soak FAULT=…`.
    pub name: &'static str,
    /// One request in so many fails…
    one_in: u32,
    /// …with one of these faults.
    ways: &'static [Fault],
}

impl Network {
    /// No faults.
    pub const SOUND: Self = Self::failing("none", 1, &[Fault::None]);
    /// The service throttles.
    pub const THROTTLING: Self = Self::failing("throttle", 4, &[Fault::Throttle]);
    /// The service returns an error.
    pub const FAILING: Self = Self::failing("fail", 4, &[Fault::Fail]);
    /// Another write conflicts.
    pub const CONFLICTING: Self = Self::failing("conflict", 3, &[Fault::Conflict]);
    /// The service does what was requested, and its response is lost.
    pub const LOSING: Self = Self::failing("lost", 6, &[Fault::LoseAnswer]);
    /// Responses are late. The second delay is longer than an attempt may take, so the function retries a request that
    /// was already done.
    pub const LATE: Self = Self::failing(
        "late",
        80,
        &[Fault::AnswerLate(50), Fault::AnswerLate(1100)],
    );
    /// All faults together.
    pub const MIXED: Self = Self::failing(
        "all",
        5,
        &[
            Fault::Throttle,
            Fault::Fail,
            Fault::Conflict,
            Fault::LoseAnswer,
            Fault::AnswerLate(20),
        ],
    );

    pub const ALL: [Self; 7] = [
        Self::SOUND,
        Self::THROTTLING,
        Self::FAILING,
        Self::CONFLICTING,
        Self::LOSING,
        Self::LATE,
        Self::MIXED,
    ];

    const fn failing(name: &'static str, one_in: u32, ways: &'static [Fault]) -> Self {
        Self { name, one_in, ways }
    }

    fn fails(&self) -> bool {
        self.ways != [Fault::None]
    }

    /// The fault of each request in turn. Counts the requests that fail.
    fn faults(&self, seed: u64, failed: Arc<AtomicUsize>) -> impl Fn() -> Fault + use<> {
        let Self { one_in, ways, .. } = *self;
        let rng = Mutex::new(Rng::with_seed(seed));
        move || {
            let mut rng = rng.lock().unwrap();
            if rng.u32(..one_in) > 0 {
                return Fault::None;
            }
            let way = rng.choice(ways).copied().unwrap();
            failed.fetch_add(usize::from(way != Fault::None), Relaxed);
            way
        }
    }
}

/// Counts over several histories.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// The histories that kept to their model.
    pub histories: usize,
    /// Their API calls.
    pub calls: usize,
    /// The table requests of these calls…
    pub requests: usize,
    /// …and how many of those the network failed.
    pub failed: usize,
    /// The histories in which this machine was too slow.
    pub slow: usize,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.histories += other.histories;
        self.calls += other.calls;
        self.requests += other.requests;
        self.failed += other.failed;
        self.slow += other.slow;
    }
}

/// Runs a model's history for a seed. If the history does not keep to the model, prints what happened and how to run it
/// again, and panics.
pub async fn history(model: Model, network: &Network, seed: u64) -> Tally {
    let failed = Arc::new(AtomicUsize::new(0));
    let faults = network.faults(seed, Arc::clone(&failed));
    let builder = App::builder()
        .instances(INSTANCES)
        .timeout(3 * lambda::TIMEOUT)
        .faults(move |_| faults());
    let mut world = World {
        app: model.settings(builder).start().await,
        rng: Rng::with_seed(seed),
        faults: network.fails(),
        slow: AtomicBool::new(false),
        passed: 0,
        off: [0; INSTANCES],
        happened: Vec::new(),
    };
    let played = AssertUnwindSafe(model.play(&mut world)).catch_unwind();
    if let Err(panic) = played.await {
        let mut log = world.app.log();
        log.retain(|line| line.contains(r#""status":500"#));
        let happened = [world.happened, log].concat().join("\n");
        println!("{happened}\nAgain: {}", again(model, network, seed));
        resume_unwind(panic);
    }
    Tally {
        histories: 1,
        calls: world.app.calls(),
        requests: world.app.operations().len(),
        failed: failed.load(Relaxed),
        slow: usize::from(world.slow.into_inner()),
    }
}

/// The command that runs a history again.
pub fn again(model: Model, network: &Network, seed: u64) -> String {
    let (model, network) = (model.name(), network.name);
    format!("make soak SEED={seed} MODEL={model} FAULT={network} HISTORIES=1")
}

/// What the histories of all models share.
pub struct World {
    /// The API with [`INSTANCES`] instances of each function.
    pub app: App,
    /// The random numbers of the seed.
    pub rng: Rng,
    /// Whether the network has faults.
    pub faults: bool,
    slow: AtomicBool,
    /// How far the history's true time is ahead of this machine's clock, in milliseconds.
    passed: i64,
    /// How far each instance's clock is ahead of the true time, in milliseconds.
    off: [i64; INSTANCES],
    /// What has happened, to print if the history fails.
    happened: Vec<String>,
}

impl World {
    /// Changes the clocks between two rounds: see "Clocks" above.
    pub fn step_clocks(&mut self) {
        if self.rng.u8(..) < 20 {
            self.passed += self.rng.i64(0..90_000);
        }
        if self.rng.u8(..) < 80 {
            let instance = self.rng.usize(..INSTANCES);
            self.off[instance] = self.rng.i64(-MOST_OFF..=MOST_OFF);
        }
        for (instance, off) in self.off.iter().enumerate() {
            self.app.step_clock(instance, self.passed + off);
        }
        self.note(format!(
            "at {} ms, clocks off by {:?}",
            self.passed, self.off
        ));
    }

    /// Lets true time pass. The clocks follow when they next change.
    pub fn pass(&mut self, millis: i64) {
        self.passed += millis;
    }

    /// Sends a call, and notes if this machine is too slow.
    pub async fn send(&self, call: Call<'_>) -> Response {
        let sent = Instant::now();
        let answer = call.send().await;
        if answer.status == 500 && !self.faults && sent.elapsed() > AN_ATTEMPT {
            self.slow.store(true, Relaxed);
        }
        answer
    }

    /// Whether calls may have failed because of the network or of a slow machine.
    pub fn may_fail(&self) -> bool {
        self.faults || self.slow.load(Relaxed)
    }

    pub fn note(&mut self, happens: String) {
        self.happened.push(happens);
    }

    /// The time of an instance's clock, in milliseconds since the epoch.
    pub fn clock(&self, instance: usize) -> i64 {
        self.now() + self.off[instance]
    }

    /// The claims of a person for a token issued now, valid for five minutes.
    pub fn claims(&self, sub: &str, workspace: &str) -> Value {
        let now = self.now().div_euclid(1000);
        json!({
            "sub": sub, "accountId": workspace, "iat": now, "nbf": now, "exp": now + 300,
        })
    }

    /// An access token of a person in a workspace, issued now.
    pub fn token(&self, sub: &str, workspace: &str) -> String {
        self.app.issuer.token(&self.claims(sub, workspace))
    }

    /// The history's true time, in milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(now.as_millis()).unwrap() + self.passed
    }
}
