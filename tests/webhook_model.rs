//! Random histories of webhooks, checked against a simple model.
//!
//! The test is the stream, the queue and the schedule ([`crate::app::workers`]), so that everything may happen that may
//! happen between the functions: records and messages come twice, late and in another order; a function dies after any
//! call of the table or the queue; the queue refuses some messages of a batch; receivers fail, vanish and come back;
//! subscriptions come, change, pause and go; and the clock jumps by up to hours.
//!
//! In the end, all receivers are well and all that is due is done. Then:
//!
//! - every event has reached every subscription that had chosen it when it happened; or it was attempted six times; or
//!   the subscription was off for a time afterwards;
//! - no event has reached another subscription;
//! - every attempt is signed, and sends the same bytes as the first;
//! - the log has each attempt once, in its order, and at most six.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::{Value, json};
use shared::{
    DeliveryId, WebhookSubscriptionId,
    ids::EventId,
    time::{HOUR, MINUTE},
};

use crate::app::{
    App,
    receiver::{NO_ANSWER, Receiver},
    resources::{text, ticket},
    workers::{Life, Workers},
};

const STEPS: usize = 120;
const RECEIVERS: usize = 3;
const WORKSPACES: [&str; 2] = ["acc_a", "acc_b"];
const PATTERNS: [&str; 4] = [
    "*",
    "suppuo.ticket.*",
    "suppuo.ticket.created.v1",
    "suppuo.webhook_subscription.*",
];
const SUBSCRIPTIONS: &str = "/api/v1/webhook-subscriptions";

/// A subscription, as the model knows it.
struct Subscription {
    id: WebhookSubscriptionId,
    workspace: &'static str,
    secret: String,
    active: bool,
    pattern: &'static str,
    is_gone: bool,
}

/// An event that a subscription should get.
#[derive(Default)]
struct Expected {
    /// Whether the subscription was off or gone at any time since.
    was_off: bool,
}

struct World<'a> {
    app: &'a App,
    workers: Workers<'a>,
    life: Life,
    rng: Rng,
    tokens: BTreeMap<&'static str, String>,
    receivers: Vec<Receiver>,
    subscriptions: Vec<Subscription>,
    /// The events that the model has seen in the table.
    known: BTreeSet<String>,
    expected: BTreeMap<(String, String), Expected>,
    /// What each delivery sent, and whether an attempt was answered with success.
    received: BTreeMap<String, (String, bool)>,
}

impl World<'_> {
    async fn step(&mut self) {
        match self.rng.u8(..20) {
            0..4 => self.raise().await,
            4 => self.subscribe().await,
            5 => self.change().await,
            6 if self.rng.u8(..4) == 0 => self.unsubscribe().await,
            6..8 => self.turn_a_receiver(),
            8 => self.workers.advance(self.rng.i64(1..10 * MINUTE)),
            9 if self.rng.bool() => self.workers.advance(self.rng.i64(1..8 * HOUR)),
            9..11 => {
                self.mortally();
                self.workers.tick().await;
            }
            11..14 => {
                self.mortally();
                self.workers.fan_out(&mut self.rng).await;
            }
            _ => {
                self.mortally();
                self.workers.deliver(&mut self.rng).await;
            }
        }
        self.life.restore();
        self.look();
    }

    /// Lets the next function die after a few calls, in one of three cases.
    fn mortally(&mut self) {
        if self.rng.u8(..3) == 0 {
            self.life.end_after(self.rng.u32(..12));
        }
    }

    async fn raise(&mut self) {
        let workspace = *self.rng.choice(&WORKSPACES).unwrap();
        let create = self
            .app
            .call("POST", "/api/v1/tickets")
            .json(&ticket("A question"));
        create
            .bearer(&self.tokens[workspace])
            .await_status(201)
            .await;
    }

    async fn subscribe(&mut self) {
        let workspace = *self.rng.choice(&WORKSPACES).unwrap();
        let of_workspace = self
            .subscriptions
            .iter()
            .filter(|one| one.workspace == workspace && !one.is_gone);
        if of_workspace.count() >= 4 {
            return;
        }
        let pattern = *self.rng.choice(&PATTERNS).unwrap();
        let receiver = &self.receivers[self.rng.usize(..RECEIVERS)];
        let created = self
            .app
            .call("POST", SUBSCRIPTIONS)
            .json(&json!({ "url": receiver.url(), "events": [pattern] }))
            .bearer(&self.tokens[workspace])
            .await_status(201)
            .await;
        self.subscriptions.push(Subscription {
            id: WebhookSubscriptionId::parse(&text(created.data(), "id")).unwrap(),
            workspace,
            secret: text(created.data(), "secret"),
            active: true,
            pattern,
            is_gone: false,
        });
    }

    /// Pauses a subscription, resumes it, or changes its events.
    async fn change(&mut self) {
        let Some(at) = self.any_subscription() else {
            return;
        };
        let pattern = *self.rng.choice(&PATTERNS).unwrap();
        let active = self.rng.bool();
        let changes = match self.rng.u8(..3) {
            0 => json!({ "events": [pattern] }),
            1 => json!({ "active": active }),
            _ => json!({ "active": active, "events": [pattern] }),
        };
        let one = &mut self.subscriptions[at];
        let path = format!("{SUBSCRIPTIONS}/{}", one.id);
        let change = self.app.call("PATCH", &path).json(&changes);
        change
            .bearer(&self.tokens[one.workspace])
            .await_status(200)
            .await;
        if changes["events"].is_array() {
            one.pattern = pattern;
        }
        if changes["active"].is_boolean() {
            one.active = active;
        }
        let (id, is_off) = (one.id.to_string(), !one.active);
        if is_off {
            self.note_off(&id);
        }
    }

    async fn unsubscribe(&mut self) {
        let Some(at) = self.any_subscription() else {
            return;
        };
        let one = &mut self.subscriptions[at];
        one.is_gone = true;
        let (id, workspace) = (one.id.to_string(), one.workspace);
        let delete = self.app.call("DELETE", &format!("{SUBSCRIPTIONS}/{id}"));
        delete
            .bearer(&self.tokens[workspace])
            .await_status(200)
            .await;
        self.note_off(&id);
    }

    fn any_subscription(&mut self) -> Option<usize> {
        let there = self
            .subscriptions
            .iter()
            .enumerate()
            .filter(|(_, one)| !one.is_gone);
        let there: Vec<_> = there.map(|(at, _)| at).collect();
        self.rng.choice(there)
    }

    fn note_off(&mut self, id: &str) {
        for ((subscription, _), expected) in &mut self.expected {
            expected.was_off |= subscription == id;
        }
    }

    fn turn_a_receiver(&mut self) {
        let status = *self
            .rng
            .choice(&[200, 204, 500, 503, 302, NO_ANSWER, 410])
            .unwrap();
        // A receiver that is gone for good ends the histories of its subscriptions: seldom.
        let status = if status == 410 && self.rng.u8(..4) > 0 {
            200
        } else {
            status
        };
        self.rng
            .choice(&self.receivers)
            .unwrap()
            .answer_with(status);
    }

    /// Notes new events in the table, and what the receivers got.
    fn look(&mut self) {
        for event in self.workers.new_events() {
            let (id, kind) = (text_of(&event, "sk"), text_of(&event, "type"));
            let workspace = text_of(&event, "accountId");
            if kind == "suppuo.webhook_subscription.disabled.v1" {
                let data: Value = serde_json::from_str(&text_of(&event, "data")).unwrap();
                let disabled = text(&data, "id");
                let mut ours = self.subscriptions.iter_mut();
                ours.find(|one| one.id.as_str() == disabled).unwrap().active = false;
                self.note_off(&disabled);
            }
            for one in &self.subscriptions {
                let has_chosen = one.active && !one.is_gone && one.workspace == workspace;
                if has_chosen && matches(one.pattern, &kind) {
                    let pair = (one.id.to_string(), id.clone());
                    self.expected.insert(pair, Expected::default());
                }
            }
            assert!(self.known.insert(id), "an event is there once");
        }
        for receiver in &self.receivers {
            for request in receiver.take() {
                let delivery = request.header("suppuo-delivery-id").to_owned();
                let event = request.header("webhook-id").to_owned();
                let event_id = EventId::parse(&event).unwrap();
                let is_to = |id| DeliveryId::of(id, &event_id).as_str() == delivery;
                let one = self.subscriptions.iter().find(|one| is_to(&one.id));
                let one = one.expect("a delivery belongs to a subscription");
                assert!(request.is_signed_by(&[&one.secret]));
                let pair = (one.id.to_string(), event);
                assert!(self.expected.contains_key(&pair), "{pair:?} was not chosen");
                let attempt = request.header("suppuo-delivery-attempt").parse();
                assert!((1..=6).contains(&attempt.unwrap()));
                let received = self.received.entry(delivery);
                let (body, succeeded) = received.or_insert((request.body.clone(), false));
                assert_eq!(*body, request.body, "every attempt sends the same");
                *succeeded |= request.is_success;
            }
        }
    }

    /// Lets everything come to its end, with receivers that are well.
    async fn settle(&mut self) {
        for receiver in &self.receivers {
            receiver.answer_with(200);
        }
        for _ in 0..500 {
            self.workers.do_all_that_is_due().await;
            self.look();
            let Some(next) = self.workers.next_attempt() else {
                return;
            };
            // Messages are delayed by whole seconds; the sweeper sends a lost one again minutes later.
            let in_a_minute = self.workers.now() + MINUTE;
            self.workers.advance_to((next + 1000).max(in_a_minute));
            self.workers.tick().await;
        }
        panic!("deliveries are pending and none is made");
    }

    fn check(&self) {
        let deliveries = self.workers.deliveries();
        for ((subscription, event), expected) in &self.expected {
            let of = DeliveryId::of(
                &WebhookSubscriptionId::parse(subscription).unwrap(),
                &EventId::parse(event).unwrap(),
            );
            let received = self.received.get(of.as_str());
            let has_it = received.is_some_and(|(_, succeeded)| *succeeded);
            let Some(delivery) = deliveries.get(of.as_str()) else {
                // Whoever was deleted before the fan-out gets no delivery.
                assert!(expected.was_off, "no delivery of {event} to {subscription}");
                continue;
            };
            let (status, attempts) = (text_of(delivery, "deliveryStatus"), attempts(delivery));
            match &*status {
                "succeeded" => assert!(has_it, "{delivery}"),
                "failed" => assert!(attempts.len() == 6 || expected.was_off, "{delivery}"),
                _ => panic!("{delivery} is pending"),
            }
            let numbers: Vec<usize> = (1..=attempts.len()).collect();
            assert!(attempts == numbers && attempts.len() <= 6, "{delivery}");
        }
        for delivery in deliveries.keys() {
            let is_expected = self.expected.keys().any(|(subscription, event)| {
                let subscription = WebhookSubscriptionId::parse(subscription).unwrap();
                DeliveryId::of(&subscription, &EventId::parse(event).unwrap()).as_str() == delivery
            });
            assert!(is_expected, "{delivery} was not chosen");
        }
    }
}

fn matches(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => kind == pattern,
    }
}

fn text_of(item: &Value, name: &str) -> String {
    item[name]["S"].as_str().unwrap_or_default().to_owned()
}

/// The numbers of the attempts in the log.
fn attempts(delivery: &Value) -> Vec<usize> {
    let log = delivery["attemptLog"]["L"].as_array().unwrap().iter();
    let number = |entry: &Value| {
        entry["M"]["attemptNumber"]["N"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    };
    log.map(number).collect()
}

/// Plays a history. A failure names its seed.
async fn history(seed: u64) {
    eprintln!("webhooks: the history with the seed {seed}");
    let life = Life::new();
    let app = App::builder()
        .caller_limit(1_000_000)
        .faults(life.faults())
        .start()
        .await;
    let of_queue = life.clone();
    app.queue_refuses(move || of_queue.is_over());
    let mut receivers = Vec::new();
    for _ in 0..RECEIVERS {
        receivers.push(Receiver::start(200).await);
    }
    let mut tokens = BTreeMap::new();
    for workspace in WORKSPACES {
        // A key, because the clock moves past the end of any token.
        tokens.insert(workspace, app.new_key(workspace).await.1);
    }
    let mut world = World {
        workers: Workers::new(&app),
        app: &app,
        life,
        rng: Rng::with_seed(seed),
        tokens,
        receivers,
        subscriptions: Vec::new(),
        known: BTreeSet::new(),
        expected: BTreeMap::new(),
        received: BTreeMap::new(),
    };
    for _ in 0..STEPS {
        world.step().await;
    }
    world.settle().await;
    world.check();
    assert!(!world.received.is_empty());
}

#[tokio::test]
async fn every_event_reaches_everyone_who_had_chosen_it() {
    for seed in 0..3 {
        history(seed).await;
    }
}

#[tokio::test]
async fn and_so_it_does_in_other_histories() {
    for seed in 3..6 {
        history(seed).await;
    }
}
