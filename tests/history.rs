//! Random histories: what a seed makes of a model, over a network between function and table that may fail.
//!
//! [`history`] is the one place where a history is made and run: by the tests of the models, by `faults.rs`, and by
//! `make soak`. A seed decides what is called, what the clocks say, and what the network does. Calls of a round
//! run at once, in an order that no seed decides: a history that failed may have to be run several times to fail again.
//!
//! # A machine that is too slow
//!
//! A function waits a second for each request of the table. On a machine that is busy with other things, a request may
//! take longer although nothing is wrong with the network, and the call that made it fails. From the first `500` that
//! took as long, a history may fail as if the network did; the summary counts these histories as slow. Functions have
//! three times the time that they are deployed with, so that none is ended because the machine starves it.
//!
//! # What the clocks may do
//!
//! True time passes between rounds, by up to a minute and a half at once, for everybody alike. The issuer's clock
//! is right. An instance's clock is off by up to [`MOST_OFF`], ahead or behind, and may jump to anywhere else within
//! that, also back; so two instances are up to two minutes apart.
//!
//! Further apart is not promised, and so not tried. The contract gives tokens a minute of leeway (section 3: `exp` and
//! `nbf`, which these tokens have): an instance whose clock is further off refuses good tokens, as it must.
//!
//! Everything else that the models say holds however far the clocks are apart, because it is about one window, in the
//! window's own time (`limits.rs`, "Clocks that disagree"): a window admits its limit and no more, refuses nobody while
//! it has room, and opens a minute or more after the one before; a key's `lastUsedAt` is at most a minute before its
//! last call, by the clock that counted the call. What is not promised once clocks disagree, and what no model says, is
//! how many calls are admitted in a minute of *true* time: a clock that is ahead ends a window that much early.

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
    model, ticket_model,
};

/// How many instances each function has.
pub const INSTANCES: usize = 3;

/// How far an instance's clock is from the true time at most, in milliseconds: the leeway of tokens.
const MOST_OFF: i64 = 60_000;

/// How long a function waits for the table: a call that failed sooner did not fail for that.
const AN_ATTEMPT: Duration = Duration::from_secs(1);

/// What a history is about.
#[derive(Clone, Copy, Debug)]
pub enum Model {
    /// Keys and sessions: see [`model`].
    Keys,
    /// Tickets: see [`ticket_model`].
    Tickets,
}

impl Model {
    /// All.
    pub const ALL: [Self; 2] = [Self::Keys, Self::Tickets];

    /// What `make soak MODEL=…` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Tickets => "tickets",
        }
    }

    fn settings(self, builder: Builder) -> Builder {
        match self {
            Self::Keys => model::settings(builder),
            Self::Tickets => ticket_model::settings(builder),
        }
    }

    async fn play(self, world: &mut World) {
        match self {
            Self::Keys => model::play(world).await,
            Self::Tickets => ticket_model::play(world).await,
        }
    }
}

/// What the network between function and table does.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// What `make soak FAULT=…` calls it.
    pub name: &'static str,
    /// It fails one call in so many…
    one_in: u32,
    /// …in one of these ways.
    ways: &'static [Fault],
}

impl Network {
    /// Nothing fails.
    pub const SOUND: Self = Self::failing("none", 1, &[Fault::None]);
    /// The service is too busy.
    pub const THROTTLING: Self = Self::failing("throttle", 4, &[Fault::Throttle]);
    /// The service fails.
    pub const FAILING: Self = Self::failing("fail", 4, &[Fault::Fail]);
    /// Another write is always under way.
    pub const CONFLICTING: Self = Self::failing("conflict", 3, &[Fault::Conflict]);
    /// What was asked for is done, and the answer is lost.
    pub const LOSING: Self = Self::failing("lost", 6, &[Fault::LoseAnswer]);
    /// Answers are late; the second later than an attempt may take: it is made again, though it was done.
    pub const LATE: Self = Self::failing(
        "late",
        80,
        &[Fault::AnswerLate(50), Fault::AnswerLate(1100)],
    );
    /// All together.
    pub const ANYHOW: Self = Self::failing(
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

    /// Each.
    pub const ALL: [Self; 7] = [
        Self::SOUND,
        Self::THROTTLING,
        Self::FAILING,
        Self::CONFLICTING,
        Self::LOSING,
        Self::LATE,
        Self::ANYHOW,
    ];

    const fn failing(name: &'static str, one_in: u32, ways: &'static [Fault]) -> Self {
        Self { name, one_in, ways }
    }

    fn fails(&self) -> bool {
        self.ways != [Fault::None]
    }

    /// What happens to one call after another; counts those to which anything does.
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

/// How much histories have done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Histories that kept to their model.
    pub histories: usize,
    /// Their calls of the API.
    pub calls: usize,
    /// The requests of the table that these made…
    pub requests: usize,
    /// …and how many of them the network failed.
    pub failed: usize,
    /// Histories in which this machine was too slow.
    pub slow: usize,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.histories += other.histories;
        self.calls += other.calls;
        self.requests += other.requests;
        self.failed += other.failed;
        self.slow += other.slow;
    }
}

/// Runs the history that a seed makes of a model. Where it does not keep to the model, this prints what happened in it
/// and how to run it again, and panics.
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

/// How to run a history again.
pub fn again(model: Model, network: &Network, seed: u64) -> String {
    let (model, network) = (model.name(), network.name);
    format!("make soak SEED={seed} MODEL={model} FAULT={network} HISTORIES=1")
}

/// What the histories of all models have in common.
pub struct World {
    /// The API, of [`INSTANCES`] instances.
    pub app: App,
    /// What the seed decides by.
    pub rng: Rng,
    /// Whether the network fails.
    pub faults: bool,
    /// Whether this machine was too slow.
    slow: AtomicBool,
    /// How far the true time of the history is ahead of this machine's, in milliseconds.
    passed: i64,
    /// How far the clock of each instance is ahead of the true time.
    off: [i64; INSTANCES],
    /// What has happened, for who looks at a history that failed.
    happened: Vec<String>,
}

impl World {
    /// What happens to clocks between two rounds: see the module's documentation.
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

    /// Sends a call.
    pub async fn send(&self, call: Call<'_>) -> Response {
        let sent = Instant::now();
        let answer = call.send().await;
        if answer.status == 500 && !self.faults && sent.elapsed() > AN_ATTEMPT {
            self.slow.store(true, Relaxed);
        }
        answer
    }

    /// Whether calls may have failed, for the network or for this machine.
    pub fn may_fail(&self) -> bool {
        self.faults || self.slow.load(Relaxed)
    }

    /// Notes what happens.
    pub fn note(&mut self, happens: String) {
        self.happened.push(happens);
    }

    /// The time by an instance's clock, in milliseconds since the epoch.
    pub fn clock(&self, instance: usize) -> i64 {
        self.now() + self.off[instance]
    }

    /// What the issuer says of a person now, for five minutes.
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

    /// The true time.
    fn now(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(now.as_millis()).unwrap() + self.passed
    }
}
