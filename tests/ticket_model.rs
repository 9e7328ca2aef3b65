//! Random histories of tickets, checked against a simple model of a ticket.
//!
//! Over 400 lines: the calls, the model and its checks are one state machine, which is easiest to check in one place.
//!
//! As in `model.rs`, the calls of a round run at once on instances whose clocks differ (`history.rs` says by how much).
//! After the round, *some* order of the calls must explain every ticket and every response: the thread, the tags, and
//! all changes of the status. A call that failed may have taken effect or not; a refused call has not. Lists, counts
//! and tags must then agree with the tickets, and in the end so must the table.
//!
//! `faults.rs` runs the same histories over a failing network; `make soak` runs many more.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    app::{Builder, Call, resources, resources::text},
    history::{INSTANCES, Model, Network, World, history},
};

const ROUNDS: usize = 25;
/// Fewer rounds over a failing network, where a call takes several attempts.
const ROUNDS_WITH_FAULTS: usize = 16;
const WORKSPACES: [&str; 2] = ["acc_a", "acc_b"];
const STATUSES: [&str; 4] = ["open", "pending", "resolved", "closed"];
const TAGS: [&str; 4] = ["billing", "late", "vip", "wrong"];

const TICKETS: &str = "/api/v1/tickets";
const ALL_TAGS: &str = "/api/v1/tickets/tags";
const PUBLIC: &str = "/api/v1/public/tickets";

const CREATED: &str = "suppuo.ticket.created.v1";
const REPLIED: &str = "suppuo.ticket.replied.v1";
const STATUS_CHANGED: &str = "suppuo.ticket.status_changed.v1";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Author {
    Requester,
    Agent,
    /// An agent, with an internal note.
    Note,
}

/// A message. Its text is unique in the history.
#[derive(Clone, Debug, PartialEq)]
struct Message(Author, String);

/// What a call does to a ticket.
#[derive(Debug)]
enum Deed {
    Show,
    Write(Message),
    Move(&'static str),
    Tag(Vec<&'static str>),
}

/// A call on a ticket and its response; `None` if it failed, and so may have taken effect or not.
type Performed<'a> = (&'a Deed, Option<&'a Value>);

/// The state of a ticket, with the history of its status.
#[derive(Clone, Debug, PartialEq)]
struct TicketState {
    messages: Vec<Message>,
    tags: Vec<String>,
    status: String,
    /// Each change of the status: from and to.
    moves: Vec<[String; 2]>,
}

impl TicketState {
    /// The state of a new ticket.
    fn new(body: &str) -> Self {
        Self {
            messages: vec![Message(Author::Requester, body.to_owned())],
            tags: Vec::new(),
            status: "open".to_owned(),
            moves: Vec::new(),
        }
    }

    /// The state after a call (Tickets in openapi.yaml).
    fn after(&self, deed: &Deed) -> Self {
        let mut after = self.clone();
        let status = match deed {
            Deed::Show => &self.status,
            Deed::Write(message) => {
                after.messages.push(message.clone());
                match (message.0, self.status.as_str()) {
                    (Author::Requester, _) => "open",
                    (Author::Agent, "open") => "pending",
                    (_, status) => status,
                }
            }
            Deed::Move(status) => status,
            Deed::Tag(tags) => {
                after.tags = tags.iter().map(ToString::to_string).collect();
                &self.status
            }
        };
        if self.status != status {
            after.moves.push([self.status.clone(), status.to_owned()]);
        }
        status.clone_into(&mut after.status);
        after
    }

    /// Whether a ticket in this state may give this response, as far as the response shows it. The check assumes that a
    /// thread is a snapshot. The embedded table guarantees that; the real service might show half a transaction.
    fn gives(&self, answer: &Value) -> bool {
        answer["status"] == self.status
            && (answer["tags"].is_null() || answer["tags"] == json!(self.tags))
            && (answer["messages"].is_null() || messages(answer) == self.messages)
    }

    /// Whether some order of these calls leads to `end`.
    fn leads_to(&self, end: &Self, deeds: &[Performed<'_>]) -> bool {
        if self == end && deeds.iter().all(|(_, answer)| answer.is_none()) {
            return true;
        }
        (0..deeds.len()).any(|first| {
            let mut rest = deeds.to_vec();
            let (deed, answer) = rest.remove(first);
            let after = self.after(deed);
            end.messages.starts_with(&after.messages)
                && answer.is_none_or(|answer| after.gives(answer))
                && after.leads_to(end, &rest)
        })
    }
}

#[derive(Debug)]
struct Ticket {
    workspace: &'static str,
    id: String,
    number: usize,
    token: String,
    course: TicketState,
}

#[derive(Debug)]
struct Creation {
    workspace: &'static str,
    channel: &'static str,
    /// The subject, which is also the text of the first message.
    subject: String,
}

#[derive(Debug)]
enum Op {
    Create(Creation),
    Do(usize, Deed),
    /// Tries to change a ticket with the credential of the other workspace.
    Attempt(usize, Deed),
    /// Reads a list of a workspace.
    Read(&'static str, &'static str),
}

struct History<'a> {
    world: &'a mut World,
    tickets: Vec<Ticket>,
    /// The number of texts so far.
    texts: usize,
}

/// The settings that the model assumes: practically no limits.
pub fn settings(builder: Builder) -> Builder {
    builder
        .setting("CALLER_LIMIT", 1_000_000)
        .setting("PUBLIC_LIMIT", 1_000_000)
        .setting("SUBMISSIONS_IN_10_MINUTES", 1_000_000)
        .setting("SUBMISSIONS_IN_AN_HOUR", 1_000_000)
}

/// Runs one history, and then checks the table.
pub async fn play(world: &mut World) {
    let rounds = if world.faults {
        ROUNDS_WITH_FAULTS
    } else {
        ROUNDS
    };
    let mut history = History {
        world,
        tickets: Vec::new(),
        texts: 0,
    };
    // The public form takes tickets only for a known workspace: one with a call or a sign-in.
    for workspace in WORKSPACES {
        history.check_lists(workspace).await;
    }
    for _ in 0..rounds {
        history.round().await;
    }
    for workspace in WORKSPACES {
        history.check_lists(workspace).await;
    }
    let items = history.world.app.items();
    let all = (0..history.tickets.len()).map(|ticket| (ticket, vec![]));
    history.check_threads(&items, &all.collect()).await;
    history.check_table(&items);
}

impl History<'_> {
    async fn round(&mut self) {
        self.world.step_clocks();
        let ops: Vec<_> = (0..self.world.rng.usize(1..7))
            .map(|_| (self.op(), self.world.rng.usize(..INSTANCES)))
            .collect();
        let calls = ops.iter();
        let calls = calls.map(|(op, instance)| self.world.send(self.call(op).on(*instance)));
        let answers = join_all(calls).await;
        for ((op, instance), answer) in ops.iter().zip(&answers) {
            let status = answer.status;
            self.world.note(format!("{op:?} on {instance}: {status}"));
        }

        let mut created = Vec::new();
        let mut done = BTreeMap::<_, Vec<_>>::new();
        for ((op, _), answer) in ops.iter().zip(&answers) {
            let in_the_way = matches!(answer.status, 409 | 500);
            assert!(self.world.may_fail() || !in_the_way, "{op:?}: {answer:?}");
            let data = (answer.status != 500).then(|| answer.data());
            match (op, answer.status) {
                (Op::Create(creation), 201 | 500) => created.push((creation, data)),
                (Op::Do(ticket, deed), 200 | 201 | 500) => {
                    done.entry(*ticket).or_default().push((deed, data));
                }
                (Op::Do(ticket, _), 409) | (Op::Attempt(ticket, _), 404 | 500) => {
                    done.entry(*ticket).or_default();
                }
                (Op::Read(workspace, _), 200) => {
                    let told = answer.data().to_string();
                    assert!(!told.contains(other(workspace)), "{told}");
                }
                (Op::Create(_), 409) | (Op::Read(..), 500) => {}
                _ => panic!("{op:?}: {answer:?}"),
            }
        }
        let items = self.world.app.items();
        self.find(&items, created);
        self.check_threads(&items, &done).await;
        let workspace = self.world.rng.choice(WORKSPACES).unwrap();
        self.check_lists(workspace).await;
    }

    fn op(&mut self) -> Op {
        let workspace = self.world.rng.choice(WORKSPACES).unwrap();
        let kind = self.world.rng.u8(..40);
        if self.tickets.is_empty() || kind < 6 {
            return Op::Create(Creation {
                workspace,
                channel: self.world.rng.choice(["web", "whatsapp"]).unwrap(),
                subject: self.text(),
            });
        }
        // One of the newest few, so that calls run on the same one at once.
        let ticket = self.tickets.len() - 1 - self.world.rng.usize(..self.tickets.len().min(3));
        match kind {
            6..=34 => Op::Do(ticket, self.deed()),
            35..=37 => Op::Attempt(ticket, self.deed()),
            38 => Op::Read(workspace, TICKETS),
            _ => Op::Read(workspace, ALL_TAGS),
        }
    }

    fn deed(&mut self) -> Deed {
        let author = match self.world.rng.u8(..12) {
            0..=1 => Author::Requester,
            2..=3 => Author::Agent,
            4 => Author::Note,
            5..=7 => return Deed::Move(self.world.rng.choice(STATUSES).unwrap()),
            8..=10 => {
                let tags = self.world.rng.choose_multiple(TAGS, 2);
                return Deed::Tag(tags[self.world.rng.usize(..3)..].to_vec());
            }
            _ => return Deed::Show,
        };
        Deed::Write(Message(author, self.text()))
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        format!("text {}", self.texts)
    }

    fn call(&self, op: &Op) -> Call<'_> {
        match op {
            Op::Create(creation) => self.create(creation),
            Op::Do(ticket, Deed::Write(Message(Author::Requester, body))) => {
                let path = format!("{PUBLIC}/{}/messages", self.tickets[*ticket].token);
                let call = self.world.app.call("POST", &path).from("198.51.100.2");
                call.json(&json!({ "body": body }))
            }
            Op::Do(ticket, deed) => {
                let ticket = &self.tickets[*ticket];
                self.visit(ticket, deed, ticket.workspace)
            }
            Op::Attempt(ticket, deed) => {
                let ticket = &self.tickets[*ticket];
                self.visit(ticket, deed, other(ticket.workspace))
            }
            Op::Read(workspace, path) => self.agent(workspace, "GET", path),
        }
    }

    fn create(&self, creation: &Creation) -> Call<'_> {
        let mut ticket = resources::ticket(&creation.subject);
        ticket["body"] = json!(creation.subject);
        if creation.channel == "whatsapp" {
            let call = self.agent(creation.workspace, "POST", TICKETS);
            return call.json(&ticket);
        }
        ticket["accountId"] = json!(creation.workspace);
        ticket["email"] = ticket["requesterEmail"].take();
        let call = self.world.app.call("POST", PUBLIC).from("198.51.100.1");
        call.json(&ticket)
    }

    /// The call with which an agent of this workspace does this to a ticket.
    fn visit(&self, ticket: &Ticket, deed: &Deed, workspace: &str) -> Call<'_> {
        let path = format!("{TICKETS}/{}", ticket.id);
        let (method, path, body) = match deed {
            Deed::Show => return self.agent(workspace, "GET", &path),
            Deed::Move(status) => ("PATCH", path, json!({ "status": status })),
            Deed::Tag(tags) => ("PATCH", path, json!({ "tags": tags })),
            Deed::Write(Message(author, body)) => {
                let message = json!({ "body": body, "isInternal": *author == Author::Note });
                ("POST", path + "/messages", message)
            }
        };
        self.agent(workspace, method, &path).json(&body)
    }

    fn agent(&self, workspace: &str, method: &str, path: &str) -> Call<'_> {
        let token = self.world.token("usr_1", workspace);
        self.world.app.call(method, path).bearer(&token)
    }

    /// Reads between rounds, and retries until the table answers.
    async fn read(&self, workspace: &str, path: &str, query: &str) -> Value {
        for _ in 0..50 {
            let call = self.agent(workspace, "GET", path).query(query);
            let answer = self.world.send(call).await;
            if answer.status == 200 {
                return answer.data().clone();
            }
            assert!(self.world.may_fail() && answer.status == 500, "{answer:?}");
        }
        panic!("the table never answers");
    }

    async fn thread(&self, ticket: usize) -> Value {
        let Ticket { workspace, id, .. } = &self.tickets[ticket];
        let path = format!("{TICKETS}/{id}");
        self.read(workspace, &path, "").await
    }

    /// Adds the tickets that were created, and those that a failed call created all the same.
    fn find(&mut self, items: &[Value], mut created: Vec<(&Creation, Option<&Value>)>) {
        for item in items.iter().filter(|item| field(item, "sk") == "TICKET") {
            let (_, id) = field(item, "pk").rsplit_once('#').unwrap();
            if self.tickets.iter().any(|ticket| ticket.id == id) {
                continue;
            }
            let made = |(made, _): &(&Creation, _)| made.subject == field(item, "subject");
            let made = created.iter().position(made);
            let (made, answer) = created.remove(made.expect("somebody created it"));
            assert_eq!(field(item, "channel"), made.channel);
            let ticket = Ticket {
                workspace: made.workspace,
                id: id.to_owned(),
                number: field(item, "number").parse().unwrap(),
                token: field(item, "accessToken").to_owned(),
                course: TicketState::new(&made.subject),
            };
            if let Some(answer) = answer {
                assert_eq!(answer["number"], ticket.number);
                assert_eq!(answer["accessToken"], ticket.token);
            }
            self.tickets.push(ticket);
        }
        let lost = created.iter().all(|(_, answer)| answer.is_none());
        assert!(lost, "created, and not there: {created:?}");
    }

    /// Reads these tickets and checks them against the calls since they were last read.
    async fn check_threads(&mut self, items: &[Value], done: &BTreeMap<usize, Vec<Performed<'_>>>) {
        let threads = join_all(done.keys().map(|&ticket| self.thread(ticket))).await;
        for ((&ticket, deeds), thread) in done.iter().zip(&threads) {
            let ticket = &mut self.tickets[ticket];
            let end = TicketState {
                messages: messages(thread),
                tags: serde_json::from_value(thread["tags"].clone()).unwrap(),
                status: text(thread, "status"),
                moves: moves(items, &ticket.id),
            };
            let explained = ticket.course.leads_to(&end, deeds);
            assert!(explained, "{ticket:#?}\n{deeds:#?}\n{end:#?}");
            ticket.course = end;
            let times = array(thread, "messages").iter();
            let times: Vec<_> = times.map(|message| text(message, "createdAt")).collect();
            assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
            assert_eq!(times.last(), Some(&text(thread, "lastMessageAt")));
        }
    }

    /// Checks between rounds that the lists of a workspace agree with its threads.
    async fn check_lists(&mut self, workspace: &str) {
        let limit = self.world.rng.usize(2..7);
        let statuses = ["all", "all", "open", "pending", "resolved", "closed"];
        let only = self.world.rng.choice(statuses).unwrap();
        let (counts, tags) = self.tally(workspace);
        let shown = self.read(workspace, ALL_TAGS, "").await;
        assert_eq!(shown["tags"], json!(tags.keys().collect::<Vec<_>>()));

        let mut listed = Vec::new();
        let mut query = format!("limit={limit}&status={only}");
        loop {
            let page = self.read(workspace, TICKETS, &query).await;
            assert_eq!(page["counts"], json!(counts));
            let (tickets, cursor) = (array(&page, "tickets"), page["cursor"].as_str());
            assert!(tickets.len() <= limit && page["hasMore"] == cursor.is_some());
            listed.extend_from_slice(tickets);
            let Some(cursor) = cursor else { break };
            query = format!("limit={limit}&cursor={cursor}");
        }
        let latest = |ticket: &Value| Reverse(text(ticket, "lastMessageAt"));
        assert!(listed.is_sorted_by_key(latest), "{listed:#?}");
        let known = self
            .of(workspace)
            .filter(|t| only == "all" || t.course.status == only);
        let mut known: Vec<_> = known.map(|ticket| ticket.id.clone()).collect();
        let mut listed: Vec<_> = listed.iter().map(|ticket| text(ticket, "id")).collect();
        known.sort();
        listed.sort();
        assert_eq!(listed, known);
    }

    fn of(&self, workspace: &str) -> impl Iterator<Item = &Ticket> {
        let tickets = self.tickets.iter();
        tickets.filter(move |ticket| ticket.workspace == workspace)
    }

    /// The number of a workspace's tickets by status, and by tag.
    fn tally(&self, workspace: &str) -> (BTreeMap<&str, usize>, BTreeMap<&str, usize>) {
        let mut statuses = BTreeMap::from(STATUSES.map(|status| (status, 0)));
        let mut tags = BTreeMap::new();
        for Ticket { course, .. } in self.of(workspace) {
            *statuses.entry(&course.status).or_default() += 1;
            for tag in &course.tags {
                *tags.entry(tag.as_str()).or_default() += 1;
            }
        }
        (statuses, tags)
    }

    fn check_table(&self, items: &[Value]) {
        let items: Vec<_> = items.iter().map(|item| (item.to_string(), item)).collect();
        let about = |what: &str| {
            let about = items.iter().filter(|(text, _)| text.contains(what));
            about.map(|(_, item)| *item).collect::<Vec<_>>()
        };
        let of_tickets = self.tickets.iter().map(|ticket| {
            let items = about(&ticket.id);
            check_items(ticket, &items);
            items.len()
        });
        assert_eq!(of_tickets.sum::<usize>(), about("tkt_").len());
        for workspace in WORKSPACES {
            self.check_counters(workspace, &about(&format!("\"ACC#{workspace}\"")));
        }
    }

    /// Checks the counts in the workspace's item and in the items of its tags.
    fn check_counters(&self, workspace: &str, items: &[&Value]) {
        let (statuses, tags) = self.tally(workspace);
        let numbers = self.of(workspace).map(|ticket| ticket.number);
        let numbers: BTreeSet<_> = numbers.collect();
        let tickets = statuses.values().sum();
        assert!(numbers.into_iter().eq(1..=tickets), "a gap, or one twice");

        let count = |item: &Value, name: &str| field(item, name).parse().unwrap_or(0);
        let mut counted = BTreeMap::new();
        for item in items {
            if let Some(tag) = field(item, "sk").strip_prefix("TAG#") {
                counted.insert(tag, count(item, "tickets"));
                continue;
            }
            let of_status = |status| (status, count(item, &format!("{status}Tickets")));
            assert_eq!(BTreeMap::from(STATUSES.map(of_status)), statuses);
            assert_eq!(count(item, "tickets"), tickets);
        }
        assert_eq!(counted, tags);
    }
}

/// Checks that every item of a ticket belongs to its workspace, and that there is exactly one for each thing that
/// happened.
fn check_items(ticket: &Ticket, items: &[&Value]) {
    let (workspace, course) = (ticket.workspace, &ticket.course);
    let hash = base16ct::lower::encode_string(&Sha256::digest(&ticket.token));
    let token = format!("TICKETTOKEN#{hash}");
    let own = format!("ACC#{workspace}#{}", ticket.id);
    let events = format!("ACC#{workspace}#EVENTS");
    let replies = course.messages.len() - 1;
    let mut expected = BTreeMap::from([
        ((token.as_str(), "TICKETTOKEN"), 1),
        ((own.as_str(), "TICKET"), 1),
        ((own.as_str(), "MSG"), 1 + replies),
        ((events.as_str(), CREATED), 1),
        ((events.as_str(), REPLIED), replies),
        ((events.as_str(), STATUS_CHANGED), course.moves.len()),
    ]);
    expected.retain(|_, count| *count > 0);

    let mut found = BTreeMap::new();
    let (mut written, mut told) = (Vec::new(), Vec::new());
    for item in items {
        let (sort, event) = (field(item, "sk"), field(item, "type"));
        let kind = if event.is_empty() { sort } else { event };
        let kind = kind.split('#').next().unwrap();
        *found.entry((field(item, "pk"), kind)).or_default() += 1;
        match kind {
            "MSG" => written.push(sort.trim_start_matches("MSG#")),
            _ => assert_eq!(field(item, "accountId"), workspace),
        }
        if kind == REPLIED {
            told.push((sort, text(&data(item), "messageId")));
        }
    }
    assert_eq!(found, expected);
    // The ticket's own event reports the first message; the other messages have an event each, in their order.
    written.sort_unstable();
    told.sort_unstable();
    assert!(told.iter().map(|(_, id)| id).eq(&written[1..]), "{told:?}");
}

/// The status changes in the events of a ticket, in the order of their ids.
fn moves(items: &[Value], id: &str) -> Vec<[String; 2]> {
    let of_kind = |item: &&Value| field(item, "type") == STATUS_CHANGED;
    let mut events: Vec<_> = items.iter().filter(of_kind).collect();
    events.sort_by_key(|item| field(item, "sk"));
    let events = events.into_iter().map(data);
    let events = events.filter(|event| text(event, "ticketId") == id);
    let ends = |event: Value| ["from", "to"].map(|end| text(&event, end));
    events.map(ends).collect()
}

fn messages(thread: &Value) -> Vec<Message> {
    let message = |message: &Value| {
        let author = match (&*text(message, "authorType"), &message["isInternal"]) {
            ("requester", Value::Bool(false)) => Author::Requester,
            ("agent", Value::Bool(false)) => Author::Agent,
            ("agent", Value::Bool(true)) => Author::Note,
            _ => panic!("{message}"),
        };
        Message(author, text(message, "body"))
    };
    array(thread, "messages").iter().map(message).collect()
}

fn array<'a>(data: &'a Value, name: &str) -> &'a [Value] {
    data[name].as_array().unwrap()
}

/// The text or the number of an item's attribute.
/// The data of an event.
fn data(item: &Value) -> Value {
    serde_json::from_str(field(item, "data")).unwrap()
}

fn field<'a>(item: &'a Value, name: &str) -> &'a str {
    let value = &item[name];
    let text = value["S"].as_str().or(value["N"].as_str());
    text.unwrap_or_default()
}

fn other(workspace: &str) -> &'static str {
    let other = WORKSPACES.into_iter().find(|name| *name != workspace);
    other.unwrap()
}

#[tokio::test]
async fn random_histories_of_tickets_keep_to_the_model() {
    join_all((1..7).map(|seed| history(Model::Tickets, &Network::SOUND, seed))).await;
}
