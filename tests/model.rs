//! Random histories of keys and sessions, checked against a simple model of what keys and sessions may do.
//!
//! Over 400 lines: the calls, the model and its checks are one state machine, which is easiest to check in one place.
//!
//! A history is a number of rounds. In each round, several calls run at once on several instances whose clocks differ
//! (`history.rs` says by how much); between rounds, time passes. The model knows for every key whether it must work,
//! must not work, or may do either (when a call overlaps a revocation, or the revocation's response was lost), and
//! which places of which window were given out. It knows the same for sessions; several sessions share one user and
//! one limit.
//!
//! `faults.rs` runs the same histories over a failing network; `make soak` runs many more.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::{
        Builder,
        response::Response,
        sign_in::{Begun, SESSION},
    },
    history::{INSTANCES, Model, Network, World, history},
};

const WORKSPACES: [&str; 2] = ["acc_a", "acc_b"];
const LIMIT: u32 = 6;
const ROUNDS: usize = 40;

/// What the model knows of a key.
#[derive(Debug)]
struct Key {
    id: String,
    plaintext: String,
    workspace: usize,
    life: Life,
    /// The places that each window has given out, by the window's end. A place is a value of `remaining`.
    windows: BTreeMap<i64, BTreeSet<i64>>,
    /// The latest `lastUsedAt` that a list showed before this round (`last_used`) and up to now (`last_seen`). Lists of
    /// the same round run at once and so in no order.
    last_used: Option<String>,
    last_seen: Option<String>,
    /// The last successful use, by the clock of the instance.
    used: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Works,
    /// It may be revoked: the revocation's response was a failure.
    Unsure,
    Revoked,
}

/// What the model knows of a session.
#[derive(Debug)]
struct Session {
    cookie: String,
    /// The workspace and the person; a person has a limit in each workspace.
    person: (usize, usize),
    life: Life,
}

#[derive(Clone, Debug)]
enum Op {
    Create {
        workspace: usize,
        /// With a new session, not with a token.
        with_session: bool,
    },
    Use {
        key: usize,
    },
    List {
        workspace: usize,
    },
    Revoke {
        key: usize,
    },
    /// Revokes a key with the credential of the other workspace.
    RevokeForeign {
        key: usize,
    },
    SignIn {
        workspace: usize,
        person: usize,
    },
    UseSession {
        session: usize,
    },
    EndSession {
        session: usize,
    },
}

struct History<'a> {
    world: &'a mut World,
    /// The number of users so far: each call has its own user, so that no user reaches a limit.
    users: AtomicUsize,
    keys: Vec<Key>,
    sessions: Vec<Session>,
    /// The calls of each person's sessions that each window has allowed, by the window's end.
    admitted: BTreeMap<(usize, usize), BTreeMap<i64, Admitted>>,
    /// Creations whose response was a failure: so many unknown keys may be listed.
    lost_creations: [usize; WORKSPACES.len()],
}

/// What a person's window has allowed.
#[derive(Debug, Default)]
struct Admitted {
    calls: u32,
    /// Sessions that were ended. That counts as a call, but is allowed over the limit, too.
    endings: u32,
}

/// The settings that the model assumes.
pub fn settings(builder: Builder) -> Builder {
    // Users have this limit, too, but each call that creates, lists or revokes has its own user.
    builder.caller_limit(LIMIT)
}

/// Runs one history, and then checks the table.
pub async fn play(world: &mut World) {
    let mut history = History {
        world,
        users: AtomicUsize::new(0),
        keys: Vec::new(),
        sessions: Vec::new(),
        admitted: BTreeMap::new(),
        lost_creations: [0; 2],
    };
    for _ in 0..ROUNDS {
        history.round().await;
    }
    history.check_table();
}

impl History<'_> {
    async fn round(&mut self) {
        self.world.step_clocks();
        let ops: Vec<_> = (0..self.world.rng.usize(1..9))
            .map(|_| (self.op(), self.world.rng.usize(..INSTANCES)))
            .collect();
        let before: Vec<_> = self.keys.iter().map(|key| key.life).collect();
        let sessions_before: Vec<_> = self.sessions.iter().map(|session| session.life).collect();
        let started: Vec<_> = (0..INSTANCES).map(|n| self.world.clock(n)).collect();
        let answers = join_all(ops.iter().map(|(op, instance)| self.send(op, *instance))).await;
        for ((op, instance), answer) in ops.iter().zip(&answers) {
            let standing = ["remaining", "reset"].map(|name| answer.limit_header(name));
            let status = answer.status;
            self.world
                .note(format!("{op:?} on {instance}: {status} {standing:?}"));
            if let [_, Some(end)] = standing {
                // A window that is over neither allows nor refuses a call.
                assert!(end * 1000 > started[*instance], "{op:?}: {answer:?}");
            }
        }
        // Revocations first: the other calls of the round may have run before or after them.
        let revoked_now = self.revocations(&ops, &answers, &before);
        let ended_now = self.endings(&ops, &answers, &sessions_before);
        // Then creations: a list of the same round may show their keys.
        for ((op, _), answer) in ops.iter().zip(&answers) {
            assert!(
                answer.status != 500 || self.world.may_fail(),
                "{op:?}: {answer:?}"
            );
            match *op {
                Op::Create { workspace, .. } if answer.status == 500 => {
                    self.lost_creations[workspace] += 1;
                }
                Op::Create { workspace, .. } => self.created(workspace, answer),
                Op::SignIn { workspace, person } => self.signed_in((workspace, person), answer),
                _ => {}
            }
        }
        for ((op, instance), answer) in ops
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| answer.status != 500)
        {
            match *op {
                Op::Use { key } => {
                    let at = started[*instance];
                    self.used(key, answer, before[key], revoked_now.contains(&key), at);
                }
                Op::List { workspace } => self.listed(workspace, answer, &before, &revoked_now),
                Op::UseSession { session } => {
                    let ended_now = ended_now.contains(&session);
                    if self.session_used(session, answer, sessions_before[session], ended_now) {
                        let (workspace, _) = self.sessions[session].person;
                        self.listed(workspace, answer, &before, &revoked_now);
                    }
                }
                _ => {}
            }
        }
        for key in &mut self.keys {
            key.last_used.clone_from(&key.last_seen);
        }
        for ((op, _), answer) in ops.iter().zip(&answers) {
            if answer.status == 429 {
                self.refused(op, answer);
            }
        }
    }

    /// Checks that a call is refused only when its window is full. A call whose response was lost has taken a place,
    /// too.
    fn refused(&self, op: &Op, answer: &Response) {
        let window = answer.limit_header("reset").unwrap();
        let given = match *op {
            Op::Use { key } => {
                let window = self.keys[key].windows.get(&window);
                window.map_or(0, BTreeSet::len)
            }
            Op::UseSession { session } | Op::EndSession { session } => {
                let of_person = self.admitted.get(&self.sessions[session].person);
                let window = of_person.and_then(|windows| windows.get(&window));
                window.map_or(0, |window| window.calls + window.endings) as usize
            }
            _ => panic!("a user's first call is refused: {op:?}"),
        };
        assert!(
            given >= LIMIT as usize || self.world.may_fail(),
            "refused after {given} of {LIMIT}: {op:?}"
        );
    }

    fn op(&mut self) -> Op {
        let workspace = self.world.rng.usize(..WORKSPACES.len());
        let create = Op::Create {
            workspace,
            with_session: self.world.rng.bool(),
        };
        if self.keys.is_empty() {
            return create;
        }
        // One of the newest few, so that calls run on the same one at once.
        let key = self.keys.len() - 1 - self.world.rng.usize(..self.keys.len().min(4));
        let newest = |of: &[Session], rng: &mut Rng| of.len() - 1 - rng.usize(..of.len().min(4));
        match self.world.rng.u8(..30) {
            20..=21 => Op::SignIn {
                workspace,
                person: self.world.rng.usize(..2),
            },
            22..=28 if !self.sessions.is_empty() => Op::UseSession {
                session: newest(&self.sessions, &mut self.world.rng),
            },
            29 if !self.sessions.is_empty() => Op::EndSession {
                session: newest(&self.sessions, &mut self.world.rng),
            },
            0..=2 => create,
            3..=14 => Op::Use { key },
            15..=16 => Op::List { workspace },
            17..=18 => Op::Revoke { key },
            _ => Op::RevokeForeign { key },
        }
    }

    async fn send(&self, op: &Op, instance: usize) -> Response {
        let user = |workspace: usize| self.world.token(&self.new_user(), WORKSPACES[workspace]);
        let app = &self.world.app;
        let call = match *op {
            Op::Create {
                workspace,
                with_session: true,
            } => {
                let signed_in = self.sign_in(&self.new_user(), workspace, instance).await;
                match signed_in.cookie(SESSION) {
                    Some(session) => app.create("x").session(session),
                    None => return signed_in,
                }
            }
            Op::Create { workspace, .. } => app.create("x").bearer(&user(workspace)),
            Op::Use { key } => app.list().bearer(&self.keys[key].plaintext),
            Op::List { workspace } => app.list().bearer(&user(workspace)),
            Op::Revoke { key } => app
                .revoke(&self.keys[key].id)
                .bearer(&user(self.keys[key].workspace)),
            Op::RevokeForeign { key } => app
                .revoke(&self.keys[key].id)
                .bearer(&user(1 - self.keys[key].workspace)),
            Op::SignIn { workspace, person } => {
                let person = format!("usr_of_sessions_{person}");
                return self.sign_in(&person, workspace, instance).await;
            }
            Op::UseSession { session } => app.list().session(&self.sessions[session].cookie),
            Op::EndSession { session } => app
                .call("POST", "/api/v1/auth/logout")
                .session(&self.sessions[session].cookie),
        };
        self.world.send(call.on(instance)).await
    }

    /// A new user, whose limit no call has used.
    fn new_user(&self) -> String {
        format!("usr_{}", self.users.fetch_add(1, Relaxed))
    }

    /// The response to the last step of a sign-in that was reached.
    async fn sign_in(&self, sub: &str, workspace: usize, instance: usize) -> Response {
        let app = &self.world.app;
        let started = self.world.send(app.start_sign_in().on(instance)).await;
        if started.status != 302 {
            return started;
        }
        let begun = Begun::of(app, &started);
        let who = self.world.claims(sub, WORKSPACES[workspace]);
        let back = begun.come_back(&begun.allow(&who, &json!({})));
        // On another instance, which has another clock.
        let instance = (instance + 1) % INSTANCES;
        self.world.send(back.on(instance)).await
    }

    fn signed_in(&mut self, person: (usize, usize), answer: &Response) {
        let Some(cookie) = answer.cookie(SESSION) else {
            // A callback that is retried because its response was lost may find its own session.
            assert!(self.world.may_fail(), "{answer:?}");
            return;
        };
        self.sessions.push(Session {
            cookie: cookie.to_owned(),
            person,
            life: Life::Works,
        });
    }

    /// Checks the logouts of a round. Returns the sessions that they may have ended.
    fn endings(
        &mut self,
        ops: &[(Op, usize)],
        answers: &[Response],
        before: &[Life],
    ) -> BTreeSet<usize> {
        let mut statuses = BTreeMap::<usize, Vec<u16>>::new();
        for ((op, _), answer) in ops.iter().zip(answers) {
            if let Op::EndSession { session } = *op {
                statuses.entry(session).or_default().push(answer.status);
                if answer.status == 200 {
                    self.admitted_with(session, answer).endings += 1;
                }
            }
        }
        // A logout that was limited or met a conflict has changed nothing.
        statuses.retain(|_, of| of.iter().any(|status| !matches!(status, 409 | 429)));
        for (&session, of) in &statuses {
            let known = [200, 401, 409, 429, 500];
            assert!(of.iter().all(|status| known.contains(status)), "{of:?}");
            let (done, failed) = (of.contains(&200), of.contains(&500));
            assert!(
                self.world.may_fail() || !failed && !of.contains(&409),
                "{of:?}"
            );
            match before[session] {
                Life::Works if of.contains(&401) => {
                    assert!(done || failed, "a good one is refused");
                }
                Life::Revoked => assert!(!done, "ended twice"),
                Life::Works | Life::Unsure => {}
            }
            let life = &mut self.sessions[session].life;
            if done || of.contains(&401) {
                *life = Life::Revoked;
            } else if failed && *life == Life::Works {
                *life = Life::Unsure;
            }
        }
        statuses.into_keys().collect()
    }

    /// Checks a call of a session. Returns whether it was allowed.
    fn session_used(
        &mut self,
        session: usize,
        answer: &Response,
        before: Life,
        ended_now: bool,
    ) -> bool {
        match answer.status {
            200 => {
                assert_ne!(before, Life::Revoked, "a session that was ended works");
                let admitted = self.admitted_with(session, answer);
                admitted.calls += 1;
                assert!(admitted.calls <= LIMIT, "over the limit of a person");
            }
            401 => {
                assert_eq!(answer.code(), "AUTH_REQUIRED");
                assert!(
                    before != Life::Works || ended_now,
                    "a good session is refused"
                );
            }
            429 => assert_ne!(before, Life::Revoked),
            _ => panic!("{answer:?}"),
        }
        answer.status == 200
    }

    /// The person's window that counted this call of their session.
    fn admitted_with(&mut self, session: usize, answer: &Response) -> &mut Admitted {
        let windows = self.admitted.entry(self.sessions[session].person);
        let windows = windows.or_default();
        let window = answer.limit_header("reset").unwrap();
        windows.entry(window).or_default();
        assert_apart(windows.keys());
        windows.entry(window).or_default()
    }

    /// Checks the revocations of a round. Returns the keys that they may have revoked.
    fn revocations(
        &mut self,
        ops: &[(Op, usize)],
        answers: &[Response],
        before: &[Life],
    ) -> BTreeSet<usize> {
        let mut ended = BTreeMap::<usize, Vec<u16>>::new();
        for ((op, _), answer) in ops.iter().zip(answers) {
            match *op {
                Op::Revoke { key } => ended.entry(key).or_default().push(answer.status),
                Op::RevokeForeign { .. } => {
                    assert!(answer.status == 404 || self.world.may_fail() && answer.status == 500);
                }
                _ => {}
            }
        }
        for (&key, statuses) in &ended {
            let count = |status| statuses.iter().filter(|s| **s == status).count();
            let (done, gone, failed) = (count(200), count(404), count(500));
            let in_the_way = count(409);
            assert_eq!(done + gone + failed + in_the_way, statuses.len());
            assert!(self.world.may_fail() || failed + in_the_way == 0);
            match before[key] {
                Life::Revoked => assert_eq!(done + in_the_way, 0, "revoked twice"),
                // Exactly one of several concurrent revocations succeeds, unless its response was lost.
                Life::Works if failed + in_the_way == 0 => assert_eq!(done, 1),
                Life::Works | Life::Unsure => assert!(done <= 1),
            }
            self.keys[key].life = match self.keys[key].life {
                Life::Revoked => Life::Revoked,
                _ if done > 0 || gone > 0 => Life::Revoked,
                _ if failed > 0 => Life::Unsure,
                life => life,
            };
        }
        ended.into_keys().collect()
    }

    fn created(&mut self, workspace: usize, answer: &Response) {
        if answer.status == 409 {
            assert!(self.world.may_fail(), "{answer:?}");
            return;
        }
        assert_eq!(answer.status, 201);
        let text = |name: &str| answer.data()[name].as_str().unwrap().to_owned();
        assert!(
            self.keys
                .iter()
                .all(|key| key.id != text("id") && key.plaintext != text("key"))
        );
        self.keys.push(Key {
            id: text("id"),
            plaintext: text("key"),
            workspace,
            life: Life::Works,
            windows: BTreeMap::new(),
            last_used: None,
            last_seen: None,
            used: 0,
        });
    }

    fn used(&mut self, key: usize, answer: &Response, before: Life, revoked_now: bool, at: i64) {
        let key = &mut self.keys[key];
        match answer.status {
            200 => {
                assert_ne!(before, Life::Revoked, "a revoked key works");
                let place = answer.limit_header("remaining").unwrap();
                let window = key
                    .windows
                    .entry(answer.limit_header("reset").unwrap())
                    .or_default();
                assert!(
                    (0..i64::from(LIMIT)).contains(&place) && window.insert(place),
                    "a place given twice"
                );
                assert!(window.len() <= LIMIT as usize);
                assert_apart(key.windows.keys());
                key.used = key.used.max(at);
            }
            401 => {
                assert_eq!(answer.code(), "INVALID_TOKEN");
                assert!(
                    before != Life::Works || revoked_now,
                    "a good key is refused"
                );
            }
            429 => assert_ne!(before, Life::Revoked),
            _ => panic!("{answer:?}"),
        }
    }

    fn listed(
        &mut self,
        workspace: usize,
        answer: &Response,
        before: &[Life],
        revoked_now: &BTreeSet<usize>,
    ) {
        assert_eq!(answer.status, 200);
        let listed = answer.key_ids();
        assert!(
            listed.is_sorted_by(|a, b| a[3..13] >= b[3..13]),
            "newest first: {listed:?}"
        );
        let mut strangers = listed.len();
        for (number, key) in self.keys.iter_mut().enumerate() {
            let entry = answer.data()["apiKeys"]
                .as_array()
                .unwrap()
                .iter()
                .find(|entry| entry["id"] == *key.id);
            strangers -= usize::from(entry.is_some());
            // A key that was created in this round may be listed or not.
            let life = before.get(number).copied();
            match (life, key.workspace == workspace) {
                (Some(Life::Works), true) if !revoked_now.contains(&number) => {
                    assert!(entry.is_some());
                }
                (Some(Life::Revoked), _) | (_, false) => assert!(entry.is_none()),
                _ => {}
            }
            if let Some(last_used) = entry.and_then(|entry| entry["lastUsedAt"].as_str()) {
                assert!(
                    key.last_used.as_deref() <= Some(last_used),
                    "lastUsedAt went backwards"
                );
                key.last_seen = key.last_seen.take().max(Some(last_used.to_owned()));
            }
        }
        assert!(
            strangers <= self.lost_creations[workspace],
            "keys that nobody created: {answer:?}"
        );
    }

    /// Checks that each key has its entry in the list, that the count is right, and that `lastUsedAt` is recent enough.
    fn check_table(&self) {
        let items = self.world.app.items();
        let text =
            |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
        let of_sort = |prefix: &str| {
            items
                .iter()
                .filter(move |item| text(item, "sk").starts_with(prefix))
                .collect::<Vec<_>>()
        };
        let listings = of_sort("KEY#");
        let keys: BTreeSet<_> = of_sort("KEY")
            .iter()
            .map(|item| text(item, "pk"))
            .filter(|pk| pk.starts_with("KEY#"))
            .collect();
        let named: BTreeSet<_> = listings
            .iter()
            .map(|item| format!("KEY#{}", text(item, "keyHash")))
            .collect();
        assert_eq!(keys, named, "a key without its listing, or the reverse");

        for workspace in of_sort("WORKSPACE") {
            // The first call or sign-in creates the item; it has no count before the first key.
            let count = workspace["keyCount"]["N"].as_str();
            let count: usize = count.map_or(0, |count| count.parse().unwrap());
            assert_eq!(
                count,
                listings
                    .iter()
                    .filter(|item| item["pk"] == workspace["pk"])
                    .count()
            );
        }
        for key in &self.keys {
            let listing = listings
                .iter()
                .find(|item| text(item, "sk") == format!("KEY#{}", key.id));
            match key.life {
                Life::Works => assert!(listing.is_some()),
                Life::Revoked => assert!(listing.is_none()),
                Life::Unsure => {}
            }
            if let (Some(listing), true) = (listing, key.used > 0) {
                let stamped: i64 = listing["lastUsedAt"]["N"]
                    .as_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                assert!(
                    stamped > key.used - 60_000,
                    "used at {}, says {stamped}",
                    key.used
                );
            }
        }
    }
}

/// Checks the ends of windows, in seconds: a window opens at least a minute after the one before.
fn assert_apart<'a>(ends: impl Iterator<Item = &'a i64>) {
    let ends: Vec<_> = ends.collect();
    assert!(ends.is_sorted_by(|a, b| **b >= **a + 60), "{ends:?}");
}

#[tokio::test]
async fn random_histories_of_keys_and_sessions_keep_to_the_model() {
    join_all((1..9).map(|seed| history(Model::Keys, &Network::SOUND, seed))).await;
}
