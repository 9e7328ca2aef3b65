//! Random histories of the life of keys, checked against the rules in `key_state.rs`.
//!
//! Over 400 lines: the calls, the model and its checks are one state machine, which is easiest to check in one place.
//!
//! As in `model.rs`, the calls of a round run at once on instances whose clocks differ (`history.rs` says by how much):
//! keys are created, used from several addresses with any of their secrets, changed, rotated, reported and revoked.
//! Between rounds time passes, sometimes an hour, so that keys expire and overlaps end. After each round, the table
//! says what became of each key, and *some* order of the round's deeds must lead there and explain every response; a
//! call with a key must be explained by a state that the key may have had meanwhile. A deed whose response was lost
//! was done completely or not at all. A window counts each call once, with whichever secret, and never more than the
//! limit.
//!
//! In the end, every secret that a key ever had has left exactly one trace, and the usage is that of the counted calls.
//!
//! `faults.rs` runs the same histories over a failing network; `make soak` runs many more.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::{
    Timestamp,
    time::{HOUR, MINUTE},
};

use crate::{
    app::{Builder, Call, resources::text, response::Response},
    history::{INSTANCES, Model, Network, World, history},
    key_state::{
        Change, Course, Deed, Outcome, Performed, Reply, Secret, Settings, Span, State, Use, number,
    },
};

const ROUNDS: usize = 40;
/// Fewer rounds over a failing network, where a call takes several attempts.
const ROUNDS_WITH_FAULTS: usize = 20;
const WORKSPACE: &str = "acc_a";
const LIMIT: u32 = 6;

const SCOPES: [&str; 4] = ["*", "*:read", "tickets:read", "api_keys:write"];
/// What a call with a key reads, and which scope that requires.
const READS: [(&str, &str); 2] = [
    ("/api/v1/api-keys", "api_keys:read"),
    ("/api/v1/tickets", "tickets:read"),
];
const ADDRESSES: [&str; 3] = ["192.0.2.1", "198.51.100.1", "2001:db8::1"];
const LISTS: [&str; 3] = [
    "192.0.2.0/24",
    "198.51.100.0/24 2001:db8::/32",
    "192.0.2.0/24 2001:db8::/32",
];

/// So many of the newest keys are in use.
const AT_ONCE: usize = 2;

/// How long a function waits for the table. A call that takes longer may have been counted twice.
const AN_ATTEMPT: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Key {
    id: String,
    /// All that were shown.
    secrets: Vec<Secret>,
    /// As the table has it after the last round. `None`: the key is over.
    state: Option<State>,
    /// The places that each window has given out, by the window's end: whether it was the first call, the second…
    windows: BTreeMap<i64, BTreeSet<i64>>,
    /// Calls that were refused after they may have been counted: an older secret ended at the same time.
    doubtful: usize,
}

#[derive(Debug)]
enum Op {
    Create(Vec<Change>),
    Use(usize, Use),
    Do(usize, Deed),
}

struct History<'a> {
    world: &'a mut World,
    keys: Vec<Key>,
    /// The number of callers so far: each call that manages keys has its own, so that none reaches a limit.
    callers: AtomicUsize,
    /// Creations whose response was a failure: so many unknown keys may be listed.
    lost_creations: usize,
    /// The latest time of any instance's clock.
    latest: i64,
    /// Whether a call took so long that it may have been counted twice.
    was_slow: AtomicBool,
}

/// The settings that the model assumes.
pub fn settings(builder: Builder) -> Builder {
    builder.caller_limit(LIMIT)
}

/// Runs one history, and then checks the usage and the table.
pub async fn play(world: &mut World) {
    let rounds = if world.faults {
        ROUNDS_WITH_FAULTS
    } else {
        ROUNDS
    };
    let mut history = History {
        world,
        keys: Vec::new(),
        callers: AtomicUsize::new(0),
        lost_creations: 0,
        latest: 0,
        was_slow: AtomicBool::new(false),
    };
    for _ in 0..rounds {
        history.round().await;
    }
    history.check_usage().await;
    history.check_secrets();
}

impl History<'_> {
    async fn round(&mut self) {
        self.let_time_pass();
        self.world.step_clocks();
        let ops: Vec<_> = (0..self.world.rng.usize(1..12))
            .map(|_| (self.op(), self.world.rng.usize(..INSTANCES)))
            .collect();
        let from: Vec<_> = (0..INSTANCES).map(|n| self.world.clock(n)).collect();
        let answers = join_all(ops.iter().map(|(op, instance)| self.send(op, *instance))).await;
        let spans = from.iter().enumerate().map(|(n, &from)| Span {
            from,
            to: self.world.clock(n),
        });
        let spans: Vec<_> = spans.collect();
        self.latest = spans
            .iter()
            .fold(self.latest, |latest, span| latest.max(span.to));
        for ((op, instance), answer) in ops.iter().zip(&answers) {
            let standing = ["limit", "remaining", "reset"].map(|name| answer.limit_header(name));
            let told = [answer.code(), answer.message()].join(" ");
            self.world.note(format!(
                "{op:?} on {instance}: {} {told} {standing:?}",
                answer.status
            ));
            let failed = matches!(op, Op::Create(_) | Op::Do(..)) && answer.status == 409;
            let failed = failed && answer.param() != Some("supersede") || answer.status == 500;
            assert!(!failed || self.world.may_fail(), "{op:?}: {answer:?}");
        }
        self.learn_secrets(&ops, &answers);
        let listings = self.listings();
        let of_all = (0..self.keys.len()).map(|key| self.course(key, &ops, &answers, &spans));
        let courses: Vec<_> = of_all.collect();
        for (key, course) in self.keys.iter_mut().zip(&courses) {
            let listed = listings.get(&key.id).map(State::of);
            let is_explained = course.ends.iter().any(|end| match (end, &listed) {
                (Some(end), Some(listed)) => end.is(listed, &key.secrets),
                (None, None) => true,
                _ => false,
            });
            assert!(
                is_explained,
                "{key:#?}\nis {listed:#?}\nand not {:#?}",
                course.ends
            );
            key.state = listed;
        }
        for ((op, instance), answer) in ops.iter().zip(&answers) {
            if let Op::Use(key, call) = op {
                self.used(*key, call, answer, &courses[*key], spans[*instance]);
            }
        }
        self.check_limited(&ops, &answers);
        self.find_created(&ops, &answers, &listings);
        self.check_uses_are_noted(&ops, &answers, &spans, &listings);
    }

    /// Sometimes lets an hour pass, or until about the moment at which a key expires or an overlap ends.
    fn let_time_pass(&mut self) {
        let now = self.world.now();
        let newest = self.keys.iter().rev().take(AT_ONCE);
        let states = newest.filter_map(|key| key.state.as_ref());
        let ends = states.flat_map(State::ends).filter(|end| *end > now);
        let about = self.world.rng.i64(-MINUTE..MINUTE / 2);
        let passes = match (self.world.rng.u8(..16), ends.min()) {
            (0, _) => self.world.rng.i64(MINUTE..HOUR),
            (1..4, Some(end)) => end - now + about,
            _ => 0,
        };
        self.world.pass(passes.max(0));
    }

    fn op(&mut self) -> Op {
        let rng = &mut self.world.rng;
        if self.keys.is_empty() || rng.u8(..24) == 0 {
            let restrictions = if rng.bool() { 0 } else { rng.usize(1..4) };
            return Op::Create((0..restrictions).map(|_| self.change()).collect());
        }
        // One of the newest few, so that calls run on the same one at once.
        let key = self.keys.len() - 1 - rng.usize(..self.keys.len().min(AT_ONCE));
        if rng.u8(..20) >= 13 {
            return Op::Do(key, self.deed(key));
        }
        let (path, scope) = READS[usize::from(rng.u8(..4) == 0)];
        let of_key = &self.keys[key];
        let current = of_key.secrets.iter().rev().find(|secret| {
            let state = of_key.state.as_ref();
            state.is_some_and(|state| state.current == secret.hash)
        });
        let secret = match current {
            Some(current) if rng.bool() => current,
            _ => rng.choice(&of_key.secrets).unwrap(),
        };
        let call = Use {
            secret: secret.clone(),
            address: rng.choice(ADDRESSES).unwrap(),
            path,
            scope,
        };
        Op::Use(key, call)
    }

    fn deed(&mut self, key: usize) -> Deed {
        let rng = &mut self.world.rng;
        match rng.u8(..20) {
            0..8 => Deed::Change(self.change()),
            8..14 => Deed::Rotate {
                overlap_seconds: rng.choice([0, 60, 600, 7200]).unwrap(),
                supersede: rng.bool(),
            },
            14..17 => Deed::EndOverlap,
            17..19 => Deed::Report(rng.choice(&self.keys[key].secrets).unwrap().clone()),
            _ => Deed::Revoke,
        }
    }

    /// A change of a setting: often back to the default, so that most calls are admitted.
    fn change(&mut self) -> Change {
        // An expiry is at least an hour ahead, by the clock of any instance.
        let soon = self.world.now() + self.world.rng.i64(62 * MINUTE..3 * HOUR);
        let rng = &mut self.world.rng;
        let is_default = rng.bool();
        match rng.u8(..8) {
            0 if is_default => Change::Scope(SCOPES[0]),
            0 => Change::Scope(rng.choice(SCOPES).unwrap()),
            1..3 => Change::ExpiresAt((!is_default).then_some(soon)),
            3 => Change::Enabled(is_default),
            4..7 if is_default => Change::AllowedIps(""),
            4..7 => Change::AllowedIps(rng.choice(LISTS).unwrap()),
            _ => Change::Limit((!is_default).then(|| rng.i64(1..i64::from(LIMIT)))),
        }
    }

    async fn send(&self, op: &Op, instance: usize) -> Response {
        let sent = Instant::now();
        let answer = self.world.send(self.call(op).on(instance)).await;
        if sent.elapsed() > AN_ATTEMPT {
            self.was_slow.store(true, Relaxed);
        }
        answer
    }

    fn call(&self, op: &Op) -> Call<'_> {
        let app = &self.world.app;
        let token = self.new_token();
        let (key, deed) = match op {
            Op::Create(changes) => {
                let mut body = json!({ "name": "x" });
                for (field, value) in changes.iter().map(Change::field) {
                    body[field] = value;
                }
                return app
                    .call("POST", "/api/v1/api-keys")
                    .json(&body)
                    .bearer(&token);
            }
            Op::Use(_, call) => {
                let read = app.call("GET", call.path).bearer(&call.secret.plaintext);
                return read.from(call.address);
            }
            Op::Do(key, deed) => (&self.keys[*key], deed),
        };
        let path = format!("/api/v1/api-keys/{}", key.id);
        let call = match deed {
            Deed::Change(change) => {
                let (field, value) = change.field();
                let body = json!({ field: value, "force": true });
                app.call("PATCH", &path).json(&body)
            }
            Deed::Rotate {
                overlap_seconds,
                supersede,
            } => {
                let body = json!({ "overlapSeconds": overlap_seconds, "supersede": supersede });
                app.call("POST", &format!("{path}/rotate")).json(&body)
            }
            Deed::EndOverlap => app.call("DELETE", &format!("{path}/previous")),
            Deed::Revoke => app.call("DELETE", &path),
            Deed::Report(secret) => {
                let body = json!({ "keys": [secret.plaintext] });
                let caller = self.callers.fetch_add(1, Relaxed);
                let address = format!("10.1.{}.{}", caller / 256, caller % 256);
                let report = app.call("POST", "/api/v1/leaked-keys").json(&body);
                return report.from(&address);
            }
        };
        call.bearer(&token)
    }

    /// An access token of a new user, whose limit no call has used.
    fn new_token(&self) -> String {
        let caller = self.callers.fetch_add(1, Relaxed);
        self.world.token(&format!("usr_{caller}"), WORKSPACE)
    }

    /// What the table has of each key, by its id.
    fn listings(&self) -> BTreeMap<String, Value> {
        let items = self.world.app.items().into_iter();
        let listings = items.filter_map(|item| {
            let id = item["sk"]["S"].as_str()?.strip_prefix("KEY#")?.to_owned();
            Some((id, item))
        });
        listings.collect()
    }

    fn learn_secrets(&mut self, ops: &[(Op, usize)], answers: &[Response]) {
        for ((op, _), answer) in ops.iter().zip(answers) {
            if let (Op::Do(key, _), Some(secret)) = (op, answer.data()["key"].as_str()) {
                self.keys[*key].secrets.push(Secret::new(secret));
            }
        }
    }

    /// The states that a key may have had in a round.
    fn course(
        &self,
        key: usize,
        ops: &[(Op, usize)],
        answers: &[Response],
        spans: &[Span],
    ) -> Course {
        let deeds = ops
            .iter()
            .zip(answers)
            .filter_map(|((op, instance), answer)| {
                let deed = match op {
                    Op::Do(of, deed) if *of == key => deed,
                    _ => return None,
                };
                let rotated = answer.data()["key"].as_str().map(|secret| {
                    let until = answer.data()["previous"]["validUntil"].as_str();
                    let until = until.map(|at| Timestamp::parse(at).unwrap().as_millis());
                    (Secret::new(secret).hash, until)
                });
                Some(Performed {
                    deed,
                    span: spans[*instance],
                    outcome: Outcome::of(answer),
                    rotated,
                })
            });
        Course::new(self.keys[key].state.as_ref(), &deeds.collect::<Vec<_>>())
    }

    /// Checks a call with a key.
    fn used(&mut self, key: usize, call: &Use, answer: &Response, course: &Course, span: Span) {
        let Some(reply) = Reply::of(answer, call) else {
            return;
        };
        let key = &mut self.keys[key];
        assert!(
            course.explains(call, span, reply),
            "{reply:?} {call:?} {span:?}\n{key:#?}\n{:#?}",
            course.states
        );
        if reply == Reply::Unknown && course.states.len() > 1 {
            key.doubtful += 1;
        }
        if !reply.is_counted() {
            return;
        }
        let [limit, remaining, end] =
            ["limit", "remaining", "reset"].map(|name| answer.limit_header(name).unwrap());
        let is_limit = |state: &State| state.settings.limit.unwrap_or(LIMIT.into()) == limit;
        assert!(course.states.iter().flatten().any(is_limit), "{answer:?}");
        assert!(end * 1000 > span.from, "the window was over: {answer:?}");
        let is_new = key
            .windows
            .entry(end)
            .or_default()
            .insert(limit - remaining);
        assert!(
            is_new,
            "a place given twice: {call:?} {answer:?} {:?}",
            key.windows
        );
        let mut pairs = key.windows.keys().zip(key.windows.keys().skip(1));
        assert!(
            pairs.all(|(end, next)| *next >= end + 60),
            "a window that opened too early: {:?}",
            key.windows
        );
    }

    /// Checks that a call is refused only when its window is full.
    fn check_limited(&self, ops: &[(Op, usize)], answers: &[Response]) {
        for ((op, _), answer) in ops.iter().zip(answers) {
            let (Op::Use(key, _), 429) = (op, answer.status) else {
                continue;
            };
            let key = &self.keys[*key];
            let window = answer.limit_header("reset").unwrap();
            let given = key.windows.get(&window).map_or(0, BTreeSet::len) + key.doubtful;
            let limit = usize::try_from(answer.limit_header("limit").unwrap()).unwrap();
            assert_eq!(answer.limit_header("remaining"), Some(0));
            assert!(
                given >= limit || self.may_count_twice(),
                "refused after {given} of {limit}: {op:?}"
            );
        }
    }

    fn may_count_twice(&self) -> bool {
        self.world.may_fail() || self.was_slow.load(Relaxed)
    }

    fn find_created(
        &mut self,
        ops: &[(Op, usize)],
        answers: &[Response],
        listings: &BTreeMap<String, Value>,
    ) {
        for ((op, _), answer) in ops.iter().zip(answers) {
            let Op::Create(changes) = op else { continue };
            if answer.status != 201 {
                assert!(matches!(answer.status, 409 | 500), "{answer:?}");
                self.lost_creations += usize::from(answer.status == 500);
                continue;
            }
            let (id, secret) = (text(answer.data(), "id"), text(answer.data(), "key"));
            let state = State::of(&listings[&id]);
            let mut settings = Settings {
                scope: "*".to_owned(),
                expires_at: None,
                enabled: true,
                allowed_ips: String::new(),
                limit: None,
            };
            for change in changes {
                change.apply_to(&mut settings);
            }
            let expected = State {
                current: Secret::new(&secret).hash,
                previous: None,
                settings,
            };
            assert_eq!(state, expected);
            self.keys.push(Key {
                id,
                secrets: vec![Secret::new(&secret)],
                state: Some(state),
                windows: BTreeMap::new(),
                doubtful: 0,
            });
        }
        let is_unknown = |id: &&String| self.keys.iter().all(|key| key.id != **id);
        let unknown = listings.keys().filter(is_unknown).count();
        assert!(unknown <= self.lost_creations, "keys that nobody created");
    }

    /// Checks that a listing says when its older secret was used: at most a minute before its last call.
    fn check_uses_are_noted(
        &self,
        ops: &[(Op, usize)],
        answers: &[Response],
        spans: &[Span],
        listings: &BTreeMap<String, Value>,
    ) {
        for ((op, instance), answer) in ops.iter().zip(answers) {
            let Op::Use(key, call) = op else { continue };
            let is_counted = Reply::of(answer, call).is_some_and(Reply::is_counted);
            let Some(listing) = listings.get(&self.keys[*key].id) else {
                continue;
            };
            if is_counted && listing["previousHash"]["S"] == *call.secret.hash {
                // It may have been the current one until this round.
                let was_older = |at: i64| at > spans[*instance].from - MINUTE;
                let noted = number(listing, "previousUsedAt");
                let rotated_now = ops
                    .iter()
                    .any(|(op, _)| matches!(op, Op::Do(of, Deed::Rotate { .. }) if of == key));
                assert!(
                    rotated_now || noted.is_some_and(was_older),
                    "{call:?} {listing}"
                );
            }
        }
    }

    /// Checks that the API tells the usage of each key that there still is: the calls that were counted.
    async fn check_usage(&self) {
        for key in self.keys.iter().filter(|key| key.state.is_some()) {
            let path = format!("/api/v1/api-keys/{}/usage", key.id);
            let usage = self.read(&path).await;
            let days = usage["days"].as_array().unwrap().iter();
            let told: i64 = days.map(|day| day["calls"].as_i64().unwrap()).sum();
            let told = usize::try_from(told).unwrap();
            let counted = key.windows.values().map(BTreeSet::len).sum::<usize>();
            let most = counted + key.doubtful;
            assert!(
                counted <= told && (told <= most || self.may_count_twice()),
                "{told} calls are told of {counted} to {most}: {key:#?}"
            );
        }
    }

    /// Reads until the table answers.
    async fn read(&self, path: &str) -> Value {
        for _ in 0..50 {
            let call = self.world.app.call("GET", path).bearer(&self.new_token());
            let answer = self.world.send(call).await;
            if answer.status == 200 {
                return answer.data().clone();
            }
            assert!(self.world.may_fail() && answer.status == 500, "{answer:?}");
        }
        panic!("the table never answers");
    }

    /// Checks what the table has of the secrets: of each exactly one item, and of each key as many as it ever had.
    fn check_secrets(&self) {
        let items = self.world.app.items();
        let listings = self.listings();
        let mut partitions = BTreeSet::new();
        let mut traces = BTreeMap::<String, usize>::new();
        let mut current = BTreeSet::new();
        let text = |item: &Value, name: &str| item[name]["S"].as_str().map(str::to_owned);
        for item in &items {
            let Some(hash) = item["pk"]["S"].as_str().unwrap().strip_prefix("KEY#") else {
                continue;
            };
            assert!(partitions.insert(hash), "two items of a secret: {item}");
            let ids = ["keyId", "restrictedKeyId", "pointerKeyId", "endedKeyId"];
            let ids: Vec<_> = ids.iter().filter_map(|name| text(item, name)).collect();
            let [id] = &ids[..] else {
                panic!("whose is it? {item}")
            };
            *traces.entry(id.clone()).or_default() += 1;
            let listing = listings.get(id);
            if !item["opened"].is_null() {
                assert!(current.insert(id.clone()), "two current secrets: {item}");
                check_current(hash, item, listing.expect("a key has its listing"));
            } else if !item["successor"].is_null() {
                self.check_pointer(hash, item, listing);
            }
        }
        assert!(
            current.iter().eq(listings.keys()),
            "a listing without its key"
        );
        for (id, had) in traces {
            let rotations = items.iter().filter(|item| {
                item["targetId"]["S"] == *id && item["audited"]["S"] == "api_key.rotated"
            });
            assert_eq!(had, 1 + rotations.count(), "the secrets of {id}");
        }
        let workspace = items.iter().find(|item| item["sk"]["S"] == "WORKSPACE");
        let count = workspace.and_then(|item| number(item, "keyCount"));
        let listed = i64::try_from(listings.len()).unwrap();
        assert_eq!(count.unwrap_or_default(), listed);
    }

    /// A pointer without its key, or that its key no longer knows, is over.
    fn check_pointer(&self, hash: &str, item: &Value, listing: Option<&Value>) {
        let until = number(item, "validUntil").unwrap();
        match listing {
            Some(listing) if listing["previousHash"]["S"] == *hash => {
                assert_eq!(listing["keyHash"], item["successor"]);
                assert_eq!(number(listing, "previousUntil"), Some(until));
            }
            _ => assert!(until <= self.latest, "{item}"),
        }
    }
}

/// Checks the item of a current secret against the key's listing.
fn check_current(hash: &str, item: &Value, listing: &Value) {
    assert_eq!(listing["keyHash"]["S"], *hash);
    let settings = [
        "scopes",
        "validUntil",
        "switchedOff",
        "allowedIps",
        "callLimit",
    ];
    for name in settings {
        assert_eq!(item[name], listing[name], "{name}");
    }
    // Else a function of the last release would admit it: "While a deployment runs" in docs/operations.md.
    let is_restricted = settings.iter().any(|name| !item[name].is_null());
    assert_eq!(!item["restrictedKeyId"].is_null(), is_restricted, "{item}");
}

#[tokio::test]
async fn random_histories_of_the_life_of_keys_keep_to_the_model() {
    join_all((1..6).map(|seed| history(Model::Lives, &Network::SOUND, seed))).await;
}
